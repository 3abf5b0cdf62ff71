"""Tables from users' files: CSV, TSV, JSONL and parquet, with errors that name file and line."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import UserError

SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")
DELIMITERS = {".csv": ",", ".tsv": "\t"}
DAMAGED = "it is cut, damaged or another kind of file, so bring a whole copy"
CHUNK = 10_000
"""Rows that are Python objects at a time; a file of lines is never in memory as a whole."""


def read_file(
    path: Path,
    columns: Sequence[str] | None = None,
    quoted: bool = True,
    name: str | None = None,
    first: int | None = None,
) -> pa.Table:
    """The file's rows, with all columns unless ``columns`` are given. The suffix of its name determines the format.

    ``first``: of a file of lines, read that many rows only.

    Text is UTF-8. CSV and TSV have a header; their cells are strings, quoted as by spreadsheets unless ``quoted`` is False:
    then a quote is a character like any other, and each line is a row. Each line of JSONL is
    one object; a field that it lacks is null. Blank lines are skipped. Raises UserError naming file and line, a parquet file by
    ``name`` where that is given.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(f"{shown(path)} is not a file of rows; those end in {', '.join(SUFFIXES)}")
    with one_line_errors(path, name):
        if suffix == ".parquet":
            return _parquet(path, columns, name or shown(path))
        return _json(path, columns, first) if suffix == ".jsonl" else _csv(path, columns, quoted, first)


@contextmanager
def one_line_errors(path: Path, name: str | None = None) -> Iterator[None]:
    """Raise UserError for what goes wrong while ``path`` is read, naming the file, a parquet file by ``name`` if given."""
    try:
        yield
    except pa.ArrowException:
        raise UserError(f"{name or shown(path)} cannot be read as parquet; {DAMAGED}") from None
    except FileNotFoundError:
        raise UserError(f"{shown(path)} does not exist") from None
    except UnicodeDecodeError:
        raise UserError(f"{shown(path)}:{_undecodable_line(path)}: this is not UTF-8; save the file in that encoding") from None
    except OSError as error:
        # Those of pyarrow, of pages that are damaged, have no strerror.
        reason = f": {error.strerror}" if error.strerror else f"; {DAMAGED}"
        raise UserError(f"{name or shown(path)} cannot be read{reason}") from None


def count_lines(path: Path) -> int:
    """Rows of a file of lines, which are not parsed beyond where each ends. Raises UserError naming the file."""
    with one_line_errors(path):
        if path.suffix.lower() in DELIMITERS:
            return max(0, sum(1 for _ in _csv_rows(path, True)) - 1)
        with path.open("rb") as file:
            return sum(not line.isspace() for line in file)


def class_names(schema: pa.Schema, column: str) -> tuple[str, ...]:
    """Names of the class ids, or of those in lists, in a column that ``datasets`` wrote; empty where it names none."""
    try:
        feature = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"][column]
        if isinstance(feature, list):
            (feature,) = feature
        feature = feature.get("feature", feature)
        return tuple(name.strip() for name in feature["names"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return ()


def location_of(path: Path, row: int, quoted: bool = True) -> str:
    """Row ``row`` (from 0) as errors name it: ``reviews.csv:17`` by line, ``reviews.parquet row 17`` counted from 1."""
    (line,) = lines_of(path, [row], quoted)
    return f"{shown(path)} row {line}" if path.suffix.lower() == ".parquet" else f"{shown(path)}:{line}"


def lines_of(path: Path, rows: Sequence[int], quoted: bool = True) -> list[int]:
    """The line on which each of ``rows`` (from 0) begins; of parquet, the number of the row. All are counted from 1."""
    if path.suffix.lower() == ".parquet":
        return [row + 1 for row in rows]
    lines = _json_rows(path) if path.suffix.lower() == ".jsonl" else islice(_csv_rows(path, quoted), 1, None)
    wanted = set(rows)
    found = {row: line for row, (line, _) in enumerate(islice(lines, max(rows, default=-1) + 1)) if row in wanted}
    return [found[row] for row in rows]


def swallowed_lines(path: Path) -> tuple[int, int]:
    """How many rows of a quoted table took in lines that may be rows of their own, and the line of the first, or 0.

    In TSV that is every cell of several lines. In CSV, where those are common, only a row of which each line has the columns of
    the header.
    """
    suffix = path.suffix.lower()
    if suffix not in DELIMITERS:
        return 0, 0
    rows = _csv_rows(path, True)
    width = len(next(rows, (0, []))[1])
    count = first = 0
    for line, cells in rows:
        text = DELIMITERS[suffix].join(cells)
        if "\n" in text and (suffix == ".tsv" or all(part.count(",") == width - 1 for part in text.splitlines())):
            count, first = count + 1, first or line
    return count, first


class MissingColumn(UserError):
    """A table lacks a column that is read."""


def require_columns(file: str, names: Sequence[str], columns: Sequence[str] | None) -> None:
    """Raises MissingColumn, naming the file, for the first of ``columns`` that it lacks."""
    for name in columns or ():
        if name not in names:
            raise MissingColumn(f"{file} has no column {name!r}; it has {', '.join(names) or 'none'}")


def shown(path: Path) -> str:
    """``path`` as errors name it: relative if it is below the working directory."""
    current = Path.cwd()
    return str(path.relative_to(current) if path.is_relative_to(current) else path)


def _parquet(path: Path, columns: Sequence[str] | None, file: str) -> pa.Table:
    names = pq.read_schema(path).names
    require_columns(file, names, columns)
    require_distinct(f"{file}:", names)
    return pq.read_table(path, columns=None if columns is None else list(columns))


def _csv(path: Path, columns: Sequence[str] | None, quoted: bool, first: int | None) -> pa.Table:
    rows = _csv_rows(path, quoted)
    header = next(rows, (0, []))[1]
    if not header:
        raise UserError(f"{shown(path)} is empty; its first line must name the columns")
    require_distinct(f"{shown(path)}:1:", header)
    require_columns(shown(path), header, columns)
    rows = islice(rows, first)
    wanted = [(name, header.index(name)) for name in (header if columns is None else columns)]
    chunks = []
    while chunk := list(islice(rows, CHUNK)):
        for line, cells in chunk:
            if len(cells) != len(header):
                count = f"{len(cells)} cell{'s' * (len(cells) != 1)}"
                raise UserError(f"{shown(path)}:{line}: {count}, but the header names {len(header)} columns")
        chunks.append({name: pa.array([cells[index] for _, cells in chunk], pa.string()) for name, index in wanted})
    return _table(path, [name for name, _ in wanted], chunks, pa.string())


def _json(path: Path, columns: Sequence[str] | None, first: int | None) -> pa.Table:
    rows = islice(_json_rows(path), first)
    seen: dict[str, None] = {}
    kinds: dict[str, str] = {}
    chunks = []
    while chunk := list(islice(rows, CHUNK)):
        for line, row in chunk:
            seen.update(dict.fromkeys(row))
            for name in row if columns is None else columns:
                _check_kind(path, line, name, row.get(name), kinds)
        chunks.append({name: _array(path, name, [row.get(name) for _, row in chunk]) for name in columns or seen})
    require_columns(shown(path), list(seen), columns)
    return _table(path, list(columns or seen), chunks, pa.null())


def _table(path: Path, names: Sequence[str], chunks: Sequence[dict[str, pa.Array]], empty: pa.DataType) -> pa.Table:
    """The chunks concatenated; a later chunk may have columns that an earlier one lacks."""
    if not chunks:
        return pa.table({name: pa.array([], empty) for name in names})
    try:
        return pa.concat_tables([pa.table(chunk) for chunk in chunks], promote_options="permissive").select(list(names))
    except pa.ArrowException as error:
        raise UserError(f"{shown(path)}: a column has values of several types: {str(error).splitlines()[0]}") from None


def _array(path: Path, name: str, values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except OverflowError:
        raise UserError(f'{shown(path)}: column "{name}" holds a number of more than 64 bits; write it as text') from None
    except pa.ArrowException as error:
        raise UserError(f'{shown(path)}: column "{name}" has values of several types: {str(error).splitlines()[0]}') from None


def _check_kind(path: Path, line: int, name: str, value: Any, kinds: dict[str, str]) -> None:
    if value is None or value == []:
        return
    kind = _kind(value)
    if type(value) is int and value.bit_length() > 63:
        raise UserError(f'{shown(path)}:{line}: column "{name}" holds a number of more than 64 bits; write it as text')
    if kinds.setdefault(name, kind) != kind:
        raise UserError(f'{shown(path)}:{line}: column "{name}" holds {kind} here and {kinds[name]} before')


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return f"a list of {' and '.join(sorted({_kind(item) for item in value}))}"
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", dict: "an object", type(None): "null"}
    return names[type(value)]


def _csv_rows(path: Path, quoted: bool) -> Iterator[tuple[int, list[str]]]:
    """The line on which each row begins, counted from 1, and its cells; the header first."""
    csv.field_size_limit(sys.maxsize)
    delimiter = DELIMITERS[path.suffix.lower()]
    with path.open(encoding="utf-8-sig", newline="") as file:
        if not quoted:
            lines = ((line, text.rstrip("\r\n")) for line, text in enumerate(file, 1))
            yield from ((line, text.split(delimiter)) for line, text in lines if text)
            return
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        line = 1
        try:
            for cells in reader:
                if cells:
                    yield line, cells
                line = reader.line_num + 1
        except csv.Error:
            raise UserError(
                f'{shown(path)}:{line}: the quotes of this row do not match; a cell with " in it is quoted and doubles them; '
                "write quoted = false for a table without quoted cells"
            ) from None


def _json_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig") as file:
        for line, text in enumerate(file, 1):
            if text.isspace():
                continue
            try:
                row = json.loads(text)
                if "\\ud" in text or "\\uD" in text:
                    json.dumps(row, ensure_ascii=False).encode()
            except json.JSONDecodeError as error:
                raise UserError(f"{shown(path)}:{line}: not valid JSON at character {error.pos + 1}: {error.msg}") from None
            except UnicodeEncodeError:
                raise UserError(f"{shown(path)}:{line}: this holds half a character (a lone surrogate)") from None
            except (ValueError, RecursionError):
                raise UserError(f"{shown(path)}:{line}: a number is too long, or lists lie too deep in each other") from None
            if not isinstance(row, dict):
                raise UserError(f"{shown(path)}:{line}: each line must be one JSON object, not {_kind(row)}")
            yield line, row


def require_distinct(where: str, names: Sequence[str]) -> None:
    """Raises UserError, beginning with ``where``, for a name that there is twice."""
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"{where} the header names the column {twice!r} twice")


def _undecodable_line(path: Path) -> int:
    with path.open("rb") as file:
        for line, text in enumerate(file, 1):
            try:
                text.decode()
            except UnicodeDecodeError:
                return line
    return 1
