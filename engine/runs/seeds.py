"""Seeds as text: ``0-4``."""

from __future__ import annotations

from engine.errors import UserError

MOST_SEEDS = 1000
MOST_DIGITS = 18


def parse_seeds(text: str) -> tuple[int, ...]:
    """``0``, ``0-2`` (both ends included), ``0,3`` or a mixture; each seed once, in the order given. Raises UserError."""
    seeds: dict[int, None] = {}
    for part in text.replace(" ", ",").split(","):
        if not part:
            continue
        first, dash, last = part.partition("-")
        if not (is_whole(first) and (is_whole(last) if dash else not last)):
            raise UserError(f"seed must look like 0, 0-2 or 0,3, not {text[:40]!r}")
        low, high = int(first), int(last or first)
        if high < low:
            raise UserError(f"seed {part!r} ends before it begins")
        if high - low >= MOST_SEEDS:
            raise UserError(f"seed {part!r} names {high - low + 1:,} seeds; at most {MOST_SEEDS:,} at a time")
        seeds |= dict.fromkeys(range(low, high + 1))
    if not seeds:
        raise UserError(f"seed must look like 0, 0-2 or 0,3, not {text!r}")
    return tuple(seeds)


def is_whole(text: str) -> bool:
    """Whether ``text`` is a whole number; one of thousands of digits is none that Python would read."""
    return text.isdecimal() and len(text) <= MOST_DIGITS
