"""An error as one line."""

from __future__ import annotations

from engine.errors import UserError


def one_line(error: BaseException) -> str:
    """What a user reads of an error: its message, with the type in front where it is not a ``UserError``."""
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines() or [""]
    return lines[0] if isinstance(error, UserError) else f"{type(cause).__name__}: {lines[0]}"
