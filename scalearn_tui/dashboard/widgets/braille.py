"""Training curves on a canvas of braille dots, and the range of their values."""

from __future__ import annotations

from collections.abc import Sequence

from engine.reports.figures import raster
from scalearn_tui.dashboard.curve import Stretch


class Canvas(raster.Canvas):
    """One that draws curves of any length from their stretches."""

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
                self.join(before, (x, y), owner)
            self.column(x, row(stretch.low), row(stretch.high), owner)
            before = (round((stretch.end - left) * per_step), row(stretch.last))


def value_range(curves: Sequence[Sequence[Stretch]]) -> tuple[float, float]:
    """Lowest and highest value with a little room, never empty."""
    low = min(stretch.low for curve in curves for stretch in curve)
    high = max(stretch.high for curve in curves for stretch in curve)
    if high - low < 1e-12:
        room = abs(high) * 0.05 or 0.5
        return low - room, high + room
    room = (high - low) * 0.04
    return low - room, high + room
