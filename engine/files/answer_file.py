"""Answers in a file or on standard output: JSON lines, or a table."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import UserError
from engine.files.disk import atomic_write

Write = Callable[[dict[str, Any]], None]
DELIMITERS = {"csv": ",", "tsv": "\t"}
"""By the format of a table."""


@contextmanager
def destination(path: Path | None) -> Iterator[BinaryIO]:
    """What the answers are written to: standard output without ``path``.

    A regular file has its name only when the block has ended without an exception; a pipe or a device is written to as it is.
    Raises UserError where the file cannot be made.
    """
    if path is None:
        yield sys.stdout.buffer
        _flush(sys.stdout.buffer)
        return
    with ExitStack() as opened:
        try:
            if path.exists() and not path.is_file():
                file = opened.enter_context(path.open("wb"))
            else:
                # A link stays what it is, and what it points to is replaced.
                file = opened.enter_context(opened.enter_context(atomic_write(path.resolve())).open("wb"))
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror}") from None
        yield file
        _flush(file)


def writer(out: BinaryIO, form: str, first: Sequence[str]) -> Write:
    """Writes one answer: a JSON line, or a row of a ``csv`` or ``tsv`` below a header.

    The columns of a table are ``first`` and what the first answer has; lists and objects are JSON in their cells.
    """
    if form in DELIMITERS:
        return _table_writer(out, DELIMITERS[form], first)
    return lambda answer: _write(out, json.dumps(answer, ensure_ascii=False) + "\n")


def _table_writer(out: BinaryIO, delimiter: str, first: Sequence[str]) -> Write:
    columns: list[str] = []

    def write(answer: dict[str, Any]) -> None:
        lines = io.StringIO()
        table = csv.writer(lines, delimiter=delimiter, lineterminator="\n")
        if not columns:
            columns.extend(dict.fromkeys((*first, *answer)))
            table.writerow(columns)
        table.writerow([_cell(answer.get(name, "")) for name in columns])
        _write(out, lines.getvalue())

    return write


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _write(out: BinaryIO, text: str) -> None:
    with _refusals():
        out.write(text.encode(errors="replace"))


def _flush(out: BinaryIO) -> None:
    with _refusals():
        out.flush()


@contextmanager
def _refusals() -> Iterator[None]:
    """A full disk as a UserError; a reader that closed its pipe is none."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UserError(f"cannot write the answers: {error.strerror}", exit_code=1) from None
