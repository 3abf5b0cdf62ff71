"""The axes of a chart: where a value lies, and the round numbers beside and below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.reports.figures.raster import round_steps
from scalearn_tui.text.formatting import count, duration

ROOM = 0.04
"""Of the range of values, above and below the curves."""
UNITS = ((2 * 86400.0, 86400.0, "days"), (2 * 3600.0, 3600.0, "hours"), (120.0, 60.0, "minutes"), (0.0, 1.0, "seconds"))
"""From a range of this many seconds on: seconds of the unit, and its name."""


@dataclass(frozen=True)
class ValueAxis:
    """The axis of values, on ``cells`` rows of four dots."""

    low: float
    high: float
    cells: int
    log: bool = False

    @classmethod
    def around(cls, low: float, high: float, cells: int, log: bool = False) -> ValueAxis:
        """With a little room above and below, never empty. On a logarithmic axis both values are positive."""
        if log:
            room = ROOM * math.log(high / low) or 0.05
            return cls(low * math.exp(-room), high * math.exp(room), cells, True)
        room = ROOM * (high - low) if high - low > 1e-12 else abs(high) * 0.05 or 0.5
        return cls(low - room, high + room, cells)

    def row(self, value: float) -> int:
        """The row of dots of a value, counted from the top."""
        if self.log:
            return round(math.log(self.high / value) / math.log(self.high / self.low) * (self.cells * 4 - 1))
        return round((self.high - value) / (self.high - self.low) * (self.cells * 4 - 1))

    def labels(self) -> dict[int, str]:
        """Text by row of cells."""
        most = max(1, min(5, self.cells // 3))
        numbers = (self.log and _powers(self.low, self.high, most)) or round_steps(self.low, self.high, most)
        numbers = [number for number in numbers if number > 0] if self.log else numbers
        texts = [f"{number:.6g}" for number in numbers] if self.log else _texts(numbers)
        return {self.row(number) // 4: text for number, text in zip(numbers, texts, strict=True)}


def _powers(low: float, high: float, most: int) -> list[float]:
    """Powers of ten in the range, or twice and five times those, too; empty where those are too few."""
    powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    if len(powers) >= 2:
        return [10.0**power for power in powers[:: -(-len(powers) // max(2, most))]]
    finer = [factor * 10.0**power for power in range(powers.start - 1, powers.stop + 1) for factor in (1, 2, 5)]
    inside = [number for number in finer if low <= number <= high]
    return inside if len(inside) >= 2 else []


def _texts(numbers: Sequence[float]) -> list[str]:
    """Evenly spaced numbers, short and yet told apart."""
    largest, gap = max(map(abs, numbers)), _gap(numbers)
    if gap < 1e-4 or largest >= 1e5:
        short = [count(number) if 1e3 <= largest < 1e12 else f"{number:.3g}" for number in numbers]
        return short if len(set(short)) == len(short) else [f"{number:.6g}" for number in numbers]
    return [f"{number:.{_digits(gap)}f}" for number in numbers]


def _gap(numbers: Sequence[float]) -> float:
    return abs(numbers[1] - numbers[0]) if len(numbers) > 1 else abs(numbers[0]) or 1.0


def _digits(gap: float) -> int:
    """Decimals that tell numbers apart."""
    return next((digits for digits in range(5) if abs(round(gap, digits) - gap) < gap * 1e-6), 4)


def place_text(axis: str, place: float) -> str:
    """A place on the axis, exactly enough to be found again."""
    if axis == "time":
        return duration(place)
    return f"{place:,.0f}" if axis == "step" else f"{place:.4g}"


def ticks(axis: str, left: float, right: float, cells: int) -> tuple[dict[int, str], str]:
    """Text by cell below the curves, and the unit that they have. ``left`` and ``right`` lie in the first and last cell."""
    unit, name = next((size, name) for least, size, name in UNITS if right - left >= least) if axis == "time" else (1.0, axis)
    numbers = round_steps(left / unit, right / unit, max(1, min(6, cells // 12)))
    if axis == "step":
        numbers = [number for number in numbers if number == round(number)]
    texts = [count(round(number, 6)) for number in numbers]
    if len(set(texts)) < len(texts):
        texts = [f"{number:,.{_digits(_gap(numbers))}f}" for number in numbers]
    places = [round((number * unit - left) / (right - left) * (cells - 1)) for number in numbers]
    return dict(zip(places, texts, strict=True)), name
