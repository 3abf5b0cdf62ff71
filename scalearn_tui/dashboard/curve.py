"""A training curve of any length in little memory: of each stretch of steps its lowest, mean and highest value."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

LIMIT = 2048
"""Points kept, an even number: more than any terminal has columns of dots, so nothing that could be seen is lost."""


@dataclass(frozen=True, eq=False)
class Points:
    """What a chart needs of a curve, never empty. The arrays are equally long; an equal curve is the same object."""

    steps: array[float]
    """In order. Of a point that stands for several, the first."""
    means: array[float]
    lows: array[float]
    highs: array[float]
    each: int
    """How many points one stands for; the newest may stand for fewer."""
    newest: tuple[float, float]
    """Step and value of the newest point."""

    def at(self, step: float) -> float | None:
        """The value at a step, or else at the last one before it; None before the first."""
        index = bisect_right(self.steps, step)
        return self.means[index - 1] if index else None


class Curve:
    """Collects points in the order of their steps. Neighbours are merged in pairs when there are too many."""

    def __init__(self) -> None:
        self._steps, self._means, self._lows, self._highs = array("d"), array("d"), array("d"), array("d")
        self._each = 1
        self._inside = 0
        """How many points the newest one stands for."""
        self._newest = (-1.0, 0.0)
        self._points: Points | None = None
        self._count = 0

    def __len__(self) -> int:
        """Number of points added."""
        return self._count

    @property
    def newest(self) -> int:
        """Step of the newest point, -1 without points."""
        return int(self._newest[0])

    @property
    def points(self) -> Points | None:
        """What was added so far; None without points. It never changes."""
        if self._points is None and self._count:
            kept = self._steps[:], self._means[:], self._lows[:], self._highs[:]
            self._points = Points(*kept, self._each, self._newest)
        return self._points

    def extend(self, steps: Sequence[float], values: Sequence[float]) -> None:
        """Append points; values must be finite."""
        at = self._extend_singly(steps, values) if self._each == 1 else 0
        while at < len(values):
            if self._inside in (0, self._each):
                if len(self._steps) == LIMIT:
                    self._halve()
                part = values[at : at + self._each]
                self._append(steps[at], part)
            else:
                part = values[at : at + self._each - self._inside]
                self._widen(part)
            at += len(part)
        if len(values):
            self._newest, self._points = (steps[-1], values[-1]), None
            self._count += len(values)

    def _extend_singly(self, steps: Sequence[float], values: Sequence[float]) -> int:
        """Append those for which there is room as they are; returns how many these were."""
        room = LIMIT - len(self._steps)
        self._steps.extend(steps[:room])
        for kept in (self._means, self._lows, self._highs):
            kept.extend(values[:room])
        self._inside = min(1, len(self._steps))
        return min(room, len(values))

    def _append(self, step: float, part: Sequence[float]) -> None:
        self._steps.append(step)
        self._means.append(fmean(part) if len(part) > 1 else part[0])
        self._lows.append(min(part))
        self._highs.append(max(part))
        self._inside = len(part)

    def _widen(self, part: Sequence[float]) -> None:
        """Add to the newest point, which stands for fewer than the others."""
        inside = self._inside + len(part)
        self._means[-1] = (self._means[-1] * self._inside + sum(part)) / inside
        self._lows[-1] = min(self._lows[-1], *part)
        self._highs[-1] = max(self._highs[-1], *part)
        self._inside = inside

    def _halve(self) -> None:
        self._steps = self._steps[::2]
        self._means = array("d", ((left + right) / 2 for left, right in _pairs(self._means)))
        self._lows = array("d", map(min, self._lows[::2], self._lows[1::2]))
        self._highs = array("d", map(max, self._highs[::2], self._highs[1::2]))
        self._each *= 2
        self._inside = self._each


def _pairs(values: array[float]) -> zip[tuple[float, float]]:
    return zip(values[::2], values[1::2], strict=True)
