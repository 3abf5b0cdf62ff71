"""The label column of a file: checked against the task's labels, and read as an array."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from engine.catalog.kinds import KINDS
from engine.catalog.task import TaskInfo
from engine.data.user_tables import class_names, location_of
from engine.errors import UserError

MOST_LISTED = 20
"""Fewer label names than this are listed in a message."""


def label_columns(task: TaskInfo) -> tuple[str, ...]:
    """The column that holds the labels; none where the template makes them of the row's candidates and answers."""
    return () if KINDS[task.kind].ranks_candidates else (task.label_column,)


def labels_of(task: TaskInfo, table: pa.Table) -> np.ndarray:
    """The label column: int64 ``[rows]``, float32 ``[rows]`` (regression) or float32 ``[rows, labels]`` of 0 and 1."""
    if task.kind == "regression":
        return table[task.label_column].to_numpy().astype(np.float32)
    if task.kind != "multilabel":
        return table[task.label_column].to_numpy().astype(np.int64)
    index = {name: number for number, name in enumerate(task.labels)}
    labels = np.zeros((table.num_rows, len(task.labels)), dtype=np.float32)
    for row, names in enumerate(table[task.label_column].to_pylist()):
        labels[row, [index[name] for name in names]] = 1.0
    return labels


def check_label_column(task: TaskInfo, schema: pa.Schema, path: Path) -> None:
    """Raises UserError naming file and column if the label column's type, or the classes that it names, are not the task's."""
    column = task.label_column
    names = class_names(schema, column) or task.labels
    if task.kind != "multilabel" and names != task.labels:
        raise UserError(
            f"{path}: column {column!r} numbers its classes {', '.join(names)}; {task.key} needs {', '.join(task.labels)}"
        )
    if not label_columns(task):
        return
    kind = schema.field(column).type
    if task.kind == "multilabel":
        if not (pa.types.is_list(kind) and (pa.types.is_string(kind.value_type) or pa.types.is_null(kind.value_type))):
            raise UserError(f"{path}: column {column!r} must hold lists of label names, not {kind}")
    elif task.kind == "regression":
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
            raise UserError(f"{path}: column {column!r} must hold finite numbers, not {kind}")
    elif not pa.types.is_integer(kind):
        raise UserError(f"{path}: column {column!r} must hold class ids 0 to {len(task.labels) - 1}, not {kind}")


def check_labels(task: TaskInfo, table: pa.Table, path: Path) -> None:
    """Raises UserError naming file and column if labels read from ``path``, of the right type, are not those of the task."""
    if not label_columns(task):
        return
    if task.kind == "multilabel":
        _check_names(task, table, path)
    elif task.kind == "regression":
        if not np.isfinite(labels_of(task, table)).all():
            raise UserError(f"{path}: column {task.label_column!r} must hold finite numbers, not NaN or infinity")
    else:
        ids = labels_of(task, table)
        check_ids(task, int(ids.min()), int(ids.max()), path)


def check_ids(task: TaskInfo, lowest: int, highest: int, path: Path) -> None:
    """Raises UserError naming file and column unless all ids between these are classes of the task."""
    for number in (lowest, highest):
        if not 0 <= number < len(task.labels):
            raise UserError(
                f"{path}: column {task.label_column!r} has the class id {number}; {task.key} has 0 to {len(task.labels) - 1}"
            )


def _check_names(task: TaskInfo, table: pa.Table, path: Path) -> None:
    column = task.label_column
    for row, names in enumerate(table[column].to_pylist()):
        if unknown := [name for name in names if name not in task.labels]:
            known = ", ".join(task.labels) if len(task.labels) < MOST_LISTED else f"{len(task.labels)} others"
            raise UserError(f"{location_of(path, row)}: column {column!r} has the label {unknown[0]!r}; {task.key} has {known}")
