"""Text from outside as a terminal may show it: labels, titles, file names, causes and logs may hold anything."""

from __future__ import annotations

CONTROL = [*range(0x20), *range(0x7F, 0xA0)]
"""C0, DEL and C1: with these, text moves the cursor, changes the window's title or answers on the user's behalf."""
INVISIBLE = [0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF]
"""Line separators, and what reorders the text around it."""
WORDS = {0x09: " ", 0x0A: " ", 0x0D: " "}
ESCAPES = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in [*CONTROL, *INVISIBLE]}
SHOWN = ESCAPES | WORDS
JSON_ESCAPES = {code: f"\\u{code:04x}" for code in [*CONTROL, *INVISIBLE] if code >= 0x7F}


def harmless(text: str) -> str:
    """``text`` in one line, with visible escapes (``\\x1b``) for what a terminal would obey. Lone surrogates become ``?``."""
    if text.isascii() and text.isprintable():
        return text
    return text.translate(SHOWN).encode(errors="replace").decode()


def harmless_json(text: str) -> str:
    """A JSON document that means the same, with escapes for what a terminal would obey. JSON itself escapes C0."""
    return text.translate(JSON_ESCAPES)
