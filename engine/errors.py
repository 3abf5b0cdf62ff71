"""The one exception that users see, and what messages share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class UserError(Exception):
    """Bad input or something missing, reported in one line that says what to do next.

    The command line prints the message and exits with ``exit_code``; the dashboard shows it as a notice.
    """

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`` (did you mean boolq?)`` if a ``known`` name is close to ``name``, else nothing: what follows the name in a message."""
    from difflib import get_close_matches

    close = get_close_matches(name.strip().lower(), list(known), n=1, cutoff=0.65)
    return f" (did you mean {close[0]}?)" if close else ""


def complaint(violation: Mapping[str, Any]) -> str:
    """What an entry of pydantic's ``ValidationError.errors()`` says of the value: ``must be at least 1, not '0'``."""
    bounds: Mapping[str, Any] = violation.get("ctx", {})
    match violation["type"]:
        case "value_error":
            return str(bounds["error"]).rstrip(".")
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is not known"
        case "int_parsing" | "int_from_float" | "int_type":
            text = "must be a whole number"
        case "float_parsing" | "float_type":
            text = "must be a number"
        case "greater_than_equal":
            text = f"must be at least {bounds['ge']}"
        case "less_than_equal":
            text = f"must be at most {bounds['le']}"
        case _:
            text = str(violation["msg"]).replace("Input should", "must")
    return f"{text}, not {str(violation['input'])[:40]!r}"


def database_trouble(error: BaseException) -> str | None:
    """What to say, in one line, of an error of the registry's database, and what helps; None for any other error."""
    import sqlite3

    # SQLAlchemy wraps what the database's own library raised.
    cause = getattr(error, "orig", error)
    if cause is error and not isinstance(error, sqlite3.Error):
        return None
    if "full" in str(cause) or "readonly" in str(cause):
        return f"the registry cannot be written ({cause}); make room, or make its folder writable"
    if "locked" in str(cause):
        return f"the registry does not answer ({cause}); end the program that holds it, or try again later"
    return f"the registry does not answer ({cause}); `scalearn doctor` looks into it"
