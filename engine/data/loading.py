"""Rows of a task as its official splits: from files of the hub or of a local folder, or generated."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from engine.catalog.task import OwnData, TaskInfo
from engine.data.labels import check_labels
from engine.data.own_dataset import obtain
from engine.data.own_rows import read_own_rows
from engine.data.schema import check_schema, needed_columns
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
        check_sizes(task, files, {split: table.num_rows for split, table in tables.items()})
    return tables


def read_rows(task: TaskInfo, path: Path, first: int | None = None) -> pa.Table:
    """One split, or its ``first`` rows, from a file of the kinds that ``read_file`` knows, checked.

    Raises UserError naming file and column.
    """
    if not path.is_file():
        raise UserError(f"{path} is missing; {task.key} needs it")
    table = read_file(path, needed_columns(task), first=first)
    if not table.num_rows:
        raise UserError(f"{path} has no rows")
    check_schema(task, table.schema, path)
    for name in table.column_names:
        if table[name].null_count:
            raise UserError(f"{path}: column {name!r} has empty cells; fill or drop those rows")
    _check_texts(task, table, path)
    check_labels(task, table, path)
    return table


def check_sizes(task: TaskInfo, files: Mapping[str, Path], rows: Mapping[str, int]) -> None:
    """Raises UserError naming the first of the hub's files, given by official split, that does not have the task's rows."""
    for split, count in task.official_sizes.items():
        if rows[split] != count:
            raise UserError(
                f"{files[split]} has {rows[split]:,} rows, not the {count:,} of {task.key}; "
                f"`scalearn data fetch {task.benchmark}` looks into it"
            )


def _check_texts(task: TaskInfo, table: pa.Table, path: Path) -> None:
    template = TEMPLATES[task.template]
    for name in task.columns:
        if name in template.lists:
            if pc.list_flatten(table[name]).null_count or pc.min(pc.list_value_length(table[name])).as_py() == 0:
                raise UserError(f"{path}: column {name!r} has an empty list or an empty text; fill or drop those rows")
        elif name == template.gap and not (has_gap := pc.match_substring(table[name], GAP)).to_numpy().all():
            row = int(has_gap.to_numpy().argmin())
            raise UserError(f"{location_of(path, row)}: column {name!r} has no {GAP}, the gap that a candidate fills")
