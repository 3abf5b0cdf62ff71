"""Catalog entries that are not built in as JSON, as runs and homes store them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from engine.catalog.method import Hyperparameter, MethodInfo
from engine.catalog.task import BenchmarkInfo, DatasetSource, HubData, OwnData, TaskInfo


def entry_record(entry: TaskInfo | BenchmarkInfo | MethodInfo) -> dict[str, Any]:
    """``entry`` as a JSON object. Raises TypeError or ValueError for one that holds more than plain data."""
    record: dict[str, Any] = json.loads(json.dumps(asdict(entry), allow_nan=False))
    return record


def task_from(record: Mapping[str, Any]) -> TaskInfo:
    """The inverse of ``entry_record`` on a task. Raises TypeError, KeyError or AttributeError for any other object."""
    if record["data"] is None:
        return TaskInfo(**_tuples(record))
    data = _tuples(record["data"])
    if "repo" in data:
        return TaskInfo(**{**_tuples(record), "data": HubData(**data)})
    if dataset := data.get("dataset"):
        data["dataset"] = DatasetSource(**_tuples(dataset))
    return TaskInfo(**{**_tuples(record), "data": OwnData(**data)})


def benchmark_from(record: Mapping[str, Any]) -> BenchmarkInfo:
    """The inverse of ``entry_record`` on a benchmark without published results. Raises as ``task_from``."""
    tasks = tuple(task_from(task) for task in record["tasks"])
    return BenchmarkInfo(record["name"], record["title"], tasks, distribution=record.get("distribution", ""))


def method_from(record: Mapping[str, Any]) -> MethodInfo:
    """The inverse of ``entry_record`` on a method. Raises as ``task_from``."""
    own = {name: Hyperparameter(**_tuples(setting)) for name, setting in record["own"].items()}
    return MethodInfo(**{**_tuples(record), "own": own})


def _tuples(record: Mapping[str, Any]) -> dict[str, Any]:
    def frozen(value: Any) -> Any:
        return tuple(map(frozen, value)) if isinstance(value, list) else value

    return {name: frozen(value) for name, value in record.items()}
