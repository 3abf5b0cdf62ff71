"""A training curve of any length in little memory: the lowest and highest value of each stretch of steps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

LIMIT = 2048
"""Stretches kept: more than any terminal has columns of dots, so nothing that could be seen is lost."""


class Stretch(NamedTuple):
    """Consecutive points, of which a chart needs only these numbers."""

    start: int
    """First step."""
    end: int
    """Last step."""
    first: float
    low: float
    high: float
    last: float


class Curve:
    """Points in the order of their steps. Neighbouring stretches are merged in pairs when there are too many."""

    def __init__(self) -> None:
        self.stretches: list[Stretch] = []
        self._points = 0
        self._each = 1
        self._inside = 0

    def __len__(self) -> int:
        """Number of points added."""
        return self._points

    @property
    def newest(self) -> int:
        """Step of the newest point, -1 without points."""
        return self.stretches[-1].end if self.stretches else -1

    def extend(self, points: Iterable[tuple[int, float]]) -> None:
        """Append points (step, value); values must be finite."""
        for step, value in points:
            point = Stretch(step, step, value, value, value, value)
            if self._inside % self._each == 0:
                self.stretches.append(point)
            else:
                self.stretches[-1] = _joined(self.stretches[-1], point)
            self._inside += 1
            self._points += 1
            if len(self.stretches) > LIMIT:
                self._halve()

    def _halve(self) -> None:
        old = self.stretches
        self.stretches = [_joined(*old[at : at + 2]) if at + 1 < len(old) else old[at] for at in range(0, len(old), 2)]
        self._each *= 2
        # LIMIT is even, so the newest stretch is left over and holds the one point that made it.
        self._inside = 1


def _joined(left: Stretch, right: Stretch) -> Stretch:
    return Stretch(left.start, right.end, left.first, min(left.low, right.low), max(left.high, right.high), right.last)
