"""Labels of a user's own rows: the names in a file's label column, and their ids. Errors name file, line and column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from engine.catalog.numbers import is_number, is_whole, label_key, number_of
from engine.catalog.task import OwnData, TaskInfo
from engine.data.own_cells import is_empty, list_in, listed, looks_like_list, quoted, score_of, word
from engine.data.own_files import name_of, place_of, read_split
from engine.data.user_tables import class_names
from engine.errors import UserError, did_you_mean
from engine.own_benchmarks.notices import NO_GOLD, normalised

BITS = ("0", "1", "false", "true")
"""What cells hold that say of each label whether it applies."""
HIDDEN = ("-1", "?")
"""What splits whose labels are hidden have in the place of each."""
MAX_LABELS = 1000
"""More different values than this in a label column are an error."""


@dataclass(frozen=True)
class OwnTable:
    """The rows of a file that are kept."""

    path: Path
    data: OwnData
    table: pa.Table
    """The columns that were asked for."""
    rows: Sequence[int]
    """Number in the file of each row that is kept, from 0."""
    dropped: int
    """Rows that ``drop_labels`` left out."""
    unused_drops: tuple[str, ...] = ()
    """Those of ``drop_labels`` that no row has."""

    @property
    def name(self) -> str:
        """The file, or the split of a dataset, as errors name it."""
        return name_of(self.data, self.path)

    def error(self, row: int, message: str) -> UserError:
        """About a row, counted among those that are kept."""
        return UserError(f"{place_of(self.data, self.path, self.rows[row])}: {message}")

    def label_error(self, row: int, message: str) -> UserError:
        """About the label of a row."""
        return self.error(row, f'column "{self.data.label}" {message}')


def read_table(task: TaskInfo, data: OwnData, path: Path, columns: Iterable[str]) -> OwnTable:
    """The file's rows but for those with a label that is to be dropped. Raises UserError if none is left."""
    table = read_split(data, path, tuple(dict.fromkeys((*columns, data.label))))
    count = table.num_rows
    if not count:
        raise UserError(f"{name_of(data, path)} has no rows")
    everything = OwnTable(path, data, table, range(count), 0)
    if not data.drop_labels:
        return everything
    dropped = set(map(label_key, data.drop_labels))
    cells = enumerate(_named_cells(task, everything))
    hits = [dropped & set(map(label_key, _droppable(task, everything, row, cell))) for row, cell in cells]
    kept = [row for row, hit in enumerate(hits) if not hit]
    if not kept:
        raise UserError(f"{name_of(data, path)} has no rows but those that drop_labels leaves out")
    used = set().union(*hits)
    unused = tuple(label for label in data.drop_labels if label_key(label) not in used)
    return OwnTable(path, data, table.take(pa.array(kept, pa.int64())), kept, count - len(kept), unused)


def check_hidden(split: str, table: OwnTable) -> None:
    """Raises UserError if no row of a split has a gold label, as in the test splits of public competitions."""
    cells = _label_cells(table)
    if all(is_empty(cell) or (isinstance(cell, int | float | str) and word(cell) in HIDDEN) for cell in cells):
        count = f"each of {len(cells):,} rows" if len(cells) > 1 else "its only row"
        dev = dict(table.data.dataset.splits).get("dev") if table.data.dataset and split == "test" else None
        other = f'write test = "{dev}"' if dev else f"take another {'split' if table.data.dataset else 'file'} for {split}"
        raise UserError(
            f'{table.name}: column "{table.data.label}" has no gold label in {count}, so these labels are hidden; '
            f"{other}, or a share of train as in {split} = 0.2"
        )


def _droppable(task: TaskInfo, table: OwnTable, row: int, cell: Any) -> list[str]:
    if is_empty(cell):
        return [""]
    return _names(task, table, row, cell) if task.kind == "multilabel" else [word(cell)]


def label_names(task: TaskInfo, table: OwnTable) -> list[list[str]]:
    """The names in each row as they are written: exactly one, or any number in a multi-label task."""
    return [_names(task, table, row, cell) for row, cell in enumerate(_named_cells(task, table))]


def labels_in(task: TaskInfo, data: OwnData, path: Path) -> tuple[str, ...]:
    """The labels in the training file, sorted (numbers by value); of a parquet file that names class ids, in their order.

    A number that is written in several ways is one label, named as it is shortest.
    """
    table = read_table(task, data, path, ())
    if named := class_names(table.table.schema, data.label):
        return named
    by_key: dict[Any, str] = {}
    for name in sorted({name for names in label_names(task, table) for name in names}, key=lambda name: (len(name), name)):
        by_key.setdefault(label_key(name), name)
    names = sorted(by_key.values())
    if len(names) < 2:
        raise UserError(f'{table.name}: column "{data.label}" has {listed(names) or "no label"} only; two are needed')
    if len(names) > MAX_LABELS:
        raise UserError(
            f'{table.name}: column "{data.label}" has {len(names):,} different values; '
            'list the labels, or write kind = "regression" if they are numbers'
        )
    numbers = {name: number for name in names if (number := number_of(name)) is not None}
    return tuple(sorted(names, key=lambda name: (name not in numbers, numbers.get(name, 0), name)))


def label_array(task: TaskInfo, table: OwnTable) -> pa.Array:
    """Scores (float64), ids (int64) or lists of names."""
    if task.kind == "regression":
        return pa.array([_score(table, row, cell) for row, cell in enumerate(_label_cells(table))], pa.float64())
    cells = label_names(task, table)
    if task.kind == "multilabel" and _are_vectors(cells):
        raise table.label_error(0, "holds vectors of 0 and 1; write the labels that apply, by name or by id from 0")
    ids = label_ids(task, (name for names in cells for name in names))
    for row, names in enumerate(cells):
        for name in names:
            if name not in ids:
                raise table.error(row, f'column "{table.data.label}": {_unknown(task, name, ids)}')
    if task.kind == "multilabel":
        return pa.array([[task.labels[ids[name]] for name in names] for names in cells], pa.list_(pa.string()))
    return pa.array([ids[name] for (name,) in cells], pa.int64())


def label_ids(task: TaskInfo, names: Iterable[str]) -> dict[str, int]:
    """The id of every one of ``names`` that is a label, in whatever way a number is written.

    Numbers are ids from 0 where no label is a number and the column has nothing else.
    """
    distinct = set(names)
    exact = {name: number for number, name in enumerate(task.labels)}
    by_key = {label_key(name): number for name, number in reversed(exact.items())}
    if not exact.keys() & distinct and all(map(is_number, distinct)) and not any(map(is_number, task.labels)):
        by_key = {label_key(str(number)): number for number in range(len(task.labels))}
    found = {name: exact.get(name, by_key.get(label_key(name))) for name in distinct}
    return {name: number for name, number in found.items() if number is not None}


def _are_vectors(cells: Sequence[Sequence[str]]) -> bool:
    """Whether each row says of each of several labels if it has it, where the labels that it has are wanted."""
    (length, *others) = {len(names) for names in cells}
    return len(cells) > 1 and not others and length > 1 and all(name in BITS for names in cells for name in names)


def _unknown(task: TaskInfo, name: str, ids: dict[str, int]) -> str:
    message = f"{quoted(name)} is not one of {listed(task.labels)}"
    if normalised(name) in NO_GOLD:
        return f'{message}; if it means "no gold label", drop those rows with drop_labels = [{quoted(name)}]'
    if not is_number(name):
        if task.kind == "multiple_choice":
            return f"{message}; write ids from 0, or list the names of the options in labels"
        return f"{message}{did_you_mean(name, task.labels)}"
    numbered = task.labels == tuple(map(str, range(len(task.labels))))
    if is_whole(name) and (numbered or not any(map(is_number, task.labels))):
        return f"{message}; ids count from 0, so the last one is {len(task.labels) - 1}"
    return message


def _label_cells(table: OwnTable) -> list[Any]:
    return list(table.table[table.data.label].to_pylist())


def _named_cells(task: TaskInfo, table: OwnTable) -> list[Any]:
    cells = _label_cells(table)
    named = class_names(table.table.schema, table.data.label)
    if named and (not task.labels or set(named) <= set(task.labels)):
        # Another file may number the same classes in another order.
        cells = [_class_names(named, cell) for cell in cells]
    return cells


def _class_names(named: Sequence[str], cell: Any) -> Any:
    if isinstance(cell, list):
        return [_class_names(named, item) for item in cell]
    return named[cell] if isinstance(cell, int) and 0 <= cell < len(named) else cell


def _names(task: TaskInfo, table: OwnTable, row: int, cell: Any) -> list[str]:
    if task.kind == "multilabel":
        return _many_names(task, table, row, cell)
    if isinstance(cell, bytes):
        raise table.label_error(row, "must hold text, not bytes")
    if isinstance(cell, list | dict):
        raise table.label_error(row, "must hold one label per row")
    if is_empty(cell):
        raise table.label_error(row, 'is empty; fill the cell or drop the row, all such rows with drop_labels = [""]')
    advice = 'write one label, or kind = "multilabel", or list it in labels if it is a name'
    if looks_like_list(cell) and cell.strip() not in task.labels:
        raise table.label_error(row, f"holds a list, {quoted(cell.strip())}; {advice}")
    return [word(cell)]


def _many_names(task: TaskInfo, table: OwnTable, row: int, cell: Any) -> list[str]:
    if isinstance(cell, str) and looks_like_list(cell):
        try:
            cell = list_in(cell)
        except ValueError as error:
            raise table.label_error(row, str(error)) from None
    if isinstance(cell, str):
        if not table.data.separator:
            raise table.label_error(row, 'holds text; say what stands between the labels, as in separator = "|"')
        return [name for part in cell.split(table.data.separator) if (name := part.strip())]
    if cell is None:
        raise table.label_error(row, 'is empty; write [] for no label, or drop all such rows with drop_labels = [""]')
    if not isinstance(cell, list) or any(is_empty(item) or isinstance(item, list | dict | bytes) for item in cell):
        raise table.label_error(row, "must hold a list of labels")
    return [word(item) for item in cell]


def _score(table: OwnTable, row: int, cell: Any) -> float:
    try:
        return score_of(cell)
    except ValueError as error:
        drop = is_empty(cell) or normalised(word(cell)) in NO_GOLD
        name = "" if is_empty(cell) else word(cell)
        advice = f'; if it means "no gold label", drop those rows with drop_labels = [{quoted(name)}]' if drop else ""
        raise table.label_error(row, f"{error}{advice}") from None
