"""A sweep's cells on the command line: counts of states in a grid, and cells one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scalearn_tui.cli.output import print_table
from scalearn_tui.text.sweeps import MARKS, cell_table, heading

if TYPE_CHECKING:
    from engine.registry.records import RunState, Sweep
    from engine.sweeps.cells import Cell


def print_grid(cells: Sequence[Cell], by: Sequence[str], states: Mapping[str, RunState]) -> None:
    """Rows are the values of the first aspect, columns those of the second; sums stand last, where there are several."""
    table = cell_table(cells, by, states)
    lines = [[heading(row), *(table.marks(row, column) for column in table.columns)] for row in table.rows]
    print_table([by[0], *map(heading, table.columns)], lines)


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
