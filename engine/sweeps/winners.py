"""Which setting of each method is the best on dev, of those that a tuned sweep tries on a task."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from engine.registry.listing import ListedRun
from engine.registry.reading import Reader
from engine.registry.records import Run, RunState
from engine.sweeps.cells import MISSING, Cell

DIGITS = 9
"""Of means that are compared: beyond them lies the rounding of sums."""
DIVERGED = "diverged"
"""The state of a tuning run whose setting is to blame for its failure: it counts as tried."""


@dataclass(frozen=True)
class Trial:
    """One setting of a search."""

    setting: str
    """``learning_rate=0.001``."""
    runs: tuple[str, ...]
    """Ids of the runs that try it, one for each tuning seed."""
    states: tuple[str, ...]
    """Of its runs: ``completed``, ``diverged``, or what keeps the search open."""
    values: tuple[float | None, ...]
    """The headline metric on dev of each run, as a fraction; None where there is none."""

    @property
    def over(self) -> bool:
        return all(state in (RunState.COMPLETED, DIVERGED) for state in self.states)

    @property
    def mean(self) -> float | None:
        """None unless every run has a value."""
        known = [value for value in self.values if value is not None]
        return fmean(known) if len(known) == len(self.values) else None


@dataclass(frozen=True)
class Search:
    """The settings of one method that are tried on one task, and the cells of the one that is chosen."""

    number: int
    trials: list[Trial]
    seeds: tuple[int, ...]
    """Of the runs that try them."""
    chosen: list[Cell]
    """Those that report it, one for each of other seeds; none where its own runs do."""
    steps: int | None
    """Spent on all trials; None where runs of them were deleted."""
    varied: frozenset[str]
    """Names of the hyper-parameters in which they differ."""

    @property
    def over(self) -> bool:
        """Whether every setting was tried, those that diverged included."""
        return all(trial.over for trial in self.trials)

    @property
    def best(self) -> int | None:
        """Number of the setting with the best mean on dev, the earliest of equal ones; None before the search is over, and if
        every setting diverged."""
        means = [-math.inf if trial.mean is None else round(trial.mean, DIGITS) for trial in self.trials]
        return means.index(max(means)) if self.over and max(means) > -math.inf else None

    @property
    def winner(self) -> int | None:
        """Number of the setting whose runs are reported: once they are queued it stays, though tuning runs are deleted."""
        cell = self.chosen[0] if self.chosen else None
        return cell.candidates.index(cell.run) if cell and cell.run else self.best


def searches_of(cells: Sequence[Cell], reader: Reader) -> list[Search]:
    """The searches of a sweep's cells, in their order; none of a sweep without tuning."""
    ids = [cell.run for cell in cells if cell.tuning]
    return searches_among(cells, {run.id: run for run in reader.runs(ids=ids)} if ids else {})


def searches_among(cells: Sequence[Cell], runs: Mapping[str, Run | ListedRun]) -> list[Search]:
    """The same from the ``runs`` that there are, by their ids."""
    members: dict[int, list[Cell]] = {}
    for cell in cells:
        if cell.search is not None:
            members.setdefault(cell.search, []).append(cell)
    return [_search(number, found, runs) for number, found in members.items()]


def with_winners(cells: Sequence[Cell], searches: Sequence[Search]) -> list[Cell]:
    """The cells, each whose setting is chosen by now with its run."""
    chosen = {search.number: winner for search in searches if (winner := search.winner) is not None}
    settings = {search.number: [trial.setting for trial in search.trials] for search in searches}

    def decided(cell: Cell) -> Cell:
        if cell.search not in chosen or cell.tuning:
            return cell
        winner = chosen[cell.search]
        return replace(cell, run=cell.candidates[winner], setting=settings[cell.search][winner])

    return [decided(cell) for cell in cells]


def is_done(cells: Sequence[Cell], reader: Reader) -> bool:
    """Whether all settings were tried and all other cells are completed."""
    states = reader.states([cell.run for cell in cells])
    over = all(search.over for search in searches_of(cells, reader))
    return over and all(states.get(cell.run) is RunState.COMPLETED for cell in cells if not cell.tuning)


def _search(number: int, members: Sequence[Cell], runs: Mapping[str, Run | ListedRun]) -> Search:
    tuning = [cell for cell in members if cell.tuning]
    by_trial: dict[int | None, list[Cell]] = {}
    for cell in tuning:
        by_trial.setdefault(cell.trial, []).append(cell)
    return Search(
        number=number,
        trials=[_trial(cells, runs) for cells in by_trial.values()],
        seeds=tuple(dict.fromkeys(cell.seed for cell in tuning)),
        chosen=[cell for cell in members if not cell.tuning],
        steps=sum(runs[cell.run].step for cell in tuning) if all(cell.run in runs for cell in tuning) else None,
        # As they are written, because runs may be deleted.
        varied=frozenset(part.partition("=")[0] for cell in tuning for part in cell.setting.split()),
    )


def _trial(cells: Sequence[Cell], runs: Mapping[str, Run | ListedRun]) -> Trial:
    found = [runs.get(cell.run) for cell in cells]
    return Trial(
        setting=cells[0].setting,
        runs=tuple(cell.run for cell in cells),
        states=tuple(_state(run) for run in found),
        values=tuple(run.best if run and run.state is RunState.COMPLETED else None for run in found),
    )


def _state(run: Run | ListedRun | None) -> str:
    return MISSING if run is None else DIVERGED if run.diverged else str(run.state)
