"""What a leaderboard is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from engine.registry.records import Run
from engine.runs.selection import Selection

SPLITS = ("test", "dev")
EVERY_METRIC = "all"


@dataclass(frozen=True)
class Query:
    """Which completed runs count, which of their figures are columns, and which rows are shown."""

    benchmark: str | None = None
    """Name; None for the benchmarks that runs were trained on."""
    backbone: str | None = None
    selection: Selection[Run] | None = None
    """Only runs of which it holds."""
    split: str = "test"
    """One of ``SPLITS``: ``test`` in all its parts (MNLI has two), or ``dev`` at the selected epoch."""
    metric: str | None = None
    """A metric's name, ``EVERY_METRIC`` for a column for each, or None for the headline metric of each task."""
    complete_only: bool = False
    """Whether rows that lack a task are left out."""
    best_of: str | None = None
    """A hyper-parameter: of groups that differ in it alone, only the one that is best on dev is shown."""
