"""A run that stops on the GPU goes on there, or on the CPU, as if it had not stopped, up to rounding."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalog.methods import METHODS
from engine.data.prepared import TaskData
from engine.training.device import Device
from tests.gpu.card import BFLOAT16, FLOAT32
from tests.training.loops import CPU, spec_of, train

METHODS_TRIED = ("full-ft", "adapter", "propetl", "scalearn++", "pals")
END = 7
"""Steps; an epoch has four."""


def losses(
    method: str, folder: Path, data: dict[str, TaskData], where: Path, parts: list[tuple[Device, int]], **settings: float
):
    """Training losses of the steps, and dev losses, of a run that goes on where it stopped, each part on its device."""
    if "omega_dropout" in METHODS[method].own:
        settings["omega_dropout"] = settings["dropout"]
    spec = spec_of(method, learning_rate=1e-3, warmup=0.0, **settings)
    steps: dict[int, float] = {}
    dev: list[float] = []
    for device, stop_at in parts:
        _, points = train(spec, folder, data, where, stop_at, device)
        steps |= points.losses
        dev += points.dev.get("dev/loss", [])
    assert sorted(steps) == list(range(END)) and len(dev) == 1
    return [*(steps[step] for step in range(END)), *dev]


@pytest.mark.parametrize(("device", "tolerance"), [(FLOAT32, 1e-3), (BFLOAT16, 3e-2)], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("method", METHODS_TRIED)
def test_stopped_and_resumed_on_the_card(
    method: str, device: Device, tolerance: float, tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path
) -> None:
    straight = losses(method, tiny_backbone, data, tmp_path / "straight", [(device, END)], dropout=0.1)
    resumed = losses(method, tiny_backbone, data, tmp_path / "resumed", [(device, 3), (device, END)], dropout=0.1)
    assert resumed == pytest.approx(straight, rel=tolerance)


@pytest.mark.parametrize("method", METHODS_TRIED)
def test_from_the_card_to_the_cpu_and_back(method: str, tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path) -> None:
    straight = losses(method, tiny_backbone, data, tmp_path / "straight", [(CPU, END)], dropout=0.0)
    moved = [(FLOAT32, 2), (CPU, 5), (FLOAT32, END)]
    assert losses(method, tiny_backbone, data, tmp_path / "moved", moved, dropout=0.0) == pytest.approx(straight, rel=1e-3)
