"""A training step never waits for the GPU: the next one is queued while it still computes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.catalog.methods import METHODS
from engine.data.prepared import TaskData
from tests.gpu.card import BFLOAT16
from tests.training.loops import prepared, spec_of

WARM, STEPS = 5, 10


@pytest.mark.parametrize("method", METHODS)
def test_ten_steps_without_waiting(
    method: str, tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Reports read the losses of half a second at once, and that waits.
    monkeypatch.setattr("engine.training.throughput.REPORT_SECONDS", 3600.0)
    settings = {"steps_per_epoch": 32} if METHODS[method].joint else {}
    spec = spec_of(method, batch_size=2, epochs=1, **settings)
    loop, _ = prepared(spec, tiny_backbone, data, tmp_path, device=BFLOAT16)
    assert loop.steps_per_epoch >= WARM + STEPS
    for _ in range(WARM):
        loop._step()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(STEPS):
            loop._step()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert loop.state.step == WARM + STEPS
    loop._report()
