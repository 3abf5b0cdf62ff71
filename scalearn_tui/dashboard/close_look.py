"""Points at full resolution for the part of long curves that a chart is zoomed into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from scalearn_tui.dashboard.blocking import Background
from scalearn_tui.dashboard.charts.series import Reading, Series, View
from scalearn_tui.dashboard.curve import Points

MARGIN = 0.5
"""Of the window, read on both sides as well, so that moving it a little needs no other look."""


class Look(NamedTuple):
    """Points read from one step to another while the newest of all was at step ``newest``."""

    low: float
    high: float
    newest: float
    points: Points | None

    def covers(self, low: float, high: float) -> bool:
        return self.low <= low and high <= self.high

    def serves(self, low: float, high: float, newest: float) -> bool:
        """Whether another look from ``low`` to ``high`` would show nothing more."""
        finest = self.points is None or self.points.each == 1 or self.high - self.low <= 2 * (1 + 2 * MARGIN) * (high - low)
        return self.covers(low, high) and finest and (newest == self.newest or high < min(newest, self.newest))


class CloseLook:
    """Reads in threads, one at a time; of the looks asked for meanwhile only the last is made."""

    def __init__(self, background: Background, changed: Callable[[], None]) -> None:
        """``changed`` is called after a look."""
        self._background, self._changed = background, changed
        self._looks: dict[Reading, Look] = {}
        self._reading = False
        self._next: tuple[Sequence[Series], View] | None = None

    def of(self, series: Sequence[Series], view: View) -> list[Series]:
        """The series with finer points where the window was read, else with their own."""
        closer = []
        for one in series:
            look = one.reading and self._looks.get(one.reading)
            if look and look.points and view.window and look.covers(*_steps(one, view)):
                one = replace(one, points=look.points)
            closer.append(one)
        return closer

    def read(self, series: Sequence[Series], view: View) -> None:
        """Look at the window of the view, as far as points are merged there and were not read before."""
        if self._reading:
            self._next = series, view
            return
        wanted: dict[Reading, tuple[float, float, float]] = {}
        for one in series:
            if one.reading and one.points.each > 1 and view.window:
                (low, high), newest = _steps(one, view), one.points.newest[0]
                look, room = self._looks.get(one.reading), MARGIN * (high - low)
                if look is None or not look.serves(low, high, newest):
                    wanted[one.reading] = low - room, high + room, newest
        if not wanted:
            return
        self._reading = True
        self._background(
            lambda: {read: Look(low, high, newest, read(low, high)) for read, (low, high, newest) in wanted.items()},
            lambda looks: self._take(looks, series),
            # The merged points stay; whoever follows the curves tells why they cannot be read.
            lambda _: self._take({}, series),
        )

    def _take(self, looks: dict[Reading, Look], series: Sequence[Series]) -> None:
        self._reading = False
        shown = {one.reading for one in series}
        self._looks = {read: look for read, look in {**self._looks, **looks}.items() if read in shown}
        if looks:
            self._changed()
        if self._next:
            (series, view), self._next = self._next, None
            self.read(series, view)


def _steps(one: Series, view: View) -> tuple[float, float]:
    """The window in steps of the series."""
    left, right = view.window or (0.0, 0.0)
    return left / one.per_step[view.axis], right / one.per_step[view.axis]
