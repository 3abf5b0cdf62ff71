"""Trained parameters folded into frozen ones once per step, and not once per token."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Folding(nn.Module):
    """A module whose trained parameters are folded into other tensors: once per training step, once per evaluation."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: tuple[object, tuple[Tensor, ...]] | None = None

    def fold(self, *of: Any) -> tuple[Tensor, ...]:
        """The folded tensors, as functions of the parameters and, in training, of a fresh dropout mask; ``of`` names a task
        where parameters differ between tasks."""
        raise NotImplementedError

    def folded(self, *of: Any) -> tuple[Tensor, ...]:
        """``fold(*of)``, kept from one batch to the next while nothing can have changed it and no gradient is asked for."""
        if self.training or torch.is_grad_enabled():
            # What may be followed by an update that leaves no mark on a parameter's version, as a fused optimiser's does.
            self._kept = None
            return self._exact_fold(*of)
        version = (of, tuple((parameter.data_ptr(), parameter._version) for parameter in self.parameters()))
        if self._kept is None or self._kept[0] != version:
            self._kept = (version, self._exact_fold(*of))
        return self._kept[1]

    def _exact_fold(self, *of: Any) -> tuple[Tensor, ...]:
        # In the parameters' own precision: it is done once, and what is kept must not depend on who asked first.
        with torch.autocast(next(self.parameters()).device.type, enabled=False):
            return self.fold(*of)

    def train(self, mode: bool = True) -> Folding:
        self._kept = None
        super().train(mode)
        return self
