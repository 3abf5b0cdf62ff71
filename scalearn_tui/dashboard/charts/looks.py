"""Names of the looks of what stands in a chart; the style sheet says what they are."""

from __future__ import annotations

Look = tuple[str, ...]
"""Component classes of the widget, the later ones on top."""
Part = tuple[str, Look]
"""A text and how it looks."""

TITLE: Look = ("chart--title",)
AXIS: Look = ("chart--axis",)
CROSSHAIR: Look = ("chart--crosshair",)
MARKS = ("•", "◆", "▲", "○", "■", "◇", "△", "□", "+")
"""Of the curves in order: a curve is told by its mark where its colour is not seen."""
MOST = len(MARKS)
"""Curves of a chart: a mean and the eight tasks of GLUE."""


def series_look(number: int) -> Look:
    """Of the curve at this place."""
    return (f"chart--series-{number + 1}",)


def faint(look: Look) -> Look:
    """What stands behind the curves."""
    return (*look, "chart--faint")


ALL = {"chart--faint", *TITLE, *AXIS, *CROSSHAIR, *(name for number in range(MOST) for name in series_look(number))}
