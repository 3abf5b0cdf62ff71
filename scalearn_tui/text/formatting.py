"""Numbers and durations as text, the same on the command line and on the dashboard."""

from __future__ import annotations

import math

NOTHING = "–"
"""Stands where there is no value."""


def duration(seconds: float | None) -> str:
    """``12:10`` for minutes and seconds, ``1:02:03`` with hours, ``2d 03h`` from a day on, ``–`` for None."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    minutes, second = divmod(int(max(0.0, seconds)), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days}d {hour:02}h"
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute:02}:{second:02}"


def number(value: float | None, digits: int = 2) -> str:
    """``value`` with ``digits`` decimals, ``–`` for None and NaN."""
    if value is None or math.isnan(value):
        return NOTHING
    return f"{value:.{digits}f}"


def score(value: float | None, digits: int = 2) -> str:
    """A metric stored as a fraction or correlation, times 100 as papers print it."""
    return number(None if value is None else 100 * value, digits)


def count(value: float | None) -> str:
    """``950``, ``2k``, ``36.9k``, ``1.18M``: three significant digits from a thousand on."""
    if value is None or math.isnan(value):
        return NOTHING
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            scaled = value / size
            digits = max(0, 2 - int(math.log10(abs(scaled))))
            text = f"{scaled:.{digits}f}"
            return (text.rstrip("0").rstrip(".") if digits else text) + unit
    return f"{value:g}"


def size(value: float | None) -> str:
    """Bytes on disk: ``350 B``, ``2 kB``, ``36.9 MB``."""
    return NOTHING if value is None else f"{count(value)} B".replace("k B", " kB").replace("M B", " MB").replace("G B", " GB")


def shorten(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells of a terminal, its end replaced by ``…`` where it is longer."""
    if text.isascii():
        return text if len(text) <= width else text[: max(0, width - 1)] + "…"
    from rich.cells import cell_len, set_cell_size

    # Of a wide character that is cut in two, a blank stays.
    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)).rstrip() + "…"


def padded(text: str, width: int, right: bool = False) -> str:
    """``text`` in exactly ``width`` cells: shortened, or with blanks behind it, or in front of it with ``right``."""
    text = shorten(text, width)
    if text.isascii():
        return text.rjust(width) if right else text.ljust(width)
    from rich.cells import cell_len

    blanks = " " * (width - cell_len(text))
    return blanks + text if right else text + blanks
