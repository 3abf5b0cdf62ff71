"""Ids and labels of the rows that are on this machine, to compare a bundle's with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.catalog.task import OwnData, TaskInfo
from engine.errors import UserError
from engine.runs.spec import RunSpec

Labels = Mapping[bytes, Any]
"""By row id; the label of a row as ``engine.data.labels.labels_of`` has it."""


class LocalRows:
    """The rows of tasks in ``data_dir``, in the hub's cache, or generated; each task is read once."""

    def __init__(self, data_dir: Path | None) -> None:
        self._data_dir = data_dir
        self._labels = cache(self._read)

    def labels(self, spec: RunSpec, task: TaskInfo, split: str) -> tuple[Labels | None, str]:
        """Of the official split that the run's ``split`` was taken from; None where it is not here, and why."""
        from engine.files.identity import data_identity

        if isinstance(task.data, OwnData):
            return None, "it is a benchmark of somebody's own"
        try:
            identity = data_identity(task, self._data_dir)
            if identity != spec.data.get(task.key):
                return None, f"it is not the data of the runs, {spec.data.get(task.key, '')[:20]}; name that with --data-dir"
            official = dict(task.tests).get(split) or task.dev or "train"
            return self._labels(task)[official], ""
        except UserError as error:
            return None, str(error)

    @staticmethod
    def with_labels(rows: Mapping[str, np.ndarray], labels: Sequence[Any]) -> dict[str, np.ndarray]:
        """The arrays of a split's examples with these labels, one for each."""
        return {**rows, "label": np.stack(labels)}

    def _read(self, task: TaskInfo) -> dict[str, Labels]:
        """By official split. Raises UserError."""
        from engine.data.row_labels import labels_by_id

        return labels_by_id(task, self._data_dir)
