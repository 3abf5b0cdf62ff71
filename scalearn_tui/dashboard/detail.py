"""Everything in the registry about one run beyond its row, read incrementally."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import compress
from typing import TYPE_CHECKING

from scalearn_tui.dashboard.charts.series import Reading
from scalearn_tui.dashboard.curve import Curve, Points

if TYPE_CHECKING:
    from engine.registry.reading import Reader
    from engine.registry.records import Results, Run


@dataclass(frozen=True)
class Detail:
    """The state of a run at one moment."""

    run: Run
    sources: tuple[tuple[str, str], ...] = ()
    """(task key, run id) by position."""
    results: Results = field(default_factory=dict)
    """task -> split -> metric -> value."""
    checkpoints: dict[str, tuple[int, int]] = field(default_factory=dict)
    """kind -> (epoch, step)."""
    curves: dict[str, Points] = field(default_factory=dict)
    """By name; metrics times 100, as they are shown everywhere."""
    readings: dict[str, Reading] = field(default_factory=dict)
    """How the curves are read at full resolution, by name."""


class DetailReader:
    """Reads one run. ``read`` blocks: call it in a thread, one call at a time. Only new points of curves are fetched."""

    def __init__(self, registry: Reader, run_id: str, names: Callable[[Run], Iterable[str]]) -> None:
        """``names(run)`` are those of the curves to read."""
        self.registry, self._names = registry, names
        self.run_id = run_id
        self.seen = -1
        """Version of the run at the last read."""
        self.busy = False
        """Whether a thread reads."""
        self.detail: Detail | None = None
        """What was read last."""
        self._attempt = -1
        self._curves: dict[str, Curve] = {}
        self._sources: tuple[tuple[str, str], ...] | None = None

    def read(self) -> Detail | None:
        """All of the run at this moment; None if it is gone."""
        run = next(iter(self.registry.runs(ids=[self.run_id])), None)
        if run is None:
            return None
        if run.attempt != self._attempt:
            # A new attempt goes back to its checkpoint and writes the points after it again.
            self._curves, self._attempt = {}, run.attempt
        names = tuple(self._names(run))
        for name in names:
            self._extend(name)
        if self._sources is None:
            self._sources = tuple((source.task, source.source_id) for source in self.registry.sources(run.id))
        checkpoints = self.registry.checkpoints(run.id)
        self.seen = run.version
        return Detail(
            run,
            self._sources,
            self.registry.results([run.id]).get(run.id, {}),
            {kind: (checkpoint.epoch, checkpoint.step) for kind, checkpoint in checkpoints.items()},
            {name: curve.points for name, curve in self._curves.items() if curve.points},
            {name: partial(self._between, name) for name in names},
        )

    def _extend(self, name: str) -> None:
        curve = self._curves.setdefault(name, Curve())
        _append(curve, name, *self.registry.curve(self.run_id, name, curve.newest))

    def _between(self, name: str, low: float, high: float) -> Points | None:
        curve = Curve()
        _append(curve, name, *self.registry.curve(self.run_id, name, math.ceil(low) - 1, math.floor(high)))
        return curve.points


def _append(curve: Curve, name: str, steps: Sequence[float], values: Sequence[float]) -> None:
    if not all(map(math.isfinite, values)):
        finite = [math.isfinite(value) for value in values]
        steps, values = list(compress(steps, finite)), list(compress(values, finite))
    if name.startswith("dev/") and not name.endswith("/loss"):
        values = [100 * value for value in values]
    curve.extend(steps, values)


def headline(run: Run) -> str:
    """Name of the run's headline metric."""
    return run.metric or "loss"
