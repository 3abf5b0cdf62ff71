"""How a sweep's cells look: counts of states in a grid, and cells one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scalearn_tui.cli.output import print_table
from scalearn_tui.text.glyphs import MISSING, STATES

if TYPE_CHECKING:
    from engine.registry.records import RunState, Sweep
    from engine.sweeps.cells import Cell

MARKS = {state: mark.glyph for state, mark in STATES.items()} | {"missing": MISSING}
ALL = "all"
BY = "method,target"
"""Aspects whose values are rows and columns, unless others are asked for."""


def marks(counts: Mapping[str, int]) -> str:
    """``✓3 ●1 ·2``."""
    return " ".join(f"{glyph}{counts[state]}" for state, glyph in MARKS.items() if counts.get(state))


def words(counts: Mapping[str, int]) -> str:
    """``✓ 3 completed, ● 1 running, · 2 missing``."""
    return ", ".join(f"{glyph} {counts[state]} {state}" for state, glyph in MARKS.items() if counts.get(state))


def print_grid(cells: Sequence[Cell], by: Sequence[str], states: Mapping[str, RunState]) -> None:
    """Rows are the values of the first aspect, columns those of the second; sums stand last, where there are several."""
    from engine.sweeps.cells import grid

    found = grid(cells, by, states)
    rows, columns = (list(dict.fromkeys(key[index] for key in found)) for index in (0, 1))
    shown: dict[tuple[str, ...], Counter[str]] = dict(found)
    shown |= {(row, ALL): _sum(found[key] for key in found if key[0] == row) for row in rows}
    shown |= {(ALL, column): _sum(found[key] for key in found if key[1] == column) for column in columns}
    shown[ALL, ALL] = _sum(found.values())
    rows, columns = (names + [ALL] * (len(names) > 1) for names in (rows, columns))
    lines = [[row or "–", *(marks(shown.get((row, column), {})) for column in columns)] for row in rows]
    print_table([by[0], *(column or "–" for column in columns)], lines)


def print_cells(cells: Sequence[tuple[str, Cell, str]]) -> None:
    """Each with a mark in front of it and its state."""
    telling = [name for name in ("setting", "shots", "backbone") if len({cell.aspect(name) for _, cell, _ in cells}) > 1]
    shown = ["method", "target", "seed", *telling]
    lines = [[mark, cell.run, *(cell.aspect(name) for name in shown), state] for mark, cell, state in cells]
    print_table(["", "run", *shown, "state"], lines, right=("seed", "shots"), drop=("backbone", "setting"))


def sweep_record(sweep: Sweep, by: Sequence[str], states: Mapping[str, RunState]) -> dict[str, Any]:
    """A sweep as JSON: its counts, those of its grid, and every cell with its state."""
    from engine.registry.encoding import as_json
    from engine.sweeps.cells import counted, from_records, grid, state_of

    cells = from_records(sweep.cells)
    return {
        **as_json(sweep, without=("text", "cells")),
        "counts": all_counts(counted(cells, states)),
        "by": list(by),
        "grid": [
            {**dict(zip(by, key, strict=True)), "counts": all_counts(counts)} for key, counts in grid(cells, by, states).items()
        ],
        "cells": [record | {"state": state_of(cell, states)} for record, cell in zip(sweep.cells, cells, strict=True)],
    }


def all_counts(counts: Mapping[str, int]) -> dict[str, int]:
    """Of every state, none left out."""
    return {state: counts.get(state, 0) for state in MARKS}


def _sum(counts: Any) -> Counter[str]:
    return sum(counts, Counter())
