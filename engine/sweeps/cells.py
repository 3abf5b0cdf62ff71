"""The cells of a sweep: one for each run that it asks for, whether or not the run exists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.registry.records import RunState

MISSING = "missing"
"""The state of a cell without a run."""
ASPECTS = ("method", "target", "seed", "setting", "shots", "backbone")
"""What cells are told apart and counted by."""


@dataclass(frozen=True)
class Cell:
    """One run that a sweep asks for."""

    run: str
    """Its id, from its fingerprint: known before the run exists. Empty as long as tuning has not chosen its setting."""
    method: str
    target: str
    seed: int
    setting: str
    """What varies between cells of the method besides target, seed, shots and backbone: ``reduction=4``."""
    shots: int | None
    backbone: str
    search: int | None = None
    """In a tuned sweep, a number that the cells share of which one setting is chosen: a method on a task."""
    trial: int | None = None
    """Of a run that tries a setting on dev: the number of the setting."""
    candidates: tuple[str, ...] = ()
    """Of a run in the chosen setting: its id in each of the settings that are tried."""

    @property
    def tuning(self) -> bool:
        """Whether it tries a setting."""
        return self.trial is not None

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes it the same cell in an edited file, whatever was chosen."""
        return self.candidates or (self.run,)

    def aspect(self, name: str) -> str:
        """One of ``ASPECTS`` as text; empty where the cell has none."""
        value = getattr(self, name)
        return "" if value is None else str(value)


def request_command(sweep: str) -> str:
    """The command that is kept with runs that were asked for by the sweep of this name."""
    return f"scalearn sweep run {sweep}"


def as_records(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    return [asdict(cell) for cell in cells]


def from_records(records: Sequence[Mapping[str, Any]]) -> list[Cell]:
    return [Cell(**{**record, "candidates": tuple(record.get("candidates", ()))}) for record in records]


def state_of(cell: Cell, states: Mapping[str, RunState]) -> str:
    """The state of the cell's run, or ``missing``."""
    return str(states.get(cell.run, MISSING))


def counted(cells: Sequence[Cell], states: Mapping[str, RunState]) -> Counter[str]:
    """How many cells are in each state."""
    return Counter(state_of(cell, states) for cell in cells)


def grid(cells: Sequence[Cell], by: Sequence[str], states: Mapping[str, RunState]) -> dict[tuple[str, ...], Counter[str]]:
    """How many cells are in each state, by their values of the aspects ``by``, in the order of the cells."""
    found: dict[tuple[str, ...], Counter[str]] = {}
    for cell in cells:
        found.setdefault(tuple(cell.aspect(name) for name in by), Counter())[state_of(cell, states)] += 1
    return found
