"""Records as rows of a database, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, TypeVar

from engine.registry.records import Checkpoint, Event, Evidence, Metric, Replicate, Run, RunState, Source, Sweep, Tag

Record = Run | Source | Metric | Checkpoint | Evidence | Replicate | Tag | Event | Sweep
Kind = TypeVar("Kind", Run, Source, Metric, Checkpoint, Evidence, Replicate, Tag, Event, Sweep)


def columns_of(record: Record) -> dict[str, Any]:
    """The fields of a record by name, which are the columns of its table."""
    return {column.name: getattr(record, column.name) for column in fields(record)}


def as_json(record: Record, without: Iterable[str] = ()) -> dict[str, Any]:
    """The fields as JSON has them; times end in Z."""
    values = {name: value for name, value in columns_of(record).items() if name not in without}
    return {name: _written(value) if isinstance(value, datetime) else value for name, value in values.items()}


def from_rows(kind: type[Kind], rows: Iterable[Sequence[Any]]) -> list[Kind]:
    """Records from rows whose values are in the order of the fields."""
    names = [column.name for column in fields(kind)]
    converted = [(index, _DECODE[str(column.type)]) for index, column in enumerate(fields(kind)) if column.type in _DECODE]
    records = []
    for row in rows:
        values = list(row)
        for index, decode in converted:
            if values[index] is not None:
                values[index] = decode(values[index])
        records.append(kind(**dict(zip(names, values, strict=True))))
    return records


def as_time(value: str | datetime) -> datetime:
    """A time as a database gives it: SQLite has texts of UTC times without their zone, PostgreSQL has times."""
    parsed = datetime.fromisoformat(value) if isinstance(value, str) else value
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def as_seconds(value: str | datetime) -> float:
    """A time as a database gives it, in seconds since 1970."""
    # Thousands of them are read at once.
    return (datetime.fromisoformat(f"{value}+00:00") if isinstance(value, str) else as_time(value)).timestamp()


def _written(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


_DECODE: dict[str, Callable[[Any], Any]] = {
    "datetime": as_time,
    "datetime | None": as_time,
    "RunState": RunState,
    "bool": bool,
}
"""By the annotation of a field, what makes its value from the database's."""
