"""The head of a task and its loss."""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.catalog.task import TaskInfo
from engine.encoder.encoder import Encoder

INITIAL_STD = 0.02
"""Standard deviation of every freshly made weight matrix, as in BERT."""


def fresh_linear(inputs: int, outputs: int, bias: bool = True) -> nn.Linear:
    """A linear map with weights ~ N(0, 0.02^2) and bias 0."""
    linear = nn.Linear(inputs, outputs, bias=bias)
    nn.init.normal_(linear.weight, std=INITIAL_STD)
    if bias:
        nn.init.zeros_(linear.bias)
    return linear


class Head(nn.Module):
    """``out_proj( Drop( tanh( dense( Drop(c) ) ) ) )`` on the first token's last hidden state ``c``, for every kind of task.

    Args:
        hidden_size: of ``c``.
        dropout: rate of both ``Drop``.
        pooler: an encoder's ``d -> d`` map, shared by all tasks, in place of ``dense( Drop(c) )``.
    """

    def __init__(self, task: TaskInfo, hidden_size: int, dropout: float, pooler: nn.Linear | None = None) -> None:
        super().__init__()
        self.kind = task.kind
        self.options = len(task.labels) if task.kind == "multiple_choice" else 1
        self.dense = fresh_linear(hidden_size, hidden_size) if pooler is None else None
        self.out_proj = fresh_linear(hidden_size, task.outputs)
        self.dropout = nn.Dropout(dropout)
        # In a tuple, so that it is not registered as a submodule: the encoder saves and counts it.
        self._pooler = (pooler,)

    def forward(self, first: Tensor) -> Tensor:
        """``[sequences, d] -> [examples, outputs]``; for a multiple choice (options are neighbours) ``[examples, options]``."""
        # In the weights' own precision: bfloat16's three digits would tie ReCoRD's candidates and round predicted scores.
        with torch.autocast(first.device.type, enabled=False):
            first = first.to(self.out_proj.weight.dtype)
            (pooler,) = self._pooler
            inner = self.dense(self.dropout(first)) if self.dense is not None else cast(nn.Linear, pooler)(first)
            logits = self.out_proj(self.dropout(torch.tanh(inner)))
        return logits.view(-1, self.options) if self.kind == "multiple_choice" else logits


def own_head(task: TaskInfo, encoder: Encoder) -> Head:
    """A head with a dense layer of its own."""
    return Head(task, encoder.config.hidden_size, encoder.config.head_dropout)


def head_on_pooler(task: TaskInfo, encoder: Encoder) -> Head:
    """A linear map on the encoder's pooler, which all tasks share (Stickland & Murray 2019); the encoder must have one."""
    return Head(task, encoder.config.hidden_size, encoder.config.head_dropout, pooler=encoder.pooler)


def loss(kind: str, logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over the batch.

    Cross entropy over classes or options (labels int64 ``[examples]``), squared error (float ``[examples]``), or binary cross
    entropy averaged over labels too (float ``[examples, labels]``).
    """
    if kind == "regression":
        return F.mse_loss(logits.squeeze(-1), labels.to(logits.dtype))
    if kind == "multilabel":
        return F.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype))
    return F.cross_entropy(logits, labels)
