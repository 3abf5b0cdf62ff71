"""A draw of fewer examples than there are classes says which classes it left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.plans.planner import make_plan, submit
from engine.registry.store import Store
from engine.runs.request import Request
from tests.training.runs import trained


def test_absent_classes_are_named(store: Store, tiny_backbone: Path, caplog: pytest.LogCaptureFixture) -> None:
    request = Request(
        methods=("adapter",), targets=("toy/entailment",), backbone=str(tiny_backbone), epochs=1, shots=(2, 3),
        limits={"dev": 8, "test": 8},
    )  # fmt: skip
    plan = make_plan(request, store, BUILT_IN)
    assert plan.notes == ["--shots 2 is fewer than the 3 classes of toy/entailment; the run's log names those left out"]
    few, enough = (trained(store, run_id) for run_id in submit(plan, store))
    ((task, absent),) = (few.provenance or {})["absent_labels"].items()
    assert task == "toy/entailment" and len(absent) == 1 and absent[0] in BUILT_IN.tasks[task].labels
    assert f"toy/entailment: no training example is {absent[0]}" in caplog.messages
    assert "absent_labels" not in (enough.provenance or {})
