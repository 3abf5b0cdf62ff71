"""The view of the index in groups: runs that are equal in something, folded into one line or listed below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, stdev
from typing import TYPE_CHECKING, TypeAlias

from scalearn_tui.dashboard.model.index import RunIndex
from scalearn_tui.dashboard.model.orders import dev_value
from scalearn_tui.text.glyphs import STATES

if TYPE_CHECKING:
    from engine.registry.listing import ListedRun

Key = tuple[Hashable, ...]


@dataclass(frozen=True)
class Grouping:
    """What runs of a group have in common."""

    name: str
    key: Callable[[ListedRun], Key]


GROUPINGS = (
    Grouping("grouped by all but the seed", lambda run: ("seeds", run.group_id)),
    Grouping("grouped by method and target", lambda run: ("cell", run.method, run.target)),
)


@dataclass(frozen=True)
class Spread:
    """Of numbers that are known of some runs."""

    mean: float
    deviation: float | None
    """The sample standard deviation; None of a single number."""
    least: float
    most: float


def spread(values: Iterable[float | None]) -> Spread | None:
    """None where no value is known."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Spread(fmean(known), stdev(known) if len(known) > 1 else None, min(known), max(known))


@dataclass(frozen=True)
class Group:
    """Runs with the same key, in the order of the view."""

    key: Key
    runs: tuple[ListedRun, ...]
    open: bool
    """Whether its runs are listed below it."""

    @cached_property
    def states(self) -> dict[str, int]:
        """Number of runs per state, in the states' order, without zeros."""
        counted = Counter(run.state.value for run in self.runs)
        return {state: counted[state] for state in STATES if counted[state]}

    @cached_property
    def dev(self) -> Spread | None:
        return spread(dev_value(run) for run in self.runs)

    @cached_property
    def test(self) -> Spread | None:
        return spread(run.test for run in self.runs)

    @cached_property
    def settings(self) -> int:
        """Number of different settings: of runs that differ in more than the seed a mean says nothing."""
        return len({run.group_id for run in self.runs})

    @property
    def seeds(self) -> list[int]:
        return sorted({run.seed for run in self.runs})

    @property
    def seconds(self) -> float:
        """Of all its runs."""
        return sum(run.seconds for run in self.runs)


def sides_of(lines: Iterable[Sequence[ListedRun]]) -> tuple[tuple[str, ...], ...]:
    """Ids of what is compared, from the runs of each line: those that differ in nothing but the seed are a side.

    Of a single one, each run is.
    """
    sides = [side for runs in lines for side in _by_settings(runs)]
    if len(sides) == 1:
        sides = [[run] for run in sorted(sides[0], key=lambda run: run.seed)]
    return tuple(tuple(run.id for run in side) for side in sides)


def by_group(runs: Iterable[ListedRun]) -> list[list[str]]:
    """Ids of the runs, those that differ in nothing but the seed together."""
    return [[run.id for run in group] for group in _by_settings(runs)]


def _by_settings(runs: Iterable[ListedRun]) -> Iterable[list[ListedRun]]:
    members: dict[str, list[ListedRun]] = {}
    for run in runs:
        members.setdefault(run.group_id, []).append(run)
    return members.values()


GroupLine: TypeAlias = "Group | ListedRun"


class GroupedLines:
    """Lines of a grid: the groups of the index's view in the order of their first runs, and the runs of open ones."""

    def __init__(self, index: RunIndex, grouping: Grouping) -> None:
        self._index, self.grouping = index, grouping
        self._open: set[Key] = set()
        self._groups: dict[Key, Group] = {}
        self._lines: list[GroupLine] = []
        self._places: dict[Hashable, int] = {}
        self.arrange()

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, position: int) -> GroupLine:
        return self._lines[position]

    def key(self, position: int) -> Hashable:
        line = self._lines[position]
        return line.key if isinstance(line, Group) else line.id

    def stamp(self, position: int) -> Hashable:
        line = self._lines[position]
        return (line.open, *(run.version for run in line.runs)) if isinstance(line, Group) else line.version

    def find(self, key: Hashable) -> int | None:
        return self._places.get(key)

    @property
    def groups(self) -> int:
        """Number of groups."""
        return len(self._groups)

    def runs(self, key: Hashable) -> tuple[ListedRun, ...]:
        """The runs of a line: one, or those of a group."""
        place = self._places.get(key)
        line = None if place is None else self._lines[place]
        if line is None:
            return ()
        return line.runs if isinstance(line, Group) else (line,)

    def fold(self, key: Hashable) -> None:
        """List the runs of a group below it, or no longer; of a run that of its group."""
        group = self._groups.get(key) if isinstance(key, tuple) else None
        if group is not None:
            self._open ^= {group.key}
            self.arrange()

    def arrange(self) -> None:
        """All groups anew from the index."""
        members: dict[Key, list[ListedRun]] = {}
        for position in range(self._index.shown()):
            run = self._index.at(position)
            members.setdefault(self.grouping.key(run), []).append(run)
        self._groups = {key: Group(key, tuple(runs), key in self._open) for key, runs in members.items()}
        self._lines = []
        for group in self._groups.values():
            self._lines.append(group)
            if group.open:
                self._lines.extend(group.runs)
        self._places = {self.key(position): position for position in range(len(self._lines))}

    def update(self, ids: Collection[str]) -> set[Hashable]:
        """Take new rows of runs that are where they were; the keys of the lines that changed."""
        changed: set[Hashable] = set()
        for run_id in ids:
            run = self._index.get(run_id)
            key = None if run is None else self.grouping.key(run)
            if run is None or key not in self._groups:
                continue
            group = self._groups[key]
            rows = tuple(run if member.id == run_id else member for member in group.runs)
            self._groups[key] = self._lines[self._places[key]] = Group(key, rows, group.open)
            changed |= {key, run_id}
            if group.open:
                self._lines[self._places[run_id]] = run
        return changed
