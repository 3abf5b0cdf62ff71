"""What ``scalearn compare`` says of the sides: differences, what they claim, and the command that says it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from scalearn_tui.dashboard.compared import Pair
from scalearn_tui.dashboard.widgets.colours import DIM
from scalearn_tui.dashboard.widgets.lines import Column, fit
from scalearn_tui.text.comparison import HEADINGS, NUMBERS, lines, notes, row

if TYPE_CHECKING:
    from engine.reports.comparison import Compared

RANKS = {"A - B": 1, "95% interval": 2, "p": 3, "A is": 4, "Holm p": 5, "A": 6, "B": 7, "test": 8, "metric": 9}
"""Which columns go first where there is no room, the highest first; what a row is about never goes."""
SCORES = ("A", "B")
"""Both or neither: one alone says nothing."""
VERDICTS = {"better": "$text-success", "worse": "$text-error"}
NAME = 20
"""Cells of the other side's name, at least."""
NOTE = 13
"""Cells of a note's name."""


class PairedTest(Widget):
    """One table for all pairs, and the notes that they share once; as high as its width asks."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._pairs: Sequence[Pair] = ()
        self._said = ""

    def show(self, pairs: Sequence[Pair], said: str = "") -> None:
        """``said`` stands in place of what is not there, or above what is older."""
        self._pairs, self._said = pairs, said
        self.refresh(layout=True)

    def render(self) -> Content:
        return self._text(self.size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self._text(width).plain.count("\n") + 1

    def _text(self, width: int) -> Content:
        parts = [Content.assemble(("paired test", "bold"), (f"  {self._said}" if self._said else "", DIM))]
        parts += _table(self._pairs, width)
        parts += [_note(name, text, width) for name, text in [*_notes(self._pairs), *_not_tested(self._pairs)]]
        return Content("\n").join(parts)


def _table(pairs: Sequence[Pair], width: int) -> list[Content]:
    rows = [_row(pair, line) for pair in pairs if pair.found for line in lines(pair.found)]
    if not rows:
        return []
    headings = _headings(pairs)
    # Nothing was corrected where there is one test alone.
    blank = {"–"}
    columns = [
        _column(place, title, max(cell_len(cells[place]) for cells in (headings, *rows)))
        for place, title in enumerate(headings)
        if (place or len(pairs) > 1) and {cells[place] for cells in rows} != blank
    ]
    columns[0] = replace(columns[0], gap=0)
    shown = fit(columns, width)
    if len([column for column, _ in shown if column.key in SCORES]) < len(SCORES):
        shown = fit([column for column in columns if column.key not in SCORES], width)
    lined = [Content.assemble(*(" " * column.gap + column.cell(headings, cells) for column, cells in shown)).stylize(DIM)]
    verdict = headings.index("A is")
    for cells in rows:
        look = VERDICTS.get(cells[verdict], "")
        parts = [(" " * column.gap + column.cell(cells, room), look if column.key == "A is" else "") for column, room in shown]
        lined.append(Content.assemble(*parts))
    return lined


def _row(pair: Pair, line: Compared) -> tuple[str, ...]:
    """The command's, with the other side in front; why nothing was tested stands below."""
    *cells, test = row(line)
    name = pair.other.title if pair.split == "test" else f"{pair.other.title}, on {pair.split}"
    return (name, *cells, test if line.difference else "")


def _headings(pairs: Sequence[Pair]) -> tuple[str, ...]:
    """Those of the command; of several pairs the other side is named in front."""
    renamed = {"B": "other", "A - B": "difference"} if len(pairs) > 1 else {}
    return ("A against", *(renamed.get(name, name) for name in HEADINGS))


def _column(place: int, title: str, width: int) -> Column[Sequence[str]]:
    key = HEADINGS[place - 1] if place else title
    least = 0 if place else min(width, NAME)
    return Column(key, title, width, RANKS.get(key, 0), lambda cells: cells[place], right=key in NUMBERS, least=least)


def _notes(pairs: Sequence[Pair]) -> list[tuple[str, str]]:
    """Each once; the sides are named in the table above the chart already."""
    reasons = [
        note
        for pair in pairs
        if pair.found
        for note in notes(pair.found, (pair.first.title, pair.other.title), pair.letters)
        if note[0] not in pair.letters
    ]
    return list(dict.fromkeys(reasons))


def _not_tested(pairs: Sequence[Pair]) -> list[tuple[str, str]]:
    """Why a pair, or one of its tasks, is not."""
    reasons = [(pair, pair.why_not) for pair in pairs if pair.why_not]
    reasons += [
        (pair, f"{line.title} {line.why_not}") for pair in pairs if pair.found for line in lines(pair.found) if line.why_not
    ]
    return [("not tested", f"{' - '.join(pair.letters)}: {why}") for pair, why in reasons]


def _note(name: str, text: str, width: int) -> Content:
    """The text goes on below itself."""
    room = max(20, width - NOTE)
    parts = Content(text).wrap(room)
    first, *others = parts or [Content("")]
    lined = [Content.assemble((f"{name:{NOTE}}", DIM), first)]
    return Content("\n").join([*lined, *(Content.assemble(" " * NOTE, part) for part in others)])
