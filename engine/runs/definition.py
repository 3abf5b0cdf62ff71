"""The part of a task's declaration that changes the result of a run, and so is part of the fingerprint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.catalog.task import OwnData, TaskInfo
from engine.catalog.versions import versions_of

FIELDS = (
    "key", "kind", "template", "columns", "label_column", "labels", "max_length", "truncate", "stratify", "config", "dev",
    "tests", "headline",
)  # fmt: skip
Definition = Mapping[str, Any]


def definition_of(task: TaskInfo) -> dict[str, Any]:
    """The definition as JSON: fields of the task, how a user's own files are read, and versions above 1."""
    definition = {name: getattr(task, name) for name in FIELDS} | versions_of(task)
    if isinstance(task.data, OwnData):
        definition |= {"own": task.data.definition, "shares": [task.data.dev_share, task.data.test_share]}
    return definition


def identifying(definition: Definition, select_by: str) -> Definition:
    """The part of a definition that the fingerprint covers.

    The headline metric of a user's own task changes a run only where it selects the epoch. Definitions of version 0.1.0, which
    name the task's other metrics as well, were covered as a whole.
    """
    if "own" not in definition or "metrics" in definition or select_by == "metric":
        return definition
    return {name: value for name, value in definition.items() if name != "headline"}


def without_metrics(definition: Definition) -> Definition:
    """A definition of version 0.1.0 in today's form."""
    return {name: value for name, value in definition.items() if name != "metrics"}
