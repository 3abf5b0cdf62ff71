"""Rows of a user's own task: checked, rendered by its patterns, with labels in the form of built-in tasks.

Errors name file and line. The resulting tables have the columns ``text``, ``pair`` or ``option0``, ``option1``, ...,
and ``label``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from engine.catalog.kinds import KINDS
from engine.catalog.task import OwnData, TaskInfo
from engine.data.user_tables import class_names, location_of, read_file, shown
from engine.errors import UserError
from engine.own_benchmarks.pattern import fields, pieces

MAX_LABELS = 1000
"""More different values than this in a label column are an error."""
MAX_LABELS_SHOWN, MAX_CHARACTERS_SHOWN = 10, 60
"""Labels, and characters of a cell, in a message."""


def read_own_rows(task: TaskInfo, data: OwnData, path: Path) -> pa.Table:
    """The split in the file ``path``, checked against the task's labels. Raises UserError naming file, line and column."""
    table = _rows(path, tuple(dict.fromkeys((*own_columns(data), data.label))))
    texts: dict[str, list[str]] = {name: [] for name in task.columns}
    names = own_columns(data)
    for number, cells in enumerate(zip(*(table[name].to_pylist() for name in names), strict=True)):
        try:
            rendered = own_texts(task, data, dict(zip(names, cells, strict=True)))
        except ValueError as error:
            raise UserError(f"{location_of(path, number)}: {error}") from None
        for name, text in rendered.items():
            texts[name].append(text)
    columns = {name: pa.array(column, pa.string()) for name, column in texts.items()}
    return pa.table({**columns, task.label_column: _labels(task, data, path, table)})


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
        lists = _rows(path, [name])[name].to_pylist()
        if not isinstance(lists[0], list):
            raise UserError(f'{shown(path)}: column "{name}" must hold lists of options, one list per row')
        task = replace(task, labels=tuple(map(str, range(len(lists[0])))))
    elif KINDS[task.kind].has_labels and not task.labels:
        task = replace(task, labels=_labels_in(task, data, path))
    if task.kind == "multiple_choice":
        task = replace(task, columns=("text", *(f"option{number}" for number in range(len(task.labels)))))
    return task


def _labels_in(task: TaskInfo, data: OwnData, path: Path) -> tuple[str, ...]:
    """The labels in the training file, sorted (numbers by value); of a parquet file that names class ids, in their order."""
    table = _rows(path, [data.label])
    if named := class_names(table.schema, data.label):
        return named
    cells = _cells(task, data, path, table)
    names = {name for names in cells for name in names}
    if len(names) < 2:
        raise UserError(f'{shown(path)}: column "{data.label}" has {_listed(sorted(names)) or "no label"} only; two are needed')
    if len(names) > MAX_LABELS:
        raise UserError(
            f'{shown(path)}: column "{data.label}" has {len(names):,} different values; '
            'list the labels, or write kind = "regression" if they are numbers'
        )
    return tuple(sorted(names, key=lambda name: (not _is_id(name), int(name) if _is_id(name) else 0, name)))


def _rows(path: Path, columns: Sequence[str]) -> pa.Table:
    table = read_file(path, columns)
    if not table.num_rows:
        raise UserError(f"{shown(path)} has no rows")
    return table


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip()) or (isinstance(cell, float) and math.isnan(cell))


def _text(name: str, cell: Any) -> str:
    """A cell as text; numbers as they are written. Raises ValueError."""
    if _is_empty(cell):
        raise ValueError(f'column "{name}" is empty; fill the cell or drop the row')
    if not isinstance(cell, str | int | float):
        raise ValueError(f'column "{name}" must hold text, not {type(cell).__name__}')
    return cell if isinstance(cell, str) else _word(cell)


def _labels(task: TaskInfo, data: OwnData, path: Path, table: pa.Table) -> pa.Array:
    if task.kind == "regression":
        cells = table[data.label].to_pylist()
        return pa.array([_number(path, data.label, row, cell) for row, cell in enumerate(cells)], pa.float64())
    cells = _cells(task, data, path, table)
    index = {name: number for number, name in enumerate(task.labels)}
    if any(name not in index for names in cells for name in names) and not any(map(_is_id, task.labels)):
        ids = {str(number): number for number in range(len(task.labels))}
        # Class ids, if the column has nothing else; where label names are numbers, other numbers are errors.
        index = ids if all(name in ids for names in cells for name in names) else index
    for row, names in enumerate(cells):
        for name in names:
            if name not in index:
                raise UserError(
                    f'{location_of(path, row)}: column "{data.label}": {_quoted(name)} is not one of {_listed(task.labels)}'
                )
    if task.kind == "multilabel":
        return pa.array([[task.labels[index[name]] for name in names] for names in cells], pa.list_(pa.string()))
    return pa.array([index[name] for (name,) in cells], pa.int64())


def _cells(task: TaskInfo, data: OwnData, path: Path, table: pa.Table) -> list[list[str]]:
    """The label names of each row: exactly one, or any number in a multi-label task."""
    cells = table[data.label].to_pylist()
    named = class_names(table.schema, data.label)
    if named and (not task.labels or set(named) <= set(task.labels)):
        # Another file may number the same classes in another order.
        cells = [named[cell] if isinstance(cell, int) and 0 <= cell < len(named) else cell for cell in cells]
    return [_words(task, data, path, row, cell) for row, cell in enumerate(cells)]


def _words(task: TaskInfo, data: OwnData, path: Path, row: int, cell: Any) -> list[str]:
    def fail(message: str) -> UserError:
        return UserError(f'{location_of(path, row)}: column "{data.label}" {message}')

    if task.kind != "multilabel":
        if isinstance(cell, list | dict):
            raise fail("must hold one label per row")
        if _is_empty(cell):
            raise fail("is empty; fill the cell or drop the row")
        return [_word(cell)]
    if isinstance(cell, str):
        if not data.separator:
            raise fail('holds text; say what stands between the labels, as in separator = "|"')
        return [name for part in cell.split(data.separator) if (name := part.strip())]
    if not isinstance(cell, list) or any(item is None or isinstance(item, list | dict) for item in cell):
        raise fail("must hold a list of labels")
    return [_word(item) for item in cell]


def _word(cell: Any) -> str:
    """A cell as text: booleans as in JSON, whole numbers without a decimal point."""
    if isinstance(cell, bool):
        return str(cell).lower()
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _number(path: Path, name: str, row: int, cell: Any) -> float:
    try:
        value = float(cell)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise UserError(
            f'{location_of(path, row)}: column "{name}" must hold finite numbers, not {json.dumps(cell, default=str)}'
        )
    return value


def _quoted(text: str) -> str:
    """Quoted, on one line, and cut: a cell that holds no label may be long."""
    return json.dumps(text if len(text) <= MAX_CHARACTERS_SHOWN else f"{text[:MAX_CHARACTERS_SHOWN]}...", ensure_ascii=False)


def _is_id(name: str) -> bool:
    return name.removeprefix("-").isdecimal()


def _listed(names: Sequence[str]) -> str:
    rest = f", ... ({len(names)} in all)" if len(names) > MAX_LABELS_SHOWN else ""
    return ", ".join(names[:MAX_LABELS_SHOWN]) + rest
