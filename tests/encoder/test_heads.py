"""Widths of heads and values of losses, worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from engine.catalog.catalog import BUILT_IN
from engine.encoder.heads import Head, loss


@pytest.mark.parametrize(
    ("task", "shape"),
    [
        ("glue/mnli", (4, 3)),
        ("glue/stsb", (4, 1)),
        ("superglue/copa", (2, 2)),
        ("superglue/record", (4, 2)),
        ("toy/topics", (4, 6)),
    ],
)
def test_shape_of_the_logits(task: str, shape: tuple[int, int]) -> None:
    assert Head(BUILT_IN.find_task(task), 8, 0.1)(torch.randn(4, 8)).shape == shape


def test_losses() -> None:
    logits = torch.tensor([[0.0, 0.0], [math.log(3), 0.0]])
    expected = {"classification": (math.log(2) + math.log(4)) / 2, "multilabel": (3 * math.log(2) + math.log(4)) / 4}
    labels = torch.tensor([0, 1])
    for kind in ("classification", "multiple_choice", "entity_ranking"):
        assert loss(kind, logits, labels).item() == pytest.approx(expected["classification"])
    both = torch.tensor([[0.0, 1.0], [0.0, 1.0]])
    assert loss("multilabel", logits, both).item() == pytest.approx(expected["multilabel"])
    assert loss("regression", torch.tensor([[1.0], [3.0]]), torch.tensor([0.0, 5.0])).item() == pytest.approx(2.5)


@pytest.mark.parametrize("task", ["glue/stsb", "superglue/record"])
def test_logits_keep_float32_under_autocast(task: str) -> None:
    """Eight bits of mantissa would make ties of candidates and steps of 1/64 of predicted scores."""
    torch.manual_seed(0)
    head = Head(BUILT_IN.find_task(task), 64, 0.0)
    first = torch.randn(200, 64)
    with torch.autocast("cpu", torch.bfloat16):
        logits = head(first)
        assert head(first.bfloat16()).dtype == torch.float32
    assert torch.equal(logits, head(first))
    assert len(logits.unique()) == logits.numel()


def test_dropout_acts_before_both_maps_in_training_only() -> None:
    head = Head(BUILT_IN.find_task("glue/rte"), 8, 0.5)
    first = torch.randn(4, 8)
    assert torch.equal(head.eval()(first), head(first))
    seen = []
    for linear in (head.dense, head.out_proj):
        linear.register_forward_pre_hook(lambda _module, inputs: seen.append((inputs[0] == 0).any().item()))
    head.train()(first)
    assert seen == [True, True]
