"""Names of the looks of what stands in a chart; the style sheet says what they are."""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    """How a text looks."""

    name: str
    """Component class of the widget."""
    faint: bool = False


Part = tuple[str, Look]
"""A text and how it looks."""
TITLE, AXIS, CROSSHAIR = Look("chart--title"), Look("chart--axis"), Look("chart--crosshair")
MARKS = ("•", "◆", "▲", "○", "■", "◇", "△", "□", "+")
"""Of the curves in order: a curve is told by its mark where its colour is not seen."""
MOST = len(MARKS)
"""Curves of a chart: a mean and the eight tasks of GLUE."""
SERIES = tuple(Look(f"chart--series-{number + 1}") for number in range(MOST))
FAINT = tuple(look._replace(faint=True) for look in SERIES)
NAMES = {look.name for look in (TITLE, AXIS, CROSSHAIR, *SERIES)}
