"""Attention on the GPU against its formula in float64, at widths around kernels' tiles and at heads of any size."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.encoder.attention import GPU_HEAD_MULTIPLE, attention
from tests.gpu.card import CARD

WIDTHS = (1, 63, 64, 65, 127, 128, 129, 192)
SIZES = (17, 26, 34, 64)
SEQUENCES, HEADS = 5, 3
TOLERANCE = {torch.float32: 2e-4, torch.bfloat16: 2e-2}
"""Of ``max|a - b| / max(1, max|b|)``."""
SLOW = ("cudnn", "attention_math")
"""In the names of operations that attention must not use on a GPU."""


def formula(query: Tensor, key: Tensor, value: Tensor, real: Tensor) -> Tensor:
    scores = query @ key.transpose(2, 3) / query.shape[-1] ** 0.5
    return scores.masked_fill(~real, float("-inf")).softmax(-1) @ value


def inputs(width: int, size: int, queries: int) -> tuple[list[Tensor], Tensor, Tensor]:
    """Query, key and value in float64, which keys are real, and the gradient of the output."""
    torch.manual_seed(width * size)
    lengths = torch.linspace(1, width, SEQUENCES).long()
    shapes = ((queries, size), (width, size), (width, size), (queries, size))
    *parts, gradient = (torch.randn(SEQUENCES, HEADS, *shape, dtype=torch.float64) for shape in shapes)
    return parts, (torch.arange(width) < lengths[:, None])[:, None, None], gradient


def deviation(actual: Tensor, expected: Tensor) -> float:
    return ((actual.cpu().double() - expected).abs().max() / expected.abs().max().clamp_min(1.0)).item()


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("first_only", [False, True], ids=["all-tokens", "first-token"])
def test_outputs_and_gradients(first_only: bool, size: int, dtype: torch.dtype) -> None:
    for width in WIDTHS:
        parts, real, gradient = inputs(width, size, 1 if first_only else width)
        # What the card is given, so that rounding the inputs is no deviation.
        exact = [part.to(dtype).double().requires_grad_() for part in parts]
        given = [part.detach().to(CARD, dtype).requires_grad_() for part in exact]
        for mask in (real, None):
            expected = formula(*exact, real if mask is not None else torch.ones_like(real))
            actual = attention(*given, None if mask is None else mask.to(CARD), 0.0, GPU_HEAD_MULTIPLE)
            pairs = [(actual, expected)]
            of_card = torch.autograd.grad(actual, given, gradient.to(CARD, dtype))
            pairs += zip(of_card, torch.autograd.grad(expected, exact, gradient.to(dtype).double()), strict=True)
            deviations = [deviation(left.detach(), right.detach()) for left, right in pairs]
            assert max(deviations) <= TOLERANCE[dtype], (width, mask is not None, deviations)


@pytest.mark.parametrize("masked", [True, False], ids=["ragged", "of-one-length"])
@pytest.mark.parametrize("size", SIZES)
def test_no_slow_kernel_is_used(size: int, masked: bool) -> None:
    parts, real, gradient = inputs(65, size, 65)
    given = [part.to(CARD, torch.bfloat16).requires_grad_() for part in parts]
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        mixed = attention(*given, real.to(CARD) if masked else None, 0.1, GPU_HEAD_MULTIPLE)
        mixed.backward(gradient.to(CARD, torch.bfloat16))
    names = sorted({event.key for event in profile.key_averages() if "attention" in event.key})
    print(names)
    assert any("backward" in name for name in names), names
    assert not [name for name in names if any(part in name for part in SLOW)], names
