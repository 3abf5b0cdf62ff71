"""Rows that lack tasks: which averages that blanks, and tables without such rows."""

from __future__ import annotations

from dataclasses import replace

from engine.reports.table import Column, Row, Table

MOST_NAMED = 3
"""Columns that a line names before it counts them."""


def missing_averages(table: Table) -> list[str]:
    """Whose averages are blank and why: ``none of LoRA, ScaLearn++: CB is missing``; a line for rows that lack the same."""
    if len(table.averaged) < 2:
        return []
    return [f"none of {', '.join(names)}: {lacks}" for lacks, names in _by_lack(table, table.rows).items()]


def only_complete(table: Table) -> Table:
    """The table without rows that lack a task; the footer names those of runs."""
    left_out = _by_lack(table, [row for row in table.rows if not row.published])
    named = [f"{', '.join(names)}: {lacks}" for lacks, names in left_out.items()]
    return replace(
        table,
        rows=tuple(row for row in table.rows if not table.lacking(row)),
        provenance={**table.provenance, **({"left out": named} if named else {})},
    )


def filled(table: Table) -> Table:
    """The table without columns that no row has anything in."""
    return replace(
        table, columns=tuple(column for column in table.columns if any(column.key in row.cells for row in table.rows))
    )


def _by_lack(table: Table, rows: tuple[Row, ...] | list[Row]) -> dict[str, list[str]]:
    """Names of the rows by what they lack."""
    names: dict[str, list[str]] = {}
    for row in rows:
        if not row.server and (lacking := table.lacking(row)):
            names.setdefault(_listed(lacking, len(table.averaged)), []).append(row.name + (" †" if row.published else ""))
    return names


def _listed(lacking: list[Column], all_of_them: int) -> str:
    if len(lacking) > MOST_NAMED:
        return f"{len(lacking)} of {all_of_them} tasks are missing"
    return f"{', '.join(column.heading for column in lacking)} {'is' if len(lacking) == 1 else 'are'} missing"
