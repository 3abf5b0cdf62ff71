"""Where all text of the dashboard passes last, and what a terminal would obey is taken out."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from scalearn_tui.text.harmless import CONTROL, INVISIBLE

TAKEN_OUT = dict.fromkeys([*CONTROL, *INVISIBLE])
"""None of them takes a cell, so that the layout is as it was without this."""


class Sink(LineFilter):
    """A line of a widget as the terminal may have it: labels, titles, causes and logs may hold anything."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [segment if segment.control or segment.text.isprintable() else _tamed(segment) for segment in segments]


def _tamed(segment: Segment) -> Segment:
    return segment._replace(text=segment.text.translate(TAKEN_OUT))
