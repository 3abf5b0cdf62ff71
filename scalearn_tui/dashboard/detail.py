"""Everything in the registry about one run beyond its row, read incrementally."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scalearn_tui.dashboard.curve import Curve, Stretch

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
    curves: dict[str, tuple[Stretch, ...]] = field(default_factory=dict)
    """By name; metrics times 100, as they are shown everywhere."""


class DetailReader:
    """Reads one run. ``read`` blocks: call it in a thread, one call at a time. Only new points of curves are fetched."""

    def __init__(self, registry: Reader, run_id: str) -> None:
        self._registry = registry
        self.run_id = run_id
        self.seen = -1
        """Version of the run at the last read."""
        self._attempt = -1
        self._curves: dict[str, Curve] = {}
        self._sources: tuple[tuple[str, str], ...] | None = None

    def read(self) -> Detail | None:
        """All of the run at this moment; None if it is gone."""
        run = next(iter(self._registry.runs(ids=[self.run_id])), None)
        if run is None:
            return None
        if run.attempt != self._attempt:
            # A new attempt goes back to its checkpoint and writes the points after it again.
            self._curves, self._attempt = {}, run.attempt
        for name in curve_names(run):
            self._extend(name)
        if self._sources is None:
            self._sources = tuple((source.task, source.source_id) for source in self._registry.sources(run.id))
        checkpoints = self._registry.checkpoints(run.id)
        self.seen = run.version
        return Detail(
            run,
            self._sources,
            self._registry.results([run.id]).get(run.id, {}),
            {kind: (checkpoint.epoch, checkpoint.step) for kind, checkpoint in checkpoints.items()},
            {name: tuple(curve.stretches) for name, curve in self._curves.items()},
        )

    def _extend(self, name: str) -> None:
        curve = self._curves.setdefault(name, Curve())
        scale = 1 if name.endswith("/loss") else 100
        points = self._registry.metrics(self.run_id, name, curve.newest)
        curve.extend((point.step, scale * point.value) for point in points if math.isfinite(point.value))


def headline(run: Run) -> str:
    """Name of the run's headline metric."""
    return run.metric or "loss"


def curve_names(run: Run) -> tuple[str, ...]:
    """The curves that a detail pane shows."""
    return tuple(dict.fromkeys(("train/loss", "dev/loss", f"dev/{headline(run)}")))
