"""Rows of a task as its official splits: from files of the hub or of a local folder, or generated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.catalog.task import OwnData, TaskInfo
from engine.data.own_rows import read_own_rows
from engine.data.templates import INDEXED
from engine.data.toy import generate
from engine.data.user_tables import class_names, place_of, read_file
from engine.errors import UserError
from engine.files.task_files import task_files

PLACES, LISTS = {"span2_index"}, {"entities", "answers"}
"""Columns of templates that hold positions or lists of texts."""


def load_rows(task: TaskInfo, data_dir: Path | None) -> dict[str, pa.Table]:
    """Official splits (``train``, ``validation``, ...) with the task's text and label columns and, where needed, ``idx``.

    Labels are checked against the catalog. Raises UserError naming file and column.
    """
    if task.data is None:
        return generate(task)
    if isinstance(task.data, OwnData):
        return {split: read_own_rows(task, task.data, path) for split, path in task_files(task, data_dir).items()}
    files = task_files(task, data_dir, download=True)
    tables = {split: read_rows(task, path) for split, path in files.items()}
    if data_dir is None:
        for split, count in _sizes(task).items():
            if tables[split].num_rows != count:
                raise UserError(
                    f"{files[split]} has {tables[split].num_rows:,} rows, not the {count:,} of {task.key}; "
                    f"`scalearn data fetch {task.benchmark}` looks into it"
                )
    return tables


def _sizes(task: TaskInfo) -> dict[str, int]:
    """Rows of the official splits, where the catalog knows them."""
    sizes = {"train": task.sizes[0], task.tests[0][1]: task.sizes[1]}
    if task.dev and task.dev_size:
        sizes[task.dev] = task.dev_size
    return {split: size for split, size in sizes.items() if size}


def read_rows(task: TaskInfo, path: Path) -> pa.Table:
    """One split from a file of the kinds that ``read_file`` knows, checked. Raises UserError naming file and column."""
    if not path.is_file():
        raise UserError(f"{path} is missing; {task.key} needs it")
    table = read_file(path, needed_columns(task))
    if not table.num_rows:
        raise UserError(f"{path} has no rows")
    for name in table.column_names:
        if table[name].null_count:
            raise UserError(f"{path}: column {name!r} has empty cells; fill or drop those rows")
    _check_texts(task, table, path)
    _check_index(task, table.schema, path)
    _check_names(task, table.schema, path)
    _check_labels(task, table, path)
    return table


def needed_columns(task: TaskInfo) -> tuple[str, ...]:
    """The task's text columns and what else labels and groups are made of."""
    label = () if task.kind == "entity_ranking" else (task.label_column,)
    return (*task.columns, *label, *(("idx",) if task.template in INDEXED else ()))


def labels_of(task: TaskInfo, table: pa.Table) -> np.ndarray:
    """The label column: int64 ``[rows]``, float32 ``[rows]`` (regression) or float32 ``[rows, labels]`` of 0 and 1."""
    if task.kind == "regression":
        return table[task.label_column].to_numpy().astype(np.float32)
    if task.kind != "multilabel":
        return table[task.label_column].to_numpy().astype(np.int64)
    place = {name: index for index, name in enumerate(task.labels)}
    labels = np.zeros((table.num_rows, len(task.labels)), dtype=np.float32)
    for row, names in enumerate(table[task.label_column].to_pylist()):
        labels[row, [place[name] for name in names]] = 1.0
    return labels


def _check_texts(task: TaskInfo, table: pa.Table, path: Path) -> None:
    for name in task.columns:
        kind = table.schema.field(name).type
        if name in PLACES:
            if not pa.types.is_integer(kind):
                raise UserError(f"{path}: column {name!r} must hold whole numbers, not {kind}")
        elif name in LISTS:
            if not (pa.types.is_list(kind) and _is_text(kind.value_type)):
                raise UserError(f"{path}: column {name!r} must hold lists of texts, not {kind}")
            if pc.list_flatten(table[name]).null_count or pc.min(pc.list_value_length(table[name])).as_py() == 0:
                raise UserError(f"{path}: column {name!r} has an empty list or an empty text; fill or drop those rows")
        elif not _is_text(kind):
            raise UserError(f"{path}: column {name!r} must hold text, not {kind}")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _check_index(task: TaskInfo, schema: pa.Schema, path: Path) -> None:
    if task.template in INDEXED:
        kind = schema.field("idx").type
        names = {field.name for field in kind} if pa.types.is_struct(kind) else set()
        if lacking := [name for name in INDEXED[task.template] if name not in names]:
            raise UserError(f"{path}: column 'idx' must hold the number of the {lacking[0]}, not {kind}")


def _check_names(task: TaskInfo, schema: pa.Schema, path: Path) -> None:
    column = task.label_column
    names = class_names(schema, column) or task.labels
    if task.kind != "multilabel" and names != task.labels:
        raise UserError(
            f"{path}: column {column!r} numbers its classes {', '.join(names)}; {task.key} needs {', '.join(task.labels)}"
        )


def _check_labels(task: TaskInfo, table: pa.Table, path: Path) -> None:
    if task.kind == "entity_ranking":
        return
    column = task.label_column
    kind = table.schema.field(column).type
    if task.kind == "multilabel":
        if not (pa.types.is_list(kind) and (pa.types.is_string(kind.value_type) or pa.types.is_null(kind.value_type))):
            raise UserError(f"{path}: column {column!r} must hold lists of label names, not {kind}")
        for row, names in enumerate(table[column].to_pylist()):
            if unknown := [name for name in names if name not in task.labels]:
                known = ", ".join(task.labels) if len(task.labels) < 20 else f"{len(task.labels)} others"
                where = f"{place_of(path, row)}: column {column!r}"
                raise UserError(f"{where} has the label {unknown[0]!r}; {task.key} has {known}")
    elif task.kind == "regression":
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)) or not np.isfinite(labels_of(task, table)).all():
            raise UserError(f"{path}: column {column!r} must hold finite numbers, not {kind} or NaN")
    elif not pa.types.is_integer(kind):
        raise UserError(f"{path}: column {column!r} must hold class ids 0 to {len(task.labels) - 1}, not {kind}")
    elif outside := sorted(set(np.unique(labels_of(task, table)).tolist()) - set(range(len(task.labels)))):
        raise UserError(f"{path}: column {column!r} has the class id {outside[0]}; {task.key} has 0 to {len(task.labels) - 1}")
