"""Every method computes on the GPU what it computes on the CPU, and in bfloat16 nearly that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.catalog.methods import METHODS
from engine.data.batches import gather
from engine.data.prepared import TaskData
from engine.runs.spec import RunSpec
from engine.training.device import Device
from engine.training.evaluation import predict, to_device
from tests.gpu.card import BFLOAT16, FLOAT32
from tests.training.loops import CPU, build, spec_of, train

STEPS = 4
"""An epoch: the fourth step is followed by an evaluation when the run continues."""
RATE = 1e-3
"""Small, because AdamW makes an update of full size from a gradient that is nothing but rounding."""
BEFORE, AFTER = 1e-4, 1e-3
"""Tolerated deviations in float32: of gradients and first losses, and of what follows updates."""
HALF = 0.1
"""Of losses and logits in bfloat16, which has three decimal digits."""


def plain(method: str) -> RunSpec:
    """The method without dropout, whose draws differ between devices."""
    settings = {"dropout": 0.0, "learning_rate": RATE, "warmup": 0.0}
    if "omega_dropout" in METHODS[method].own:
        settings["omega_dropout"] = 0.0
    return spec_of(method, **settings)


def deviation(actual: np.ndarray, expected: np.ndarray) -> float:
    """``max|a - b| / max(1, max|b|)``."""
    return float(np.abs(actual - expected).max() / max(1.0, np.abs(expected).max()))


def gradients(spec: RunSpec, folder: Path, data: dict[str, TaskData], device: Device) -> tuple[list[float], torch.Tensor]:
    """The loss of the first batch of each task, and the gradients of all parameters after these, end to end, on the CPU."""
    model = build(spec, folder).to(device.name).train()
    losses = []
    for task in spec.tasks:
        packed, labels = to_device(gather(data[task.key].splits["train"], np.arange(16)), device)
        with device.context():
            loss, _ = model.loss(packed, labels, task.key)
        loss.backward()
        losses.append(loss.item())
    flat = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
    return losses, torch.cat(flat).float().cpu()


def trained(
    spec: RunSpec, folder: Path, data: dict[str, TaskData], where: Path, device: Device
) -> tuple[np.ndarray, list[np.ndarray], dict[str, list[float]]]:
    """Losses of the steps of one epoch and of the next one's first, logits for each task's dev split, and dev numbers."""
    loop, points = train(spec, folder, data, where, STEPS + 1, device)
    losses = np.array([points.losses[step] for step in sorted(points.losses)])
    assert len(losses) == STEPS + 1 and len(points.dev["dev/loss"]) == 1
    logits = [predict(loop.model, task, data[task.key].splits["dev"], device) for task in spec.tasks]
    return losses, logits, points.dev


@pytest.mark.parametrize("method", METHODS)
def test_float32_is_that_of_the_cpu(method: str, tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path) -> None:
    # What the product leaves as torch has it: products of float32 matrices are not rounded to TF32.
    assert not torch.backends.cuda.matmul.allow_tf32
    spec = plain(method)
    (here, expected), (there, actual) = (gradients(spec, tiny_backbone, data, device) for device in (CPU, FLOAT32))
    assert there == pytest.approx(here, rel=BEFORE)
    assert (actual - expected).norm() <= BEFORE * expected.norm()

    losses, logits, dev = trained(spec, tiny_backbone, data, tmp_path / "cpu", CPU)
    card_losses, card_logits, card_dev = trained(spec, tiny_backbone, data, tmp_path / "card", FLOAT32)
    assert deviation(card_losses, losses) <= AFTER
    assert max(map(deviation, card_logits, logits)) <= AFTER
    assert card_dev["dev/loss"] == pytest.approx(dev["dev/loss"], rel=AFTER)


@pytest.mark.parametrize("method", METHODS)
def test_bfloat16_is_close_to_float32(method: str, tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path) -> None:
    spec = plain(method)
    (losses, exact), (half_losses, half) = (gradients(spec, tiny_backbone, data, d) for d in (FLOAT32, BFLOAT16))
    assert half_losses == pytest.approx(losses, rel=HALF)
    assert torch.nn.functional.cosine_similarity(half, exact, dim=0) > 0.95

    losses, logits, _ = trained(spec, tiny_backbone, data, tmp_path / "exact", FLOAT32)
    half_losses, half_logits, _ = trained(spec, tiny_backbone, data, tmp_path / "half", BFLOAT16)
    assert deviation(half_losses, losses) <= HALF
    assert max(map(deviation, half_logits, logits)) <= HALF
