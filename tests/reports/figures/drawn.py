"""Runs with learning curves in a registry, and the data of figures of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.catalog.catalog import BUILT_IN
from engine.registry.choosing import read_selection
from engine.registry.records import Metric, RunState
from engine.registry.store import Store
from engine.reports.figures.kinds import KINDS
from engine.reports.figures.selected import Selected
from engine.runs.spec import RunSpec
from tests.reports.rows import PROVENANCE, start

STEPS = 10
"""Between evaluations."""


def learned(store: Store, run: RunSpec, curve: Sequence[float], name: str = "dev/accuracy") -> RunSpec:
    """A run with this curve on dev, whose last value is its result on dev and, a hundredth lower, on test."""
    attempt = start(store, run)
    points = [
        Metric(run_id=run.run_id, name=name, step=STEPS * place, value=value, epoch=place, attempt=attempt)
        for place, value in enumerate(curve, 1)
    ]
    store.progress(run.run_id, attempt, points)
    results = {task.key: {"dev": {task.headline: curve[-1]}, "test": {task.headline: curve[-1] - 0.01}} for task in run.tasks}
    facts: dict[str, Any] = {"best": curve[-1], "trainable": 1000, "transfer": 900, "provenance": PROVENANCE}
    assert store.finish(run.run_id, attempt, RunState.COMPLETED, results=results, **facts)
    return run


def gather(store: Store, kind: str, *terms: str) -> Any:
    """The data of a figure of the runs of which all terms hold."""
    selection = read_selection(terms, store, BUILT_IN) if terms else None
    return KINDS[kind].gather(Selected(store, BUILT_IN, selection))
