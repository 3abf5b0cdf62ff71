"""Heads and losses of every kind of task, on the plain encoder."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.methods.model import Model, frozen

from .golden import Golden, cases

KINDS = ("classification", "regression", "multilabel", "multiple_choice")


@pytest.mark.parametrize("dtype", (torch.float64, torch.float32), ids=str)
@pytest.mark.parametrize("stage", ("stage1", "stage2"))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", cases("heads"))
def test_logits_loss_and_gradients(path: Path | None, kind: str, stage: str, dtype: torch.dtype) -> None:
    golden = Golden(path, f"{kind}.{stage}.", kind)
    model = golden.filled(Model(frozen(golden.encoder()), [golden.task()]), golden.task(), dtype)
    (task,) = model.heads
    loss, logits = model.loss(golden.packed(), golden["inputs.labels"], task)
    loss.backward()
    expected = {name: golden[f"outputs.{name}"] for name in ("logits", "loss")}
    golden.compare({"logits": logits, "loss": loss}, expected, dtype)
    golden.compare(golden.gradients(model), golden.below("grads."), dtype)
