"""Curves and bands on a canvas of braille dots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from engine.reports.figures import raster
from scalearn_tui.dashboard.charts.columns import Column

Row = Callable[[float], int]
"""The row of dots of a value, counted from the top."""


class Canvas(raster.Canvas):
    """One that draws what ``columns`` found."""

    def curve(self, found: Sequence[Column], row: Row, owner: int) -> None:
        """A line through the means, and all of each column; nothing between two points is left empty."""
        before = None
        for x, mean, low, high, *_ in found:
            y = row(mean)
            top, bottom = (y, y) if low == high else (row(high), row(low))
            if before is not None:
                last_x, last_y, last_top, last_bottom = before
                if x == last_x + 1:
                    top, bottom = min(top, last_bottom + 1), max(bottom, last_top - 1)
                else:
                    self.join((last_x, last_y), (x, y), owner)
            self.column(x, top, bottom, owner)
            before = x, y, top, bottom

    def band(self, found: Sequence[Column], row: Row, owner: int) -> None:
        """A pattern of every fourth dot from the lowest to the highest values."""
        edges = [(column.x, row(column.low), row(column.high)) for column in found]
        for (x0, low0, high0), (x1, low1, high1) in pairwise([*edges, *edges[-1:]]):
            for x in range(x0 + x0 % 2, max(x0 + 1, x1), 2):
                share = (x - x0) / max(1, x1 - x0)
                bottom, top = round(low0 + share * (low1 - low0)), round(high0 + share * (high1 - high0))
                for y in range(top + (top + x // 2) % 2, bottom + 1, 2):
                    self.column(x, y, y, owner)
