"""Rows of a user's own task: checked, rendered by its patterns, with labels in the form of built-in tasks.

Errors name file and line. The resulting tables have the columns ``text``, ``pair`` or ``option0``, ``option1``, ...,
``label`` and, of a training file whose shares are drawn by group, ``group``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from engine.catalog.kinds import KINDS
from engine.catalog.task import OwnData, TaskInfo
from engine.data.own_cells import is_empty, word
from engine.data.own_files import name_of, read_split
from engine.data.own_labels import OwnTable, label_array, labels_in, read_table
from engine.data.user_tables import MissingColumn
from engine.errors import UserError
from engine.own_benchmarks.notices import normalised
from engine.own_benchmarks.pattern import fields, pieces

GROUP_COLUMN = "group"
"""Of the resulting tables, where the declaration has a ``group``."""
EQUAL_TEXTS = "text"
"""The ``group`` that is no column: rows with equal first texts."""


def read_own_rows(task: TaskInfo, data: OwnData, path: Path) -> pa.Table:
    """The split in the file ``path``, checked against the task's labels. Raises UserError naming file, line and column."""
    return rendered_table(task, read_own_table(task, data, path))


def read_own_table(task: TaskInfo, data: OwnData, path: Path) -> OwnTable:
    """The columns that texts, labels and groups are made of, as they are in the file."""
    groups = (data.group,) if _is_grouped(data, path) and data.group != EQUAL_TEXTS else ()
    return read_table(task, data, path, (*own_columns(data), *groups))


def _is_grouped(data: OwnData, path: Path) -> bool:
    """Whether the rows' groups are needed: shares are drawn from the training file only."""
    return bool(data.group) and str(path) == dict(data.files)["train"]


def rendered_table(task: TaskInfo, own: OwnTable) -> pa.Table:
    """Texts, labels and groups of a file's rows."""
    data, names = own.data, own_columns(own.data)
    texts: dict[str, list[str]] = {name: [] for name in task.columns}
    for row, cells in enumerate(zip(*(own.table[name].to_pylist() for name in names), strict=True)):
        try:
            rendered = own_texts(task, data, dict(zip(names, cells, strict=True)))
        except ValueError as error:
            raise own.error(row, str(error)) from None
        for name, text in rendered.items():
            texts[name].append(text)
    columns = {name: pa.array(column, pa.string()) for name, column in texts.items()}
    columns[task.label_column] = label_array(task, own)
    if _is_grouped(data, own.path):
        columns[GROUP_COLUMN] = pa.array(_groups(own, texts["text"]), pa.string())
    return pa.table(columns)


def _groups(own: OwnTable, texts: list[str]) -> list[str]:
    """The name of each row's group; rows whose cell is empty are refused."""
    if own.data.group == EQUAL_TEXTS:
        return list(map(normalised, texts))
    cells = own.table[own.data.group].to_pylist()
    for row, cell in enumerate(cells):
        if is_empty(cell) or not isinstance(cell, str | int | float):
            raise own.error(row, f'column "{own.data.group}" must name the group of the row')
    return list(map(word, cells))


def groups_of(own: OwnTable) -> list[str]:
    """The cells of the column that names the groups; empty where the file has no such column."""
    try:
        cells = read_split(own.data, own.path, [own.data.group])[own.data.group].to_pylist()
    except MissingColumn:
        return []
    return [word(cells[row]) for row in own.rows]


def own_columns(data: OwnData) -> tuple[str, ...]:
    """The columns that the patterns of texts and options name, each once."""
    patterns = [pattern for pattern in (data.text, data.pair, *data.options) if pattern]
    return tuple(dict.fromkeys(name for pattern in patterns for name in fields(pattern)))


def own_texts(task: TaskInfo, data: OwnData, row: Mapping[str, Any]) -> dict[str, str]:
    """The columns that the task's template reads, of a row that has all ``own_columns``. Raises ValueError."""
    patterns = [data.text, *([data.pair] if data.pair else ()), *(data.options if len(data.options) > 1 else ())]
    texts = ["".join(text + (_text(name, row[name]) if name else "") for text, name in pieces(pattern)) for pattern in patterns]
    if len(data.options) == 1:
        (name,) = fields(data.options[0])
        if not isinstance(row[name], list) or len(row[name]) != len(task.labels):
            raise ValueError(f'column "{name}" must hold a list of {len(task.labels)} options')
        texts += [_text(name, option) for option in row[name]]
    return dict(zip(task.columns, texts, strict=True))


def completed(task: TaskInfo, data: OwnData) -> TaskInfo:
    """The task, with the labels of its training file if it lists none. Raises UserError naming file and column."""
    path = Path(dict(data.files)["train"])
    if task.kind == "multiple_choice" and not task.labels:
        (name,) = fields(data.options[0])
        own = read_table(task, data, path, [name])
        lists = own.table[name].to_pylist()
        if not isinstance(lists[0], list):
            raise UserError(f'{own.name}: column "{name}" must hold lists of options, one list per row')
        task = replace(task, labels=tuple(map(str, range(len(lists[0])))))
    elif KINDS[task.kind].has_labels and not task.labels:
        task = replace(task, labels=labels_in(task, data, path))
    elif task.kind == "regression" and len(scores := set(label_array(task, read_table(task, data, path, ())).to_pylist())) < 2:
        raise UserError(f'{name_of(data, path)}: column "{data.label}" has {word(*scores)} only; two are needed')
    if task.kind == "multiple_choice":
        task = replace(task, columns=("text", *(f"option{number}" for number in range(len(task.labels)))))
    return task


def _text(name: str, cell: Any) -> str:
    """A cell as text; numbers as they are written. Raises ValueError."""
    if is_empty(cell):
        raise ValueError(f'column "{name}" is empty; fill the cell or drop the row')
    if not isinstance(cell, str | int | float):
        raise ValueError(f'column "{name}" must hold text, not {type(cell).__name__}')
    return cell if isinstance(cell, str) else word(cell)
