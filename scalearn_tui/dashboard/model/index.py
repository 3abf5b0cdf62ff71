"""The newest row of every run, and the runs that are shown, in order; a change costs what it changes."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scalearn_tui.dashboard.model.orders import LIVE_FIRST, Order
from scalearn_tui.text.glyphs import STATES

if TYPE_CHECKING:
    from engine.registry.listing import Changes, ListedRun

MANY = 500
"""Changed runs from which on sorting all is cheaper than placing each."""


@dataclass(frozen=True)
class Updated:
    """What a message of the poller did to the index."""

    changed: frozenset[str]
    """Ids of runs whose row is another one."""
    moved: bool
    """Whether runs came, went or changed places in the view."""
    ended: tuple[ListedRun, ...]
    """Runs in a new state that were in another one before."""
    removed: frozenset[str] = frozenset()
    """Ids of runs that are gone."""


class RunIndex:
    """Rows by id, counts by state, and a view: those that were chosen, sorted."""

    def __init__(self) -> None:
        self._runs: dict[str, ListedRun] = {}
        self._counts: Counter[str] = Counter()
        self._keys: list[tuple[Any, ...]] = []
        self._key_of: dict[str, tuple[Any, ...]] = {}
        self._chosen: set[str] | None = None
        self.order = LIVE_FIRST
        self.reversed = False

    def __len__(self) -> int:
        return len(self._runs)

    def get(self, run_id: str | None) -> ListedRun | None:
        return None if run_id is None else self._runs.get(run_id)

    def all(self) -> Collection[ListedRun]:
        """All runs, in no order."""
        return self._runs.values()

    def active(self) -> int:
        """Number of runs that are queued, starting or running."""
        return sum(self._counts[state] for state in ("queued", "starting", "running"))

    def counts(self) -> dict[str, int]:
        """Number of runs per state, in the states' order, without zeros."""
        return {state: self._counts[state] for state in STATES if self._counts[state]}

    # The view.

    def shown(self) -> int:
        """Number of runs in the view."""
        return len(self._keys)

    def at(self, position: int) -> ListedRun:
        """The run at a position of the view, from 0."""
        return self._runs[self._keys[-1 - position if self.reversed else position][-1]]

    def position(self, run_id: str) -> int | None:
        """Where a run is in the view."""
        key = self._key_of.get(run_id)
        if key is None:
            return None
        found = bisect_left(self._keys, key)
        return len(self._keys) - 1 - found if self.reversed else found

    def sort(self, order: Order, reverse: bool = False) -> None:
        """Put the view into another order."""
        self.order, self.reversed = order, reverse
        self._arrange()

    def choose(self, ids: Collection[str] | None) -> None:
        """Show only these runs; None shows all."""
        self._chosen = None if ids is None else set(ids)
        self._arrange()

    def _arrange(self) -> None:
        shown = [run for run in self._runs.values() if self._shows(run)]
        self._key_of = {run.id: self._key(run) for run in shown}
        self._keys = sorted(self._key_of.values())

    def _shows(self, run: ListedRun) -> bool:
        return self._chosen is None or run.id in self._chosen

    def _key(self, run: ListedRun) -> tuple[Any, ...]:
        return (self.order.key(run), -run.created, run.id)

    # Changes.

    def update(self, changes: Changes, chosen: Collection[str] | None = None) -> Updated:
        """Take what the registry says is new; ``chosen`` are the ids among it that are to be shown, if some are not."""
        if self._chosen is not None and chosen is not None:
            self._chosen.difference_update([run.id for run in changes.runs])
            self._chosen.update(chosen)
        many = len(changes.runs) > MANY
        ended, moved = [], many
        for run in changes.runs:
            before = self._runs.get(run.id)
            if before is None or before.state is not run.state:
                self._count(before, run)
                if before is not None:
                    ended.append(run)
            self._runs[run.id] = run
            moved |= not many and self._place(run)
        removed = changes.removed & self._runs.keys()
        for run_id in removed:
            self._count(self._runs.pop(run_id), None)
            moved |= self._take_out(run_id)
        if many:
            self._arrange()
        return Updated(frozenset(run.id for run in changes.runs), moved, tuple(ended), removed)

    def clear(self) -> None:
        """Forget all runs; the view keeps its order."""
        self._runs, self._keys, self._key_of = {}, [], {}
        self._counts.clear()

    def _count(self, before: ListedRun | None, now: ListedRun | None) -> None:
        for run, step in ((before, -1), (now, 1)):
            if run is not None:
                self._counts[run.state.value] += step

    def _place(self, run: ListedRun) -> bool:
        """Put a run where it belongs in the view; whether that is a new place."""
        key = self._key(run) if self._shows(run) else None
        if key == self._key_of.get(run.id):
            return False
        self._take_out(run.id)
        if key is not None:
            self._key_of[run.id] = key
            self._keys.insert(bisect_left(self._keys, key), key)
        return True

    def _take_out(self, run_id: str) -> bool:
        key = self._key_of.pop(run_id, None)
        if key is not None:
            del self._keys[bisect_left(self._keys, key)]
        return key is not None


class FlatLines:
    """Lines of a grid: the index's view as it is."""

    def __init__(self, index: RunIndex) -> None:
        self._index = index

    def __len__(self) -> int:
        return self._index.shown()

    def __getitem__(self, position: int) -> ListedRun:
        return self._index.at(position)

    def key(self, position: int) -> Hashable:
        return self._index.at(position).id

    def stamp(self, position: int) -> Hashable:
        return self._index.at(position).version

    def find(self, key: Hashable) -> int | None:
        return self._index.position(key) if isinstance(key, str) else None
