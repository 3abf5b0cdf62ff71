"""Ways to sort the list of runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.registry.listing import ListedRun

BUSY_FIRST = ("running", "starting", "queued", "failed", "lost", "stopped", "completed")


@dataclass(frozen=True)
class Order:
    """Runs whose keys are equal stay newest first."""

    name: str
    column: str
    """Key of the table's column that carries the arrow."""
    key: Callable[[ListedRun], Any]
    falling: bool = False
    """Whether what comes first is what is largest in the column."""


def dev_value(run: ListedRun) -> float | None:
    """Dev value of the selected epoch, or the newest one before any was selected."""
    return run.value if run.best is None else run.best


def _largest(value: float | None) -> float:
    return float("inf") if value is None else -value


LIVE_FIRST = Order("under way first", "", lambda run: not run.state.live)
ORDERS: tuple[Order, ...] = (
    LIVE_FIRST,
    Order("newest first", "age", lambda run: 0),
    Order("by state", "state", lambda run: BUSY_FIRST.index(run.state)),
    Order("by method", "method", lambda run: (run.method, run.target, run.seed)),
    Order("by backbone", "backbone", lambda run: (run.backbone, run.method, run.target, run.seed)),
    Order("by target", "target", lambda run: (run.target, run.method, run.seed)),
    Order("by seed", "seed", lambda run: run.seed),
    Order("best on dev first", "metric", lambda run: _largest(dev_value(run)), falling=True),
    Order("best on test first", "test", lambda run: _largest(run.test), falling=True),
    Order("most parameters first", "trainable", lambda run: _largest(run.trainable), falling=True),
    Order("longest first", "time", lambda run: -run.seconds, falling=True),
)
BY_COLUMN = {order.column: order for order in ORDERS if order.column}
