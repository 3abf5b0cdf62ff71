"""Compacter++ (Karimi Mahabadi et al. 2021): the single-task adapter with maps that are sums of Kronecker products.

At ``adapter.py``'s site and in its notation, with ``h`` as a row:

    A(h) = up( gelu( down(h) ) ),   phm(z) = z H + b,   H = sum_k kron( R_k, left_k right_k )

The ``n`` small matrices ``R_k`` are one tensor for both maps of all layers; the factors of rank 1 belong to a map.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.catalog.task import TaskInfo
from engine.encoder.encoder import Encoder
from engine.encoder.sites import bottlenecks
from engine.errors import UserError
from engine.methods.adapter import bottleneck_width
from engine.methods.folding import Folding
from engine.methods.model import Model, SourceAdapter, frozen

RULE_STD = 1e-4


class PHMLinear(nn.Module):
    """``inputs -> outputs``. ``rule`` ``[n, n, n]``, factors ``[n, inputs/n, 1]`` and ``[n, 1, outputs/n]``, bias 0.

    The factors are Xavier-normal, as the released code's are (its setting says uniform, but is ignored).
    """

    def __init__(self, inputs: int, outputs: int, rule: nn.Parameter) -> None:
        super().__init__()
        n = len(rule)
        self.rule = rule
        self.left = nn.Parameter(torch.stack([nn.init.xavier_normal_(torch.empty(inputs // n, 1)) for _ in range(n)]))
        self.right = nn.Parameter(torch.stack([nn.init.xavier_normal_(torch.empty(1, outputs // n)) for _ in range(n)]))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def weight(self) -> Tensor:
        """``H``, ``[inputs, outputs]``."""
        products = torch.einsum("kac,kbd->abcd", self.rule, self.left @ self.right)
        return products.flatten(2, 3).flatten(0, 1)


class CompactBottleneck(Folding):
    """One layer; the two maps are computed from their factors once per step."""

    def __init__(self, hidden_size: int, width: int, rule: nn.Parameter) -> None:
        super().__init__()
        self.down = PHMLinear(hidden_size, width, rule)
        self.up = PHMLinear(width, hidden_size, rule)

    def fold(self) -> tuple[Tensor, Tensor]:
        return self.down.weight(), self.up.weight()

    def forward(self, h: Tensor) -> Tensor:
        """``[rows, d] -> [rows, d]``."""
        down, up = self.folded()
        inner = F.gelu(torch.addmm(self.down.bias, h, down))
        return torch.addmm(self.up.bias, inner, up)


class Compacter(nn.Module):
    """Saved as ``rule`` and ``layer.{i}.{down,up}.{left,right,bias}``."""

    def __init__(self, encoder: Encoder, width: int, n: int) -> None:
        super().__init__()
        self.rule = nn.Parameter(torch.empty(n, n, n).normal_(std=RULE_STD))
        self.layer = nn.ModuleList(CompactBottleneck(encoder.config.hidden_size, width, self.rule) for _ in encoder.layers)


def attach(
    encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], *, reduction: int, phm_dim: int
) -> Model:
    """``phm_dim`` is the ``n`` above. Raises UserError when it does not divide both sizes."""
    width, hidden_size = bottleneck_width(encoder, reduction), encoder.config.hidden_size
    if hidden_size % phm_dim or width % phm_dim:
        raise UserError(
            f"phm_dim {phm_dim} must divide the hidden size {hidden_size} and the bottleneck {width}; change reduction"
        )
    adapter = Compacter(frozen(encoder), width, phm_dim)
    return Model(encoder, tasks, {"adapter": adapter}, bottlenecks(adapter.layer))
