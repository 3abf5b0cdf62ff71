"""Records as text: CSV for tables, one JSON document, or JSON lines. Foreign text in them is harmless."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import IO, Any

from engine.reports.sinks import csv_cell, json_text
from engine.results.rows import ResultRows

SCHEMA = 1
"""Version of the JSON document; a field that changes its meaning raises it."""
Write = Callable[[ResultRows[Any], IO[str]], int]
"""Returns the number of records."""


def write_csv(rows: ResultRows[Any], out: IO[str]) -> int:
    """A header and a line per record; None is an empty cell, lists and objects are JSON in theirs."""
    table = csv.writer(out, lineterminator="\n")
    table.writerow(map(csv_cell, rows.columns))
    count = 0
    for values in rows.tuples():
        table.writerow([_cell(value) for value in values])
        count += 1
    return count


def write_json(rows: ResultRows[Any], out: IO[str]) -> int:
    """``{"schema": 1, "rows": [...]}``, written record by record."""
    out.write(f'{{"schema": {SCHEMA}, "rows": [')
    count = 0
    for document in _documents(rows):
        out.write(f"{',' if count else ''}\n{document}")
        count += 1
    out.write("\n]}\n")
    return count


def write_jsonl(rows: ResultRows[Any], out: IO[str]) -> int:
    """An object per record and line."""
    count = 0
    for document in _documents(rows):
        out.write(f"{document}\n")
        count += 1
    return count


def _documents(rows: ResultRows[Any]) -> Iterator[str]:
    names = rows.fields
    for record in rows:
        fields = {name: _finite(getattr(record, name)) for name in names}
        yield json_text(json.dumps(fields, ensure_ascii=False, allow_nan=False, default=_written))


def _cell(value: Any) -> object:
    # Most are numbers, of which there may be a thousand million.
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, (tuple, dict)):
        return csv_cell(json.dumps(value, ensure_ascii=False)) if value else ""
    return csv_cell(_written(value) if isinstance(value, datetime) else value)


def _written(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _finite(value: Any) -> Any:
    """JSON has no infinite numbers: they become null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
