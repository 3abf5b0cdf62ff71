"""Tasks and benchmarks of users' own as JSON, as runs and homes store them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from engine.catalog.task import BenchmarkInfo, DatasetSource, OwnData, TaskInfo


def task_record(task: TaskInfo) -> dict[str, Any]:
    """``task`` as a JSON object."""
    record: dict[str, Any] = json.loads(json.dumps(asdict(task)))
    return record


def task_from(record: Mapping[str, Any]) -> TaskInfo:
    """The inverse of ``task_record``. Raises TypeError or KeyError for any other object."""
    data = _tuples(record["data"])
    if dataset := data.get("dataset"):
        data["dataset"] = DatasetSource(**_tuples(dataset))
    return TaskInfo(**{**_tuples(record), "data": OwnData(**data)})


def benchmark_from(record: Mapping[str, Any]) -> BenchmarkInfo:
    """The inverse of ``asdict`` on a benchmark. Raises TypeError or KeyError for any other object."""
    return BenchmarkInfo(record["name"], record["title"], tuple(task_from(task) for task in record["tasks"]))


def _tuples(record: Mapping[str, Any]) -> dict[str, Any]:
    def frozen(value: Any) -> Any:
        return tuple(map(frozen, value)) if isinstance(value, list) else value

    return {name: frozen(value) for name, value in record.items()}
