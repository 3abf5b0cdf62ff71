"""The dashboard in terminals that have no characters but those of ASCII: each mark has a likeness of the same width."""

from __future__ import annotations

import sys

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from scalearn_tui.text.glyphs import MISSING, STATES

LETTERS = {mark.glyph: state[0] for state, mark in STATES.items()} | {
    STATES["starting"].glyph: "S", STATES["completed"].glyph: "+", STATES["failed"].glyph: "x", STATES["stopped"].glyph: "o",
}  # fmt: skip
"""Of states; all different."""
MARKS = LETTERS | {
    MISSING: ".", "–": "-", "—": "-", "…": "~", "±": "~", "·": ".", "“": '"', "”": '"', "’": "'", "×": "x", "≥": ">", "≤": "<",
    "▸": ">", "▾": "v", "▌": "|", "↑": "^", "↓": "v", "←": "<", "→": ">", "†": "+", "◆": "*", "•": "o", "°": "o",
}  # fmt: skip
BRAILLE, BLOCKS, LINES = range(0x2800, 0x2900), range(0x2580, 0x25A0), range(0x2500, 0x2580)
HORIZONTAL, VERTICAL = "─━═╌╍┄┅┈┉", "│┃║╎╏┆┇┊┋"


def needed() -> bool:
    """Whether the terminal's encoding lacks the marks."""
    try:
        "●─⣿".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return False


def likeness(character: str) -> str:
    """ASCII of the same width in cells."""
    if character.isascii():
        return character
    code = ord(character)
    if code in BRAILLE:
        return " .:+*#%@@"[(code - BRAILLE.start).bit_count()]
    if code in LINES:
        return "-" if character in HORIZONTAL else "|" if character in VERTICAL else "+"
    return MARKS.get(character) or ("#" if code in BLOCKS else "?" * cell_len(character))


class Ascii(LineFilter):
    """A line of a widget in ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment
            if segment.control or segment.text.isascii()
            else segment._replace(text="".join(map(likeness, segment.text)))
            for segment in segments
        ]
