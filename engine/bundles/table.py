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
from engine.reports.exports import to_json
from engine.reports.leaderboard import build
from engine.runs.selection import Selection, Term

SCHEMA = 1
TOLERANCE = 1e-9


def table_of(reader: Reader, catalog: Catalog, records: Sequence[RunRecord]) -> dict[str, Any]:
    """``table.json``, from a registry that has the bundle's runs and no others."""
    sources = {record.id for record in records if record.role == "source"}
    selection = None
    if sources:
        selection = Selection[Run](("role:target",), (Term(False, lambda run: run.id not in sources),))
    board = build(reader, catalog, selection=selection, at=newest_moment(records))
    query = {"runs": sorted(record.id for record in records if record.role == "target")}
    return {"schema": SCHEMA, "query": query, "leaderboard": json.loads(to_json(board))}


def count_cells(document: dict[str, Any]) -> int:
    """Cells of measured rows."""
    tables = document["leaderboard"]["tables"]
    return sum(len(row["cells"]) for table in tables for row in table["rows"] if row["method"] is not None)


def differences(stored: Any, computed: Any) -> list[str]:
    """What a stored table says other than the one that was computed, each place in words."""
    return [
        f"{_place(stored, path)}: {_shown(mine)} in the bundle, {_shown(theirs)} recomputed"
        for path, mine, theirs in _different(stored, computed, ())
    ]


Path = tuple[str | int, ...]


def _different(stored: Any, computed: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    if isinstance(stored, dict) and isinstance(computed, dict):
        for name in dict.fromkeys((*stored, *computed)):
            yield from _different(stored.get(name), computed.get(name), (*path, name))
    elif isinstance(stored, list) and isinstance(computed, list) and len(stored) == len(computed):
        for index, (mine, theirs) in enumerate(zip(stored, computed, strict=True)):
            yield from _different(mine, theirs, (*path, index))
    elif not _equal(stored, computed):
        yield path, stored, computed


def _equal(stored: Any, computed: Any) -> bool:
    numbers = (int, float)
    if isinstance(stored, numbers) and isinstance(computed, numbers) and not isinstance(stored, bool):
        return math.isclose(stored, computed, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return type(stored) is type(computed) and bool(stored == computed)


def _place(document: Any, path: Path) -> str:
    """``cell toy/choice of Adapter in toy, minilm: mean``; what is no part of a table is named by its path."""
    names: list[str] = []
    rest, value, parts = list(path), document, []
    while rest:
        step = rest.pop(0)
        value = value[step] if isinstance(value, list) or step in value else None
        if step == "cells" and rest:
            parts.insert(0, f"cell {rest.pop(0)} of")
            value = value.get(parts[0][5:-3]) if isinstance(value, dict) else None
        elif isinstance(step, int) and isinstance(value, dict) and {"title", "settings"} <= set(value):
            settings = ", ".join(f"{name}={text}" for name, text in value["settings"].items())
            parts.append(f"{value['title']}{f' ({settings})' if settings else ''} in")
        elif isinstance(step, int) and isinstance(value, dict) and {"benchmark", "backbone"} <= set(value):
            names.insert(0, f"{value['benchmark']}, {value['backbone']}")
        elif step not in ("leaderboard", "tables", "rows"):
            names.append(str(step))
        if value is None or not isinstance(value, dict | list):
            names += map(str, rest)
            break
    return " ".join([*parts, *names[:1]]) + (f": {' '.join(names[1:])}" if names[1:] else "")


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    return f"{value:.12g}" if isinstance(value, float) else str(value)[:60]
