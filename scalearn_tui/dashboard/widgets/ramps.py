"""Colours of numbers as in figures, cividis and around 0 PuOr: readers of every colour vision put them into the same order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.style import Style

from scalearn_tui.dashboard.model.transfer import TransferMap

UNSIGNED = ("00224e", "1a386f", "434e6c", "61656f", "7d7c78", "9b9476", "bcae6c", "dec958", "fee838")
SIGNED = ("7f3b08", "be630a", "ef9e3c", "fed7a2", "f6f6f7", "cecde4", "988dbe", "5d3790", "2d004b")
"""Evenly spaced, from the lowest to the highest."""
TENTHS = 10
BRIGHT = 0.45
"""Brightness from which letters on a colour are black."""


def share(shown: TransferMap, value: float) -> float:
    """Where the value lies between the ends of the colours, 0 to 1."""
    return max(0.0, min(1.0, (value - shown.low) / (shown.high - shown.low)))


def tenth(shown: TransferMap, value: float) -> int:
    """0 to 9."""
    return min(TENTHS - 1, int(TENTHS * share(shown, value)))


def cell_style(shown: TransferMap, value: float) -> Style:
    """The colour of a value, with letters that can be read on it."""
    return _style(SIGNED if shown.signed else UNSIGNED, round(share(shown, value), 3))


@lru_cache(1024)
def _style(ramp: Sequence[str], place: float) -> Style:
    at = place * (len(ramp) - 1)
    first = min(int(at), len(ramp) - 2)
    low, high = (bytes.fromhex(ramp[first + offset]) for offset in (0, 1))
    red, green, blue = (round(a + (b - a) * (at - first)) for a, b in zip(low, high, strict=True))
    bright = (0.299 * red + 0.587 * green + 0.114 * blue) / 255 > BRIGHT
    return Style(color="#000000" if bright else "#ffffff", bgcolor=Color.from_triplet(ColorTriplet(red, green, blue)))
