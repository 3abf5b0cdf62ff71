"""A sweep's cells as text: marks and words of states, and the grid in which cells are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import UserError, did_you_mean
from scalearn_tui.text.formatting import NOTHING
from scalearn_tui.text.glyphs import MISSING, STATES

if TYPE_CHECKING:
    from engine.registry.records import RunState
    from engine.sweeps.cells import Cell

MARKS = {state: mark.glyph for state, mark in STATES.items()} | {"missing": MISSING}
ALL = "all"
BY = ("method", "target")
"""Aspects whose values are rows and columns, unless others are asked for."""


def marks(counts: Mapping[str, int]) -> str:
    """``✓3 ●1 ·2``."""
    return " ".join(f"{glyph}{counts[state]}" for state, glyph in MARKS.items() if counts.get(state))


def words(counts: Mapping[str, int]) -> str:
    """``✓ 3 completed, ● 1 running, · 2 missing``."""
    return ", ".join(f"{glyph} {counts[state]} {state}" for state, glyph in MARKS.items() if counts.get(state))


def aspects_of(text: str) -> tuple[str, str]:
    """The two aspects of ``ROWS,COLUMNS``. Raises UserError for anything else."""
    from engine.sweeps.cells import ASPECTS

    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in ASPECTS:
            raise UserError(f"--by takes two of {', '.join(ASPECTS)}, not {name!r}{did_you_mean(name, ASPECTS)}")
    if len(set(names)) != 2 or len(names) != 2:
        raise UserError(f"--by takes two of {', '.join(ASPECTS)}, as in --by {','.join(BY)}")
    return names[0], names[1]


@dataclass(frozen=True)
class CellTable:
    """How many cells are in each state, by two aspects; where there are several rows or columns, the last has the sums."""

    rows: list[str]
    columns: list[str]
    counts: dict[tuple[str, str], Counter[str]]
    """By row and column; a place without a cell is left out."""

    def marks(self, row: str, column: str) -> str:
        return marks(self.counts.get((row, column), {}))


def cell_table(cells: Sequence[Cell], by: Sequence[str], states: Mapping[str, RunState]) -> CellTable:
    """Rows are the values of the first aspect, columns those of the second, in the order of the cells."""
    from engine.sweeps.cells import grid

    found = {(row, column): counts for (row, column), counts in grid(cells, by, states).items()}
    rows, columns = (list(dict.fromkeys(key[index] for key in found)) for index in (0, 1))
    sums = {(row, ALL): _sum(found[key] for key in found if key[0] == row) for row in rows}
    sums |= {(ALL, column): _sum(found[key] for key in found if key[1] == column) for column in columns}
    sums[ALL, ALL] = _sum(found.values())
    rows, columns = (names + [ALL] * (len(names) > 1) for names in (rows, columns))
    return CellTable(rows, columns, found | sums)


def heading(value: str) -> str:
    """Of a row or column: the value of an aspect, which not all cells have."""
    return value or NOTHING


def _sum(counts: Iterable[Counter[str]]) -> Counter[str]:
    return sum(counts, Counter())
