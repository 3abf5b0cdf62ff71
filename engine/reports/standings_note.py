"""A footer's line on the tests of a table: what they claim, what they are corrected for, and what was not tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.registry.reading import Reader
from engine.registry.records import Run
from engine.reports.significance.given import given
from engine.reports.significance.tests import BOOTSTRAP_T, CLAIMS, TESTS
from engine.reports.table import Cell, Row, Table

CROSSED = TESTS["crossed"]


def standings_note(
    table: Table, runs: Mapping[str, Run], reader: Reader, against: int | None, why_not: Mapping[str, Sequence[str]]
) -> list[str]:
    """Of a table with standings. ``runs`` are its runs by id, ``why_not`` has by reason the names of rows not tested."""
    cells = [(row, cell) for row in table.rows for cell in row.cells.values() if cell.standing]
    groups = [[runs[run_id] for run_id in cell.run_ids] for _, cell in cells]
    return [
        *_claims(cells),
        *(f"given {text}" for text in given(groups, reader)),
        *_families(table, against),
        *_tuning(cells),
        *_untested(table, why_not),
    ]


def _claims(cells: Sequence[tuple[Row, Cell]]) -> list[str]:
    lines = []
    if any(len(cell.values) > 1 for _, cell in cells):
        lines.append(f"{CROSSED.title} generalises to {CLAIMS[CROSSED.claim]}")
    if single := dict.fromkeys(row.name for row, cell in cells if len(cell.values) == 1):
        generalises = f"{BOOTSTRAP_T.title} generalises to {CLAIMS[BOOTSTRAP_T.claim]}"
        lines.append(f"of rows with one seed ({', '.join(single)}) only trained models are compared: {generalises}")
    return lines


def _families(table: Table, against: int | None) -> list[str]:
    standings = [[row.cells[column.key].standing for row in table.rows if column.key in row.cells] for column in table.columns]
    most = max((sum(standing is not None for standing in column) for column in standings), default=0)
    if most < 2:
        return [] if against is None else ["no column has two rows that can be compared"]
    pairs = f"Holm over all pairs of a column (at most {most * (most - 1) // 2}, averages apart) for bold and letters"
    named = "" if against is None else f", over {most - 1} for ↑ better, ↓ worse, = tied than {table.rows[against].name}"
    return [pairs + named]


def _tuning(cells: Sequence[tuple[Row, Cell]]) -> list[str]:
    if any(row.tuning for row, _ in cells) and any(row.beside_tuned for row, _ in cells):
        return ["tuned rows are compared with rows in the papers' settings"]
    return []


def _untested(table: Table, why_not: Mapping[str, Sequence[str]]) -> list[str]:
    published = ["published figures"] if any(row.published for row in table.rows) else []
    rows = [f"{', '.join(dict.fromkeys(names))} ({reason})" for reason, names in why_not.items()]
    return [f"not tested: {'; '.join([*published, *rows])}"] if published or rows else []
