"""A run as JSON, the same in every command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.registry.tables import Run

INTERNAL = {"version", "handle", "spec", "provenance", "group_id"}
"""Columns that serve the registry, or that only ``show`` prints."""


def run_record(run: Run, results: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """All that a reader of ``ls --json`` needs about one run; ``results`` by split and metric, as fractions."""
    columns = run.model_dump(mode="json", exclude=INTERNAL)
    return {
        **{name: columns[name] for name in Run.model_fields if name in columns},
        "sources": [source["task"] for source in run.spec.get("sources", ())],
        "results": {split: dict(values) for split, values in results.items()},
    }


def headline(run: Run, results: Mapping[str, Mapping[str, float]]) -> float | None:
    """The number to show for a run: on test where it is finished, else the newest on dev."""
    on_test = results.get("test", {})
    return on_test.get(run.metric or "", run.value)
