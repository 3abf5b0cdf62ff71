"""Tasks and benchmarks as JSON, so that a run and a home can keep those of a user's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from engine.catalog.task import BenchmarkInfo, OwnData, TaskInfo


def task_record(task: TaskInfo) -> dict[str, Any]:
    """``task`` as JSON can hold it."""
    record: dict[str, Any] = json.loads(json.dumps(asdict(task)))
    return record


def task_from(record: Mapping[str, Any]) -> TaskInfo:
    """The task of a ``task_record``. Raises TypeError or KeyError for a record of something else."""
    return TaskInfo(**{**_tuples(record), "data": OwnData(**_tuples(record["data"]))})


def benchmark_from(record: Mapping[str, Any]) -> BenchmarkInfo:
    """The benchmark of which ``record`` is ``asdict``. Raises TypeError or KeyError for a record of something else."""
    return BenchmarkInfo(record["name"], record["title"], tuple(task_from(task) for task in record["tasks"]))


def _tuples(record: Mapping[str, Any]) -> dict[str, Any]:
    def frozen(value: Any) -> Any:
        return tuple(map(frozen, value)) if isinstance(value, list) else value

    return {name: frozen(value) for name, value in record.items()}
