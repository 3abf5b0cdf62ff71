"""What the terminal shows. Of an update only cells that look different are written, and of their styles only what changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.geometry import Size
from textual.screen import Screen
from textual.strip import Strip

NARROW = re.compile(
    "[ -~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0482\u2010-\u2027\u2190-\u21ff\u2200-\u22ff\u2500-\u25fa\u2713\u2717\u2800-\u28ff]+"
)
"""Characters of one cell in every terminal, as far as they are used here."""
NEAR = 5
"""Equal cells between two that differ are written too when they are so few: to leave them out takes as many bytes."""
LINES = {"4", "7", "9", "21", "51", "52", "53"}
"""Attributes that are seen of a space."""
PLAIN = ("", "", "")
Codes = tuple[str, str, str]
"""What selects attributes, foreground and background (ECMA-48, SGR)."""
Piece = tuple[int, int, Strip]
"""Row, column and what stands there."""


class Cells:
    """Rows of cells. A text of characters that are not one cell wide each is one: the cells behind its first are empty."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[list[str | None], list[Style | None]]] = {}
        self._size = Size(0, 0)

    def forget(self) -> None:
        """Nothing is known of what the terminal shows."""
        self._rows.clear()

    def fit(self, size: Size) -> None:
        """The terminal has this size; with another than before, its cells may be anywhere."""
        if size != self._size:
            self._size = size
            self.forget()

    def written(self, pieces: Sequence[Piece], colours: ColorSystem) -> str:
        """What to write for the terminal to show these pieces, too."""
        pen = _Pen(colours)
        for y, x, strip in pieces:
            texts, styles = _cells(strip)
            row_texts, row_styles = self._row(y, x + len(texts))
            at = slice(x, x + len(texts))
            if texts != row_texts[at] or styles != row_styles[at]:
                # Terminals disagree on how wide joined characters are: what is beside them is written with them.
                whole = _has_joined(texts) or _has_joined(row_texts[at])
                changed = [(0, len(texts))] if whole else _different(texts, styles, row_texts[at], row_styles[at])
                for start, stop in changed:
                    while start and not texts[start]:
                        start -= 1
                    pen.write(y, x + start, texts[start:stop], styles[start:stop])
            row_texts[at], row_styles[at] = texts, styles
        return pen.done()

    def _row(self, y: int, width: int) -> tuple[list[str | None], list[Style | None]]:
        texts, styles = self._rows.setdefault(y, ([], []))
        unknown = max(0, width - len(texts))
        texts += [None] * unknown
        styles += [None] * unknown
        return texts, styles


class _Pen:
    """Writes cells, and of their styles what changes."""

    def __init__(self, colours: ColorSystem) -> None:
        self._out: list[str] = []
        self._colours, self._now = colours, PLAIN

    def write(self, y: int, x: int, texts: Sequence[str], styles: Sequence[Style]) -> None:
        self._go(y, x)
        for at, (text, style) in enumerate(zip(texts, styles, strict=True)):
            if not text:
                continue
            wanted = _codes(style, self._colours)
            if wanted != self._now and not (text == " " and _blank_in(self._now, wanted)):
                self._out.append(_change(self._now, wanted))
                self._now = wanted
            if len(text) == 1:
                self._out.append(text)
                continue
            # In a terminal that takes it for narrower, nothing of before is left; in any, what follows is where it belongs.
            width = next((end for end in range(at + 1, len(texts)) if texts[end]), len(texts)) - at
            self._out.append(" " * width)
            self._go(y, x + at)
            self._out.append(text)
            self._go(y, x + at + width)

    def done(self) -> str:
        """All that was written, at the end of which no style is on."""
        return "".join([*self._out, "\x1b[0m" if self._now != PLAIN else ""])

    def _go(self, y: int, x: int) -> None:
        self._out.append(f"\x1b[{y + 1};{x + 1}H")


def _cells(strip: Strip) -> tuple[list[str], list[Style]]:
    texts: list[str] = []
    styles: list[Style] = []
    for text, style, control in strip:
        width = 0 if control else cell_len(text)
        style = style or Style.null()
        if NARROW.fullmatch(text):
            texts += text
            blank = _blank(style)
            styles += [blank if character == " " else style for character in text]
        elif width:
            texts += [text, *[""] * (width - 1)]
            styles += [style] * width
    return texts, styles


@lru_cache(4096)
def _blank(style: Style) -> Style:
    """What of a style is seen of a space."""
    if style.reverse or style.underline or style.underline2 or style.strike or style.overline or style.frame or style.encircle:
        return style
    return Style(bgcolor=style.bgcolor)


def _different(
    texts: Sequence[str], styles: Sequence[Style], old_texts: Sequence[str | None], old_styles: Sequence[Style | None]
) -> Iterator[tuple[int, int]]:
    """From where to where cells differ; somewhere they do."""
    start = stop = -1
    for at, (text, old_text, style, old_style) in enumerate(zip(texts, old_texts, styles, old_styles, strict=True)):
        if text == old_text and (style is old_style or style == old_style):
            continue
        if start >= 0 and at - stop > NEAR:
            yield start, stop
            start = at
        start, stop = at if start < 0 else start, at + 1
    yield start, stop


def _has_joined(texts: Sequence[str | None]) -> bool:
    return any(text is not None and len(text) > 1 for text in texts)


@lru_cache(4096)
def _codes(style: Style, colours: ColorSystem) -> Codes:
    attributes, ahead, behind = [], "", ""
    codes = iter(Strip.render_ansi(style, colours).split(";"))
    for code in codes:
        if code in ("38", "48"):
            kind = next(codes)
            code = ";".join([code, kind, *(next(codes) for _ in range(3 if kind == "2" else 1))])
        if len(code) < 2 or code in LINES:
            attributes.append(code)
        elif code.startswith(("3", "9")):
            ahead = code
        else:
            behind = code
    return ";".join(filter(None, attributes)), ahead, behind


def _blank_in(now: Codes, wanted: Codes) -> bool:
    """Whether a space looks the same in both: neither draws lines, and the background is one."""
    return now[2] == wanted[2] and not ({*now[0].split(";"), *wanted[0].split(";")} & LINES)


@lru_cache(4096)
def _change(now: Codes, wanted: Codes) -> str:
    if now[0] != wanted[0]:
        codes = ["0", *wanted]
    else:
        codes = [new or default for old, new, default in zip(now, wanted, ("", "39", "49"), strict=True) if old != new]
    return f"\x1b[{';'.join(filter(None, codes))}m"


class _Difference(CompositorUpdate):
    """An update less what the terminal shows already."""

    def __init__(self, update: ChopsUpdate | LayoutUpdate, cells: Cells) -> None:
        self._update, self._cells = update, cells

    def render_segments(self, console: Console) -> str:
        if isinstance(self._update, LayoutUpdate):
            # All of it, whatever is known: another program may have written there.
            self._cells.forget()
        return self._cells.written(list(_pieces(self._update)), console._color_system or ColorSystem.TRUECOLOR)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._update


def _pieces(update: ChopsUpdate | LayoutUpdate) -> Iterator[Piece]:
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            yield y, update.region.x, Strip.join(list(strips))
        return
    for y, left, right in update.spans:
        for (x, strip), end in zip(update.chops[y].items(), update.chop_ends[y], strict=True):
            if strip is not None and x < right and left < end:
                start, stop = max(x, left), min(end, right)
                yield y, start, strip.crop(start - x, stop - x)


class CellsApp(App[int]):
    """An app that writes to its terminal what differs from what is shown there."""

    def __init__(self) -> None:
        super().__init__()
        self._cells = Cells()

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda _: self._cells.forget())

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        self._cells.fit(self.size)
        if isinstance(renderable, ChopsUpdate | LayoutUpdate):
            renderable = _Difference(renderable, self._cells)
        super()._display(screen, renderable)
