"""Lines of new texts as rows: JSON lines, or a table with a header. Whatever is read, a line or a row of a table is bounded."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

Numbered = tuple[int, dict[str, Any]]
"""The line on which a row begins, from 1, and its fields."""
Refuse = Callable[[int, str], None]
"""Called with the number of a line and the reason why it is none that can be read."""
LONGEST = 8 << 20
"""Bytes of a line; of a row of a table, with the line breaks in its cells."""


class Unreadable(ValueError):
    """The rest of a file cannot be read. ``line`` is where that begins."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def json_rows(file: BinaryIO, refuse: Refuse) -> Iterator[Numbered]:
    """The object on each line. Every other line is refused, an empty one too."""
    for number, text in _bounded(file, refuse):
        try:
            row = _object(text)
        except ValueError as error:
            refuse(number, str(error))
        else:
            yield number, row


def table_rows(file: BinaryIO, delimiter: str, needed: Sequence[str], refuse: Refuse) -> Iterator[Numbered]:
    """The rows below a header that names the columns, those ``needed`` among them; all cells are text, blank lines are skipped.

    Quotes are those of Python's ``csv``. Raises Unreadable for another header and for a row without an end.
    """
    rows = _cells(file, delimiter, refuse)
    first, header = next(rows, (1, []))
    if not header:
        raise Unreadable(1, "this is empty; the first line must name the columns")
    if len(set(header)) < len(header):
        raise Unreadable(first, f"the header names {next(name for name in header if header.count(name) > 1)!r} twice")
    for name in needed:
        if name not in header:
            raise Unreadable(first, f"the header has no column {name!r}; needed: {', '.join(needed)}")
    for line, cells in rows:
        if len(cells) == len(header):
            yield line, dict(zip(header, cells, strict=True))
        else:
            count = f"{len(cells)} cell{'s' * (len(cells) != 1)}"
            refuse(line, f"this row has {count}, but the header names {len(header)} column{'s' * (len(header) != 1)}")


def _bounded(file: BinaryIO, refuse: Refuse) -> Iterator[tuple[int, bytes]]:
    number = 0
    while text := file.readline(LONGEST + 1):
        number += 1
        if len(text) <= LONGEST:
            yield number, text
            continue
        refuse(number, f"this line has more than {LONGEST:,} bytes")
        while text and not text.endswith(b"\n"):
            text = file.readline(LONGEST)


def _object(text: bytes) -> dict[str, Any]:
    try:
        row = json.loads(text.decode("utf-8-sig"), parse_int=_whole, parse_float=_finite, parse_constant=_finite)
    except UnicodeDecodeError:
        raise ValueError("this is not UTF-8") from None
    except json.JSONDecodeError:
        raise ValueError("this is not JSON; write one object on each line" if text.strip() else "this line is empty") from None
    except RecursionError:
        raise ValueError("this is nested too deeply") from None
    if not isinstance(row, dict):
        raise ValueError("this is not a JSON object; write one on each line")
    return row


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text[:20]}... has more digits than a number may have") from None


def _finite(text: str) -> float:
    if math.isfinite(value := float(text)):
        return value
    raise ValueError(f"{text[:20]} is not a finite number")


def _cells(file: BinaryIO, delimiter: str, refuse: Refuse) -> Iterator[tuple[int, list[str]]]:
    """The line on which each row begins, and its cells."""
    number = start = size = 0

    def lines() -> Iterator[str]:
        nonlocal number, size
        while text := file.readline(LONGEST + 1):
            number, size = number + 1, size + len(text)
            if size > LONGEST:
                raise Unreadable(start, f"this row has more than {LONGEST:,} bytes; is there a quote that does not end?")
            if number == 1:
                text = text.removeprefix(b"\xef\xbb\xbf")
            # What is not UTF-8 is refused with its whole row, of which this may be a line in the middle.
            yield text.decode(errors="surrogateescape")

    csv.field_size_limit(sys.maxsize)
    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    while True:
        start, size = number + 1, 0
        try:
            cells = next(reader)
            "".join(cells).encode()
        except StopIteration:
            return
        except csv.Error:
            upto = f" up to line {number}" if number > start else ""
            refuse(start, f"the quotes of this row{upto} do not match; a cell with quotes in it is quoted and doubles them")
        except UnicodeEncodeError:
            refuse(start, "this is not UTF-8")
        else:
            if cells:
                yield start, cells
