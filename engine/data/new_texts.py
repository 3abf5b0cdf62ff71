"""New texts for a trained task, without labels: checked, kept until the model is loaded, and then tokenized in windows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from tempfile import SpooledTemporaryFile, gettempdir
from typing import IO, Any, BinaryIO

import numpy as np

from engine.catalog.task import OwnData, TaskInfo
from engine.data.own_cells import list_in
from engine.data.own_rows import own_columns, own_texts
from engine.data.ragged import offsets_of
from engine.data.templates import GAP, TEMPLATES, Columns, Template
from engine.data.text_lines import Unreadable, json_rows, table_rows
from engine.data.tokenized_split import TokenizedSplit
from engine.data.tokenizer import BackboneTokenizer
from engine.errors import UserError
from engine.files.answer_file import DELIMITERS
from engine.own_benchmarks.pattern import fields

Row = Mapping[str, Any]
Line = tuple[int, Row]
"""The number of a line, from 1, and what the task reads of its row."""
IDS = ("id", "idx")
"""Fields of a line that are kept beside what the task reads, and repeated in its answer."""
WINDOW_ROWS = 4096
WINDOW_CHARACTERS = 8_000_000
"""Of a window's lines: what is held in memory at a time, however long the file."""
SPOOL_BYTES = 32 << 20
"""Of checked lines that are kept in memory; more are kept in a temporary file."""


class CheckedTexts:
    """The rows of a file that a task can read, all checked before the first is answered.

    They are kept because a pipe can be read once only, and a file may change meanwhile.
    """

    def __init__(self, file: BinaryIO, name: str, form: str, task: TaskInfo, skip: Callable[[str], None] | None = None) -> None:
        """Read the whole of ``file``, which has the format ``form``: ``jsonl``, ``csv`` or ``tsv``.

        Raises UserError, ``name:line: reason``, at the first bad line, or calls ``skip`` with that message for each of them.
        """
        self.count = 0
        self.skipped = 0
        self.ids: tuple[str, ...] = ()
        """Those of ``IDS`` that any row has."""
        self._name = name
        self._skip = skip
        # Closed with the object, which reads it again.
        self._kept: IO[bytes] = SpooledTemporaryFile(SPOOL_BYTES)  # noqa: SIM115
        seen: set[str] = set()
        try:
            for number, row in self._rows(file, form, task):
                self._keep((number, row))
                self.count += 1
                seen.update(row)
        except Unreadable as error:
            raise UserError(f"{name}:{error.line}: {error}") from None
        self.ids = tuple(name for name in IDS if name in seen)

    def windows(self) -> Iterator[list[Line]]:
        """The rows, a few thousand at a time."""
        window: list[Line] = []
        size = 0
        self._kept.seek(0)
        for text in self._kept:
            number, row = json.loads(text)
            window.append((number, row))
            size += len(text)
            if len(window) == WINDOW_ROWS or size > WINDOW_CHARACTERS:
                yield window
                window, size = [], 0
        if window:
            yield window

    def _rows(self, file: BinaryIO, form: str, task: TaskInfo) -> Iterator[Line]:
        needed = required_columns(task)
        is_table = form in DELIMITERS
        rows = table_rows(file, DELIMITERS[form], needed, self._refuse) if is_table else json_rows(file, self._refuse)
        for number, row in rows:
            try:
                checked = _checked(_from_cells(task, row) if is_table else row, task)
            except ValueError as error:
                self._refuse(number, str(error))
            else:
                yield number, checked

    def _keep(self, line: Line) -> None:
        try:
            self._kept.write(json.dumps(line).encode() + b"\n")
        except OSError as error:
            where = f"the texts cannot be kept in {gettempdir()}: {error.strerror}"
            raise UserError(f"{where}; set TMPDIR to a folder with more room", exit_code=1) from None

    def _refuse(self, number: int, reason: str) -> None:
        message = f"{self._name}:{number}: {reason}"
        if self._skip is None:
            raise UserError(message)
        self.skipped += 1
        self._skip(message)


def required_columns(task: TaskInfo) -> tuple[str, ...]:
    """The columns that a row without a label must have."""
    return own_columns(task.data) if isinstance(task.data, OwnData) else _text_columns(task)


def _text_columns(task: TaskInfo) -> tuple[str, ...]:
    return tuple(name for name in task.columns if name not in TEMPLATES[task.template].answers)


def _from_cells(task: TaskInfo, row: dict[str, Any]) -> dict[str, Any]:
    """The row of a table, with lists and numbers where the task reads such. Raises ValueError for a list that is none."""
    template = TEMPLATES[task.template]
    lists = [*template.lists]
    if isinstance(task.data, OwnData) and len(task.data.options) == 1:
        lists += fields(task.data.options[0])
    for name in row.keys() & lists:
        row[name] = list_in(row[name])
    for name in row.keys() & template.positions:
        row[name] = int(row[name]) if row[name].strip().isdecimal() else row[name]
    return row


def _checked(row: Row, task: TaskInfo) -> dict[str, Any]:
    """What is kept of a row. Raises ValueError for one that the task cannot read."""
    for name in required_columns(task):
        if name not in row:
            needed = ", ".join(required_columns(task))
            raise ValueError(f"there is no {name!r}; {task.key} reads {needed}")
    if isinstance(task.data, OwnData):
        row = {**row, **own_texts(task, task.data, row)}
    template = TEMPLATES[task.template]
    for name in _text_columns(task):
        _check(name, row[name], template)
    try:
        template.render(task, _columns(task, [row]))
    except UserError as error:
        raise ValueError(str(error)) from None
    return {name: row[name] for name in (*IDS, *_text_columns(task)) if name in row}


def _check(name: str, value: Any, template: Template) -> None:
    if name in template.positions:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{name!r} must be a whole number")
        return
    is_list = name in template.lists
    texts = value if is_list else [value]
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{name!r} must be {'a list of texts, at least one' if is_list else 'text'}")
    if not all(text.strip() for text in texts):
        raise ValueError(f"{name!r} {'holds a blank text' if is_list else 'is blank'}")
    if name == template.gap and GAP not in value:
        raise ValueError(f"{name!r} has no {GAP}, the gap that a candidate fills")
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name!r} holds half a character (a lone surrogate)") from None


def tokenized(lines: Sequence[Line], task: TaskInfo, tokenizer: BackboneTokenizer) -> TokenizedSplit:
    """The examples of checked lines in order, of an entity ranking one for each entity. Labels are zeros without a meaning."""
    rendered = TEMPLATES[task.template].render(task, _columns(task, [row for _, row in lines]))
    arrays = tokenizer.encode(rendered.sequences, task.max_length, task.truncate)
    starts = offsets_of(arrays["lengths"])[:-1]
    labels = np.zeros(len(rendered.sequences) // rendered.options)
    return TokenizedSplit(arrays["tokens"], starts, arrays["lengths"], arrays["second"], labels, rendered.options)


def _columns(task: TaskInfo, rows: Sequence[Row]) -> Columns:
    """The columns that the template reads: no answers, and every row on a passage of its own."""
    template = TEMPLATES[task.template]
    columns: Columns = {name: [row[name] for row in rows] for name in _text_columns(task)}
    columns |= {name: [[] for _ in rows] for name in template.answers}
    if template.index:
        columns["idx"] = [dict.fromkeys(template.index, number) for number in range(len(rows))]
    return columns
