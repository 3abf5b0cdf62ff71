"""Patterns such as ``"Question: {question}"``, with which users declare how a row becomes text."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from string import Formatter


@cache
def pieces(pattern: str) -> tuple[tuple[str, str | None], ...]:
    """Constant text and the column that follows it (None at the end), in order; ``{{`` and ``}}`` are braces.

    Raises ValueError, saying what is wrong, for anything but plain names of columns.
    """
    parts: list[tuple[str, str | None]] = []
    try:
        for text, name, form, conversion in Formatter().parse(pattern):
            if name is not None and (not name.strip() or form or conversion):
                raise ValueError("a field must be the plain name of a column")
            parts.append((text, name))
    except ValueError as error:
        raise ValueError(f'{pattern!r} is not a valid pattern: {error}; write it as in "{{question}}"') from None
    if not fields_in(parts):
        raise ValueError(f'{pattern!r} names no column; write it as in "{{{pattern.strip() or "question"}}}"')
    return tuple(parts)


def fields(pattern: str) -> tuple[str, ...]:
    """The columns that a pattern names, each once, in order. Raises ValueError as ``pieces``."""
    return fields_in(pieces(pattern))


def fields_in(parts: Iterable[tuple[str, str | None]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for _, name in parts if name is not None))
