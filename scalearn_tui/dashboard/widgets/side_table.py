"""Facts of several sides in columns beside each other; where not all sides fit, some of them at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.cells import cell_len
from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from scalearn_tui.dashboard.model.compare import Fact
from scalearn_tui.dashboard.widgets.colours import DIM
from scalearn_tui.text.formatting import padded, shorten

GAP = 2
NAME = 18
"""Cells of a fact's name, at most."""
LEAST = 14
"""Cells of a side, at least."""
MOST = 36
"""Cells of a side, at most: what is longer goes on below."""

Cell = tuple[str, str | Style]


@dataclass(frozen=True)
class Head:
    """The title of a column, with the mark and the colour of its curve where it has one."""

    title: str
    mark: str = ""
    style: str | Style = "bold"


class SideTable(Static):
    """Long texts are wrapped, never cut: what differs may be at their end."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._heads: Sequence[Head] = ()
        self._facts: Sequence[Fact] = ()
        self._first = 0

    def show(self, heads: Sequence[Head], facts: Sequence[Fact]) -> None:
        """One head per side, and as many texts in each fact."""
        self._heads, self._facts = heads, facts
        self._write()

    def move(self, by: int) -> None:
        """Begin with another side."""
        self._first += by
        self._write()

    def on_resize(self) -> None:
        self._write()

    def _write(self) -> None:
        if not self._heads or not self.size.width:
            return
        name = min(NAME, max(cell_len(fact.name) for fact in self._facts))
        room = self.size.width - name
        count = max(1, min(len(self._heads), room // (LEAST + GAP)))
        self._first = max(0, min(self._first, len(self._heads) - count))
        places = range(self._first, self._first + count)
        width = min(MOST, max(1, room // count - GAP))
        hidden = f"+{len(self._heads) - count} ← →" if count < len(self._heads) else ""
        heads = [self._heads[place] for place in places]
        rows = [_row((hidden, DIM), [(f"{head.mark} {head.title}".strip(), head.style) for head in heads], name, width)]
        for fact in self._facts:
            style = "" if fact.differs else DIM
            rows.append(_row((fact.name, DIM), [(fact.texts[place], style) for place in places], name, width))
        self.update(Content("\n").join(line for row in rows for line in row))


def _row(name: Cell, cells: Sequence[Cell], name_width: int, width: int) -> list[Content]:
    """As many lines as the longest cell takes."""
    wrapped = [[part.plain for part in Content(text).wrap(width)] for text, _ in cells]
    styles = [style for _, style in cells]
    lines = []
    for number, parts in enumerate(zip_longest(*wrapped, fillvalue="")):
        title = padded(shorten(name[0], name_width) if not number else "", name_width)
        texts = [(" " * GAP + padded(part, width), style) for part, style in zip(parts, styles, strict=True)]
        lines.append(Content.assemble((title, name[1]), *texts).rstrip())
    return lines
