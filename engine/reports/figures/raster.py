"""Dots for terminals: a canvas of braille characters with 2 x 4 dots each, and round numbers for the axes."""

from __future__ import annotations

import math

DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of the dots of a braille character, by column and row."""
RUNS = tuple(
    tuple(tuple(sum(side[first : last + 1]) for last in range(4)) for first in range(4))
    for side in DOTS
)  # fmt: skip
"""Bits of the dots of a braille character from one row to another, by column, first and last row."""


class Canvas:
    """``width`` x ``height`` characters of dots; each character shows the last curve that touched it, and no other."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.bits = [[0] * width for _ in range(height)]
        self.owners = [[-1] * width for _ in range(height)]

    def column(self, x: int, y0: int, y1: int, owner: int) -> None:
        """Dots from row ``y0`` to row ``y1`` (any order) in dot column ``x``."""
        low, high = (y0, y1) if y0 < y1 else (y1, y0)
        low, high = max(0, low), min(self.height * 4 - 1, high)
        first, last, cell, runs = low // 4, high // 4, x // 2, RUNS[x % 2]
        for row in range(first, last + 1):
            dots = runs[low % 4 if row == first else 0][high % 4 if row == last else 3]
            bits, owners = self.bits[row], self.owners[row]
            if owners[cell] == owner:
                bits[cell] |= dots
            else:
                bits[cell], owners[cell] = dots, owner

    def join(self, start: tuple[int, int], end: tuple[int, int], owner: int) -> None:
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
