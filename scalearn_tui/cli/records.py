"""A run as JSON, the same in every command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.catalog.catalog import Catalog
from engine.catalog.task import MEAN
from engine.registry.encoding import as_json
from engine.registry.records import Results, Run
from engine.runs.deviations import deviations
from engine.runs.spec import RunSpec

INTERNAL = {"version", "handle", "spec", "request", "provenance", "memory_kind"}
"""Columns that serve the registry, or that only ``show`` prints."""


def run_record(run: Run, results: Results, tags: Sequence[str], catalog: Catalog) -> dict[str, Any]:
    """All that a reader of ``ls --json`` needs about one run; ``results`` by task, split and metric, as fractions."""
    return {
        **as_json(run, without=INTERNAL),
        "tags": list(tags),
        "sources": [source.task for source in run.parsed.sources],
        "tasks": list(run.tasks),
        **settings_record(run.parsed, catalog),
        "results": in_order(run, results),
    }


def settings_record(spec: RunSpec, catalog: Catalog) -> dict[str, Any]:
    """All that was set about a run, and apart from it what is not the method's default."""
    return {
        "hyperparameters": spec.hyperparameters,
        "limits": spec.limits,
        "shots": spec.shots,
        "settings": deviations(spec, catalog),
    }


def in_order(run: Run, results: Results) -> Results:
    """Tasks as the run has them, what stands for all of them last."""
    return {task: results[task] for task in (*run.tasks, MEAN) if task in results}


def headline(run: Run, results: Results) -> tuple[str, float | None]:
    """The split and the number to show for a run: ``test`` where it was evaluated, of the selected epoch; else the newest on
    ``dev``."""
    final = results.get(MEAN if len(run.tasks) > 1 else run.tasks[0], {})
    found = ((split, final[split][run.metric]) for split in ("test", "dev") if run.metric in final.get(split, {}))
    return next(found, ("dev", run.value))
