"""Trained parameters folded into frozen ones once per step instead of once per token."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Folding(nn.Module):
    """A module whose trained parameters are folded into other tensors: once per training step, once per evaluation."""

    def __init__(self) -> None:
        super().__init__()
        self._cache: tuple[object, tuple[Tensor, ...]] | None = None

    def fold(self, *key: Any) -> tuple[Tensor, ...]:
        """The folded tensors, as functions of the parameters and, in training, of a fresh dropout mask; ``key`` names a
        task where parameters differ between tasks."""
        raise NotImplementedError

    def folded(self, *key: Any) -> tuple[Tensor, ...]:
        """``fold(*key)``, cached from one batch to the next while nothing can have changed it and no gradient is needed."""
        if self.training or torch.is_grad_enabled():
            # An update may follow that does not change a parameter's version, as a fused optimiser's does not.
            self._cache = None
            return self._exact_fold(*key)
        version = (key, tuple((parameter.data_ptr(), parameter._version) for parameter in self.parameters()))
        if self._cache is None or self._cache[0] != version:
            self._cache = (version, self._exact_fold(*key))
        return self._cache[1]

    def _exact_fold(self, *key: Any) -> tuple[Tensor, ...]:
        # In the parameters' own precision: it is done once, and the cached result must not depend on the first caller.
        with torch.autocast(next(self.parameters()).device.type, enabled=False):
            return self.fold(*key)

    def train(self, mode: bool = True) -> Folding:
        self._cache = None
        super().train(mode)
        return self
