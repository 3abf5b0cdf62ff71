"""Many tests at once: Holm's correction, and which of many methods do not differ."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def holm(ps: Sequence[float]) -> list[float]:
    """p adjusted for the whole family (Holm 1979), in the order given."""
    adjusted, highest = [0.0] * len(ps), 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = highest
    return adjusted


def letters(count: int, different: Collection[tuple[int, int]]) -> list[str]:
    """For methods 0 to ``count - 1``, best first, letters such that two share one where they are not a ``different`` pair.

    Insert and absorb (Piepho 2004): sets of methods that do not differ, from one set of all.
    """
    sets = [frozenset(range(count))]
    for left, right in different:
        split = [part for one in sets for part in ([one - {left}, one - {right}] if {left, right} <= one else [one])]
        unique = list(dict.fromkeys(split))
        sets = [one for one in unique if not any(one < other for other in unique)]
    sets.sort(key=sorted)
    return ["".join(_letter(number) for number, one in enumerate(sets) if place in one) for place in range(count)]


def _letter(number: int) -> str:
    """a to z, then a2 to z2 and so on."""
    turn, letter = divmod(number, 26)
    return chr(ord("a") + letter) + (str(turn + 1) if turn else "")
