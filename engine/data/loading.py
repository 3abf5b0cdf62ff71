"""Rows of a task as its official splits: from files of the hub or of a local folder, or generated."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from engine.catalog.task import OwnData, TaskInfo
from engine.data.labels import check_labels, label_columns
from engine.data.own_dataset import obtain
from engine.data.own_rows import read_own_rows
from engine.data.templates import GAP, TEMPLATES
from engine.data.toy import generate
from engine.data.user_tables import location_of, read_file
from engine.errors import UserError
from engine.files.task_files import task_files


def load_rows(task: TaskInfo, data_dir: Path | None) -> dict[str, pa.Table]:
    """Official splits (``train``, ``validation``, ...) with the task's text and label columns and, where needed, ``idx``.

    Labels are checked against the catalog. Raises UserError naming file and column.
    """
    if task.data is None:
        return generate(task)
    if isinstance(task.data, OwnData):
        obtain(task.data)
        return {split: read_own_rows(task, task.data, path) for split, path in task_files(task, data_dir).items()}
    files = task_files(task, data_dir, download=True)
    tables = {split: read_rows(task, path) for split, path in files.items()}
    if data_dir is None:
        for split, count in task.official_sizes.items():
            if tables[split].num_rows != count:
                raise UserError(
                    f"{files[split]} has {tables[split].num_rows:,} rows, not the {count:,} of {task.key}; "
                    f"`scalearn data fetch {task.benchmark}` looks into it"
                )
    return tables


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
    check_labels(task, table, path)
    return table


def needed_columns(task: TaskInfo) -> tuple[str, ...]:
    """The columns that texts, labels and groups are made of."""
    return (*task.columns, *label_columns(task), *(("idx",) if TEMPLATES[task.template].index else ()))


def _check_texts(task: TaskInfo, table: pa.Table, path: Path) -> None:
    template = TEMPLATES[task.template]
    for name in task.columns:
        kind = table.schema.field(name).type
        if name in template.positions:
            if not pa.types.is_integer(kind):
                raise UserError(f"{path}: column {name!r} must hold whole numbers, not {kind}")
        elif name in template.lists:
            if not (pa.types.is_list(kind) and _is_text(kind.value_type)):
                raise UserError(f"{path}: column {name!r} must hold lists of texts, not {kind}")
            if pc.list_flatten(table[name]).null_count or pc.min(pc.list_value_length(table[name])).as_py() == 0:
                raise UserError(f"{path}: column {name!r} has an empty list or an empty text; fill or drop those rows")
        elif not _is_text(kind):
            raise UserError(f"{path}: column {name!r} must hold text, not {kind}")
        elif name == template.gap and not (has_gap := pc.match_substring(table[name], GAP)).to_numpy().all():
            row = int(has_gap.to_numpy().argmin())
            raise UserError(f"{location_of(path, row)}: column {name!r} has no {GAP}, the gap that a candidate fills")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _check_index(task: TaskInfo, schema: pa.Schema, path: Path) -> None:
    index = TEMPLATES[task.template].index
    if index:
        kind = schema.field("idx").type
        names = {field.name for field in kind} if pa.types.is_struct(kind) else set()
        if lacking := [name for name in index if name not in names]:
            raise UserError(f"{path}: column 'idx' must hold the number of the {lacking[0]}, not {kind}")
