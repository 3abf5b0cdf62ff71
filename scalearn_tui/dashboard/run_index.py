"""All runs as the dashboard knows them: the newest row of each, counts, and the filtered and sorted list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scalearn_tui.text.glyphs import STATES
from scalearn_tui.text.names import method_title

if TYPE_CHECKING:
    from engine.registry.records import Run

BUSY_FIRST = ("running", "starting", "queued", "failed", "lost", "stopped", "completed")


@dataclass(frozen=True)
class Order:
    """A way to sort runs. Runs that compare equal stay newest first."""

    name: str
    column: str
    """Key of the table's column that carries the arrow."""
    key: Callable[[Run], Any] | None
    descending: bool = False


def _metric(run: Run) -> float:
    value = dev_value(run)
    return float("-inf") if value is None else value


ORDERS: tuple[Order, ...] = (
    Order("under way first", "", lambda run: not run.state.live),
    Order("newest first", "", None),
    Order("by state", "state", lambda run: BUSY_FIRST.index(run.state)),
    Order("by method", "method", lambda run: (run.method, run.target, run.seed)),
    Order("by target", "target", lambda run: (run.target, run.method, run.seed)),
    Order("best on dev first", "metric", _metric, descending=True),
    Order("longest first", "time", lambda run: run.seconds, descending=True),
)


def dev_value(run: Run) -> float | None:
    """Dev value of the selected epoch, or the newest one before any was selected."""
    return run.value if run.best is None else run.best


class RunIndex:
    """The newest row of every run, as detached ``Run`` objects."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._texts: dict[str, tuple[int, str]] = {}
        self.version = -1
        """Newest version seen; what to ask the store for next."""

    def __len__(self) -> int:
        return len(self._runs)

    def get(self, run_id: str | None) -> Run | None:
        return None if run_id is None else self._runs.get(run_id)

    def replace(self, runs: Iterable[Run]) -> None:
        """Replace all rows by these."""
        self._runs.clear()
        self.version = -1
        self.update(runs)

    def update(self, runs: Iterable[Run]) -> list[tuple[str | None, Run]]:
        """Take newer rows; returns (state before, row) for each run whose state is new."""
        transitions = []
        for run in runs:
            before = self._runs.get(run.id)
            if before is None or before.state != run.state:
                transitions.append((None if before is None else str(before.state), run))
            self._runs[run.id] = run
            self.version = max(self.version, run.version)
        return transitions

    def active(self) -> int:
        """Number of runs that are queued, starting or running."""
        return sum(run.state.active for run in self._runs.values())

    def counts(self) -> dict[str, int]:
        """Number of runs per state, in the states' order, without zeros."""
        counted = Counter(run.state.value for run in self._runs.values())
        return {state: counted[state] for state in STATES if counted[state]}

    def view(self, query: str, order: Order) -> list[Run]:
        """Runs that contain every word of ``query`` in id, method, backbone, target or state, sorted."""
        runs = sorted(self._runs.values(), key=lambda run: (run.created_at, run.id), reverse=True)
        if words := query.lower().split():
            runs = [run for run in runs if all(word in self._text(run) for word in words)]
        if order.key is not None:
            runs.sort(key=order.key, reverse=order.descending)
        return runs

    def _text(self, run: Run) -> str:
        version, text = self._texts.get(run.id, (-1, ""))
        if version != run.version:
            parts = (run.id, run.method, method_title(run.method), run.backbone, run.target, run.state, f"seed={run.seed}")
            text = " ".join(parts).lower()
            self._texts[run.id] = (run.version, text)
        return text
