"""The table of a bundle: the leaderboard of its runs alone, the same wherever it is built."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

from engine.bundles.records import RunRecord, newest_moment
from engine.catalog.catalog import Catalog
from engine.registry.reading import Reader
from engine.registry.records import Run
from engine.reports.formats.json import to_json
from engine.reports.leaderboard import build
from engine.reports.query import Query
from engine.reports.with_standings import with_standings
from engine.runs.selection import Selection, Term

SCHEMA = 1
TOLERANCE = 1e-9


def table_of(reader: Reader, catalog: Catalog, records: Sequence[RunRecord]) -> dict[str, Any]:
    """``table.json``, from a registry that has the bundle's runs and no others."""
    sources = {record.id for record in records if record.role == "source"}
    selection = None
    if sources:
        selection = Selection[Run](("role:target",), (Term(False, lambda run: run.id not in sources),))
    board = build(reader, catalog, Query(selection=selection), at=newest_moment(records))
    board = with_standings(board, reader, catalog)
    query = {"runs": sorted(record.id for record in records if record.role == "target")}
    return {"schema": SCHEMA, "query": query, "leaderboard": json.loads(to_json(board))}


def count_cells(document: dict[str, Any]) -> int:
    """Cells of measured rows."""
    tables = document["leaderboard"]["tables"]
    return sum(len(row["cells"]) for table in tables for row in table["rows"] if row["method"] is not None)


def differences(stored: Any, computed: Any) -> list[str]:
    """What a stored table says other than the one that was computed, each place in words."""
    return [
        f"{_in_words(stored, place)}: {_shown(mine)} in the bundle, {_shown(theirs)} recomputed"
        for place, mine, theirs in _different(stored, computed, ())
    ]


Place = tuple[str | int, ...]
"""Keys and indices that lead to a value of a document."""


def _different(stored: Any, computed: Any, place: Place) -> Iterator[tuple[Place, Any, Any]]:
    if isinstance(stored, dict) and isinstance(computed, dict):
        for name in dict.fromkeys((*stored, *computed)):
            yield from _different(stored.get(name), computed.get(name), (*place, name))
    elif isinstance(stored, list) and isinstance(computed, list) and len(stored) == len(computed):
        for index, (mine, theirs) in enumerate(zip(stored, computed, strict=True)):
            yield from _different(mine, theirs, (*place, index))
    elif not _equal(stored, computed):
        yield place, stored, computed


def _equal(stored: Any, computed: Any) -> bool:
    numbers = (int, float)
    if isinstance(stored, numbers) and isinstance(computed, numbers) and not isinstance(stored, bool):
        return math.isclose(stored, computed, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return type(stored) is type(computed) and bool(stored == computed)


def _in_words(document: Any, place: Place) -> str:
    """``toy, minilm, Adapter, cell toy/choice: values 0``; what is in no table is named by its keys."""
    match place:
        case ("leaderboard", "tables", int(table), "rows", int(row), "cells", key, *rest):
            names = [_table_name(document, table), _row_name(document, table, row), f"cell {key}"]
        case ("leaderboard", "tables", int(table), "rows", int(row), *rest):
            names = [_table_name(document, table), _row_name(document, table, row)]
        case ("leaderboard", "tables", int(table), *rest):
            names = [_table_name(document, table)]
        case _:
            names, rest = ["table.json"], list(place)
    return ", ".join(names) + (f": {' '.join(map(str, rest))}" if rest else "")


def _table_name(document: Any, table: int) -> str:
    found = document["leaderboard"]["tables"][table]
    return f"{found.get('benchmark')}, {found.get('backbone')}"


def _row_name(document: Any, table: int, row: int) -> str:
    found = document["leaderboard"]["tables"][table]["rows"][row]
    settings = ", ".join(f"{name}={text}" for name, text in (found.get("settings") or {}).items())
    return f"{found.get('title')}{f' ({settings})' if settings else ''}"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    return f"{value:.12g}" if isinstance(value, float) else str(value)[:60]
