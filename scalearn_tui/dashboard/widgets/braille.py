"""Curves as braille dots: a canvas of characters with 2 x 4 dots each, and round numbers for the axes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scalearn_tui.dashboard.curve import Stretch

DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of the dots of a braille character, by column and row."""


class Canvas:
    """``width`` x ``height`` characters of dots; each character belongs to the last curve that touched it."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.bits = [[0] * width for _ in range(height)]
        self.owners = [[-1] * width for _ in range(height)]

    def column(self, x: int, y0: int, y1: int, owner: int) -> None:
        """Dots from row ``y0`` to row ``y1`` (any order) in dot column ``x``."""
        low, high = min(y0, y1), max(y0, y1)
        for y in range(max(0, low), min(self.height * 4 - 1, high) + 1):
            self.bits[y // 4][x // 2] |= DOTS[x % 2][y % 4]
            self.owners[y // 4][x // 2] = owner

    def curve(self, stretches: Sequence[Stretch], steps: tuple[int, int], values: tuple[float, float], owner: int) -> None:
        """Draw a curve in the ranges of steps and values; nothing between two points is left empty."""
        (left, right), (bottom, top) = steps, values
        across, down = self.width * 2 - 1, self.height * 4 - 1
        per_step = across / max(1, right - left)
        per_value = down / (top - bottom)

        def row(value: float) -> int:
            return round((top - value) * per_value)

        before: tuple[int, int] | None = None
        for stretch in stretches:
            x = round((stretch.start - left) * per_step)
            y = row(stretch.first)
            if before is not None:
                self._join(before, (x, y), owner)
            self.column(x, row(stretch.low), row(stretch.high), owner)
            before = (round((stretch.end - left) * per_step), row(stretch.last))

    def _join(self, start: tuple[int, int], end: tuple[int, int], owner: int) -> None:
        """A line between two dots; each column is filled up to where the line leaves it, so a steep line has no holes."""
        (x0, y0), (x1, y1) = start, end
        if x1 <= x0:
            self.column(x0, y0, y1, owner)
            return
        at = y0
        for x in range(x0, x1 + 1):
            to = y0 + round((y1 - y0) * (x - x0 + 0.5) / (x1 - x0)) if x < x1 else y1
            self.column(x, at, to, owner)
            at = to

    def text(self, y: int, x: int) -> str:
        return chr(0x2800 + self.bits[y][x]) if self.bits[y][x] else " "


def round_steps(low: float, high: float, count: int) -> list[float]:
    """About ``count`` round numbers within [low, high], evenly spaced; two at least."""
    if not high > low:
        return [low]
    rough = (high - low) / max(1, count)
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [at * step for at in range(first, last + 1)] if last > first else round_steps(low, high, count + 1)


def value_range(curves: Sequence[Sequence[Stretch]]) -> tuple[float, float]:
    """Lowest and highest value with a little room, never empty."""
    low = min(stretch.low for curve in curves for stretch in curve)
    high = max(stretch.high for curve in curves for stretch in curve)
    if high - low < 1e-12:
        room = abs(high) * 0.05 or 0.5
        return low - room, high + room
    room = (high - low) * 0.04
    return low - room, high + room
