"""What figures are drawn from: the completed runs of which a selection holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.catalog.catalog import Catalog
from engine.errors import UserError
from engine.registry.reading import Reader
from engine.registry.records import Run, RunState
from engine.reports.leaderboard import build
from engine.reports.query import Query
from engine.reports.table import Leaderboard, Row, Table
from engine.runs.selection import Selection

NOTHING_TO_DRAW = 3
"""Exit code."""


@dataclass(frozen=True)
class Selected:
    """The registry, and which of its runs count."""

    reader: Reader
    catalog: Catalog
    selection: Selection[Run] | None = None
    """None for all."""

    @cached_property
    def board(self) -> Leaderboard:
        """Names of rows, and which runs belong together, are the leaderboard's."""
        return build(self.reader, self.catalog, Query(selection=self.selection))

    @cached_property
    def runs(self) -> dict[str, Run]:
        """Completed runs by id, those that were only evaluated on dev included."""
        completed = self.reader.runs(states=[RunState.COMPLETED])
        return {run.id: run for run in completed if self.selection is None or self.selection.holds(run)}

    def table(self, needs: str) -> Table:
        """The table of the runs: that of their benchmark, or of several benchmarks the table of their union.

        Raises UserError without one, with what the figure ``needs``, and where there are several.
        """
        tables = self.board.tables
        if not tables:
            raise nothing(needs, self)
        if len({table.backbone for table in tables}) > 1:
            raise choose("backbone", [table.backbone for table in tables])
        if len({table.revision for table in tables}) > 1:
            name = tables[0].backbone
            raise UserError(f"the runs are of several revisions of {name}: choose some by id or age, as in 'age<7d'")
        plain = [table for table in tables if any(column.task.startswith(f"{table.benchmark}/") for column in table.columns)]
        candidates = plain if len(plain) == 1 else [table for table in tables if table not in plain] or plain
        if len(candidates) > 1:
            raise choose("benchmark", [table.benchmark for table in plain or candidates])
        return candidates[0]


def measured_rows(table: Table) -> list[Row]:
    """Those with runs."""
    return [row for row in table.rows if not row.published]


def legend_names(rows: Sequence[Row]) -> list[str]:
    """Methods' titles where they tell the rows apart: with settings, which the leaderboard has, a figure is mostly legend."""
    titles = [row.title for row in rows]
    return [row.title if titles.count(row.title) == 1 else row.name for row in rows]


def nothing(needs: str, selected: Selected) -> UserError:
    """There is nothing to draw: ``needs`` says of which runs, and what trains them."""
    which = f" of which {selected.selection} holds" if selected.selection else ""
    return UserError(f"nothing to draw: no completed runs{which}; {needs}", NOTHING_TO_DRAW)


def choose(field: str, values: Sequence[str]) -> UserError:
    """One figure shows one value of ``field``: the terms that choose one."""
    terms = " or ".join(f"{field}:{value}" for value in dict.fromkeys(values))
    return UserError(f"the runs are of several {field}s, and a figure shows one: add {terms}")
