"""The schedule, and an optimizer that continues where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch

from engine.training.optimizer import (
    BETAS,
    EPSILON,
    AdamW,
    learning_rate_at,
    optimizer_tensors,
    restore_optimizer,
    set_learning_rate,
)


def test_linear_decay_starts_at_the_peak_and_would_reach_zero_after_the_last_step() -> None:
    assert [learning_rate_at(step, 4, 1.0, 0.0) for step in range(5)] == [1.0, 0.75, 0.5, 0.25, 0.0]


def test_warm_up_rises_from_zero_to_the_peak() -> None:
    assert [learning_rate_at(step, 8, 1.0, 0.5) for step in range(8)] == [0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25]


def test_the_end_of_warm_up_is_continuous() -> None:
    """The PALs code falls from 1 to 0.9 of the peak there."""
    rates = [learning_rate_at(step, 1000, 1.0, 0.1) for step in range(1001)]
    assert (rates[99], rates[100], rates[550], rates[1000]) == (0.99, 1.0, 0.5, 0.0)
    assert max(abs(after - before) for before, after in pairwise(rates)) <= 0.0101


@pytest.mark.parametrize("stop", [1, 3])
def test_a_restored_optimizer_makes_the_same_updates(stop: int) -> None:
    torch.manual_seed(0)
    gradients = [torch.randn(5) for _ in range(6)]

    def train(parameter: torch.nn.Parameter, optimizer: AdamW, steps: range) -> None:
        for step in steps:
            parameter.grad = gradients[step].clone()
            set_learning_rate(optimizer, learning_rate_at(step, 6, 0.1, 0.0))
            optimizer.step()

    straight = torch.nn.Parameter(torch.ones(5))
    train(straight, AdamW([{"params": [straight]}], 0.1), range(6))

    first = torch.nn.Parameter(torch.ones(5))
    before = AdamW([{"params": [first]}], 0.1)
    train(first, before, range(stop))
    second = torch.nn.Parameter(first.detach().clone())
    after = AdamW([{"params": [second]}], 0.1)
    restore_optimizer(after, {name: tensor.clone() for name, tensor in optimizer_tensors(before).items()})
    train(second, after, range(stop, 6))
    assert torch.equal(second, straight)


def test_updates_are_those_of_the_library_bit_for_bit() -> None:
    """With groups of their own rate and decay, and parameters that have no gradient in some steps or in none."""
    torch.manual_seed(0)
    shapes = [(7, 3), (5,), (2, 2), (4,)]
    gradients = [[None if index == 3 or (step + index) % 3 == 0 else torch.randn(shape) for index, shape in enumerate(shapes)]
                 for step in range(9)]  # fmt: skip
    start = [torch.randn(shape) for shape in shapes]

    def trained(kind: Callable[[list[dict[str, Any]]], Any]) -> list[torch.Tensor]:
        parameters = [torch.nn.Parameter(values.clone()) for values in start]
        groups = [
            {"params": parameters[:2], "weight_decay": 0.1, "scale": 1.0},
            {"params": parameters[2:], "weight_decay": 0.0, "scale": 0.5},
        ]
        optimizer = kind(groups)
        for step, of_step in enumerate(gradients):
            for parameter, gradient in zip(parameters, of_step, strict=True):
                parameter.grad = None if gradient is None else gradient.clone()
            set_learning_rate(optimizer, learning_rate_at(step, 9, 0.1, 0.3))
            optimizer.step()
            optimizer.zero_grad()
            assert all(parameter.grad is None for parameter in parameters)
        moments = [value for parameter in parameters for _, value in sorted(optimizer.state.get(parameter, {}).items())]
        return [*parameters, *moments]

    ours = trained(lambda groups: AdamW(groups, 0.1))
    theirs = trained(lambda groups: torch.optim.AdamW(groups, lr=0.1, betas=BETAS, eps=EPSILON, fused=True))
    assert len(ours) == len(theirs) == 4 + 3 * 3
    assert all(torch.equal(left, right) for left, right in zip(ours, theirs, strict=True))
