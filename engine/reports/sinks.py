"""Foreign text as files may hold it: names of tasks and classes, titles and settings may be anything."""

from __future__ import annotations

import html as html_escapes
import re

CONTROL = [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF]
"""C0, DEL, C1, line separators, and what reorders the text around it."""
REPLACED = {code: " " if code in (0x09, 0x0A, 0x0D, 0x2028, 0x2029) else "\ufffd" for code in CONTROL}
JSON_ESCAPES = {code: f"\\u{code:04x}" for code in CONTROL if code >= 0x7F}
MARKDOWN = re.compile(r"[\\`*\[\]<>|~]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])")
"""What has an effect within a line; an underscore has none within a word."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How cells begin that a spreadsheet would compute."""


def markdown(text: str) -> str:
    """In one line, shown as it is: no markup, link or HTML in it takes effect."""
    return MARKDOWN.sub(r"\\\g<0>", text.translate(REPLACED))


def html(text: str) -> str:
    """Text or the value of an attribute in quotes."""
    return html_escapes.escape(text.translate(REPLACED))


def script_json(document: str) -> str:
    """A JSON document within a ``script`` element, which nothing in it can end."""
    return json_text(document).replace("<", "\\u003c")


def csv_cell(value: object) -> object:
    """Text that a spreadsheet would compute gets an apostrophe in front; numbers stay numbers, None is empty."""
    if not isinstance(value, str):
        return "" if value is None else value
    text = value.translate(REPLACED)
    return f"'{text}" if value.startswith(FORMULA) and not _is_number(text) else text


def json_text(document: str) -> str:
    """The same JSON document, with escapes for what a terminal would obey. JSON itself escapes C0."""
    return document.translate(JSON_ESCAPES)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
