"""What a tag may be called: what a selection can say after ``tag:``."""

from __future__ import annotations

import re

from engine.errors import UserError

LONGEST = 40
NAME = re.compile(rf"\w[\w.+/-]{{0,{LONGEST - 1}}}")


def check_tag(name: str) -> str:
    """The name. Raises UserError unless it is a word of letters, digits and ``. + / - _`` that begins with the first two."""
    if not NAME.fullmatch(name):
        raise UserError(f"a tag is a word of at most {LONGEST} letters, digits and . + / - _, such as paper, not {name[:60]!r}")
    return name
