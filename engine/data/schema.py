"""What the schema of a task's file must be: its columns and their types, known before any row is read."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from engine.catalog.task import TaskInfo
from engine.data.labels import check_label_column, label_columns
from engine.data.templates import TEMPLATES
from engine.data.user_tables import require_columns, require_distinct, shown
from engine.errors import UserError


def needed_columns(task: TaskInfo) -> tuple[str, ...]:
    """The columns that texts, labels and groups are made of."""
    return (*task.columns, *label_columns(task), *(("idx",) if TEMPLATES[task.template].index else ()))


def check_schema(task: TaskInfo, schema: pa.Schema, path: Path) -> None:
    """Raises UserError naming file and column unless the file has all ``needed_columns`` and their types fit the task."""
    require_columns(shown(path), schema.names, needed_columns(task))
    require_distinct(f"{shown(path)}:", schema.names)
    for name in task.columns:
        _check_text(task, name, schema.field(name).type, path)
    _check_index(task, schema, path)
    check_label_column(task, schema, path)


def _check_text(task: TaskInfo, name: str, kind: pa.DataType, path: Path) -> None:
    template = TEMPLATES[task.template]
    if name in template.positions:
        if not pa.types.is_integer(kind):
            raise UserError(f"{path}: column {name!r} must hold whole numbers, not {kind}")
    elif name in template.lists:
        if not (pa.types.is_list(kind) and _is_text(kind.value_type)):
            raise UserError(f"{path}: column {name!r} must hold lists of texts, not {kind}")
    elif not _is_text(kind):
        raise UserError(f"{path}: column {name!r} must hold text, not {kind}")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _check_index(task: TaskInfo, schema: pa.Schema, path: Path) -> None:
    index = TEMPLATES[task.template].index
    if index:
        kind = schema.field("idx").type
        names = {field.name for field in kind} if pa.types.is_struct(kind) else set()
        if lacking := [name for name in index if name not in names]:
            raise UserError(f"{path}: column 'idx' must hold the number of the {lacking[0]}, not {kind}")
