"""Registered sweeps as lines, with the states of their cells from the index; a change costs what it changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from engine.catalog.catalog import plain_name
from engine.sweeps.cells import counted
from scalearn_tui.dashboard.model.index import RunIndex

if TYPE_CHECKING:
    from engine.registry.listing import ListedRun
    from engine.registry.records import RunState, Sweep
    from engine.sweeps.cells import Cell

TERMS = ("method", "target", "seed", "shots", "backbone")
"""Aspects of cells that are fields of the selection language."""


@dataclass(frozen=True)
class KnownSweep:
    """A registered sweep."""

    sweep: Sweep
    cells: list[Cell]

    @property
    def name(self) -> str:
        return self.sweep.name


@dataclass(frozen=True)
class SweepLine:
    """What the list says of a sweep."""

    name: str
    cells: int
    counts: tuple[tuple[str, int], ...]
    """Of cells by state, ``missing`` among them."""
    seconds_left: float | None
    file: str
    stopped: bool


class SweepLines:
    """Lines of the list, in the order in which they were read."""

    def __init__(self, index: RunIndex) -> None:
        self._index = index
        self._sweeps: dict[str, KnownSweep] = {}
        self._names: list[str] = []
        self._of_run: dict[str, list[str]] = {}
        self._states: dict[str, dict[str, RunState]] = {}
        self._lines: dict[str, SweepLine] = {}

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, position: int, /) -> SweepLine:
        return self._lines[self._names[position]]

    def key(self, position: int) -> Hashable:
        return self._names[position]

    def stamp(self, position: int) -> Hashable:
        return self[position]

    def find(self, key: Hashable) -> int | None:
        return self._names.index(str(key)) if key in self._sweeps else None

    def get(self, name: Hashable | None) -> KnownSweep | None:
        return self._sweeps.get(str(name))

    def line(self, name: str) -> SweepLine:
        return self._lines[name]

    def states(self, name: str) -> Mapping[str, RunState]:
        """Of the runs of a sweep's cells that exist."""
        return self._states[name]

    def runs(self, name: str) -> list[ListedRun]:
        """Those of a sweep's cells that exist."""
        found = (self._index.get(cell.run) for cell in self._sweeps[name].cells)
        return [run for run in found if run is not None]

    def replace(self, sweeps: Sequence[KnownSweep]) -> None:
        """Show these, as their runs are by now."""
        self._sweeps = {known.name: known for known in sweeps}
        self._names = list(self._sweeps)
        of_run: defaultdict[str, list[str]] = defaultdict(list)
        for known in sweeps:
            for cell in known.cells:
                of_run[cell.run].append(known.name)
        self._of_run = dict(of_run)
        self._states = {name: {run.id: run.state for run in self.runs(name)} for name in self._names}
        for name in self._names:
            self._say(name, count_again=True)

    def of_runs(self, run_ids: Iterable[str]) -> set[str]:
        """Names of the sweeps that these runs are cells of."""
        return {name for run_id in run_ids for name in self._of_run.get(run_id, ())}

    def update(self, run_ids: Iterable[str]) -> set[str]:
        """Take these runs as the index has them by now; the names of the sweeps with a cell in another state."""
        others = set()
        for run_id in run_ids:
            run = self._index.get(run_id)
            for name in self._of_run.get(run_id, ()):
                states = self._states[name]
                if states.get(run_id) is (run and run.state):
                    continue
                others.add(name)
                if run is None:
                    del states[run_id]
                else:
                    states[run_id] = run.state
        for name in self.of_runs(run_ids):
            self._say(name, name in others)
        return others

    def _say(self, name: str, count_again: bool) -> None:
        """Write the line of a sweep anew."""
        known = self._sweeps[name]
        sweep, number = known.sweep, len(known.cells)
        counts = counted(known.cells, self._states[name]) if count_again else dict(self._lines[name].counts)
        left = seconds_left(self.runs(name)) if counts.get("running") or counts.get("starting") else None
        self._lines[name] = SweepLine(name, number, tuple(sorted(counts.items())), left, sweep.file, sweep.stopped)

    def terms(self, known: KnownSweep, chosen: Sequence[Cell]) -> str:
        """What holds, in the language of ``/``, of the runs of the ``chosen`` cells of a sweep, and of no other run."""
        terms: dict[str, Collection[str]] = {}
        for name in TERMS:
            values = dict.fromkeys(cell.aspect(name) for cell in chosen)
            if len(values) < len({cell.aspect(name) for cell in known.cells}):
                terms[name] = values
        held = [cell for cell in known.cells if all(cell.aspect(name) in values for name, values in terms.items())]
        if len(held) == len(chosen) and self._is_exact(known, terms):
            return " ".join([f"sweep:{known.name}", *(f"{name}:{','.join(values)}" for name, values in terms.items())])
        return f"id:{','.join(cell.run for cell in chosen if cell.run)}"

    def _is_exact(self, known: KnownSweep, terms: Mapping[str, Collection[str]]) -> bool:
        """Whether names mean what they say: a joint run also has the name of each of its targets, none has an empty one."""
        alike = [name for name in self._names if plain_name(name) == plain_name(known.name)]
        joint = any("+" in cell.target or "/" not in cell.target for cell in known.cells)
        return len(alike) == 1 and not ("target" in terms and joint) and all(all(values) for values in terms.values())


def seconds_left(runs: Sequence[ListedRun]) -> float | None:
    """Until those of the runs that are queued or live have ended, if as many train at once as do now.

    A run that does not know yet is taken to be as long as others of its method, or as all others where there is none. None
    while no run is live, and where nothing tells how long a run takes.
    """
    live = sum(run.state.live for run in runs)
    if not live:
        return None
    lengths: defaultdict[str, list[float]] = defaultdict(list)
    for run in runs:
        if run.state == "completed":
            lengths[run.method].append(run.seconds)
        elif run.state.live and run.seconds_left is not None:
            lengths[run.method].append(run.seconds + run.seconds_left)
    if not lengths:
        return None
    usual = {method: median(seconds) for method, seconds in lengths.items()}
    of_any = median([length for seconds in lengths.values() for length in seconds])
    total = 0.0
    for run in runs:
        if run.state.live and run.seconds_left is not None:
            total += run.seconds_left
        elif run.state.active:
            total += max(0.0, usual.get(run.method, of_any) - run.seconds)
    return total / live
