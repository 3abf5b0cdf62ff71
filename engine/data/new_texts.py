"""New texts for a trained task: JSON lines in, windows of tokenized examples out, by the task's template and without labels."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np

from engine.catalog.task import OwnData, TaskInfo
from engine.data.own_rows import own_columns, own_texts
from engine.data.ragged import offsets_of
from engine.data.templates import GAP, TEMPLATES, Columns, Template
from engine.data.tokenized_split import TokenizedSplit
from engine.data.tokenizer import BackboneTokenizer
from engine.errors import UserError

Row = Mapping[str, Any]
Line = tuple[int, Row]
"""The number of a line, from 1, and its object."""
WINDOW_ROWS = 4096
WINDOW_CHARACTERS = 8_000_000
"""Of a window's lines: what is held in memory at a time, however long the file."""


def windows(file: BinaryIO, name: str, task: TaskInfo) -> Iterator[list[Line]]:
    """The file's rows, a few thousand at a time, checked to have what the task reads.

    Raises UserError, ``name:line: reason``, at the first malformed line.
    """
    window: list[Line] = []
    size = 0
    for number, text in enumerate(file, start=1):
        try:
            window.append((number, _row(text, task)))
        except ValueError as error:
            raise UserError(f"{name}:{number}: {error}") from None
        size += len(text)
        if len(window) == WINDOW_ROWS or size > WINDOW_CHARACTERS:
            yield window
            window, size = [], 0
    if window:
        yield window


def required_columns(task: TaskInfo) -> tuple[str, ...]:
    """The columns that a row without a label must have."""
    return own_columns(task.data) if isinstance(task.data, OwnData) else _text_columns(task)


def _text_columns(task: TaskInfo) -> tuple[str, ...]:
    return tuple(name for name in task.columns if name not in TEMPLATES[task.template].answers)


def _row(text: bytes, task: TaskInfo) -> Row:
    try:
        row = json.loads(text)
    except UnicodeDecodeError:
        raise ValueError("this is not UTF-8") from None
    except (ValueError, RecursionError):
        raise ValueError("this is not JSON; write one object on each line" if text.strip() else "this line is empty") from None
    if not isinstance(row, dict):
        raise ValueError("this is not a JSON object; write one on each line")
    for name in required_columns(task):
        if name not in row:
            needed = ", ".join(required_columns(task))
            raise ValueError(f"there is no {name!r}; {task.key} reads {needed}")
    if isinstance(task.data, OwnData):
        row |= own_texts(task, task.data, row)
    for name in _text_columns(task):
        _check(name, row[name], TEMPLATES[task.template])
    return row


def _check(name: str, value: Any, template: Template) -> None:
    if name in template.positions:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{name!r} must be a whole number")
        return
    is_list = name in template.lists
    texts = value if is_list else [value]
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{name!r} must be {'a list of texts, at least one' if is_list else 'text'}")
    if name == template.gap and GAP not in value:
        raise ValueError(f"{name!r} has no {GAP}, the gap that a candidate fills")
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name!r} holds half a character (a lone surrogate)") from None


def tokenized(lines: Sequence[Line], name: str, task: TaskInfo, tokenizer: BackboneTokenizer) -> TokenizedSplit:
    """The examples of the lines in order, of an entity ranking one for each entity. Labels are zeros without a meaning.

    Raises UserError, ``name:line: reason``, for a row that the template cannot render.
    """
    template = TEMPLATES[task.template]
    try:
        rendered = template.render(task, _columns(task, [row for _, row in lines]))
    except UserError:
        for number, row in lines:
            try:
                template.render(task, _columns(task, [row]))
            except UserError as error:
                raise UserError(f"{name}:{number}: {error}") from None
        raise
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
