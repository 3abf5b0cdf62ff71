"""What stands behind the sign of a term, read as what its field holds: names, texts, numbers, points or ages."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from fnmatch import translate
from functools import cache

from engine.catalog.catalog import plain_name
from engine.catalog.numbers import number_of
from engine.errors import UserError, did_you_mean

Value = str | int | float
Test = Callable[[Value], bool]
ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
ANY = "*"
"""In place of a number: there is one."""


def whole_name(field: str, sign: str, text: str) -> Test:
    """``a*,b?``: names that are alike but for case, ``-`` and ``_``; ``*`` stands for any letters, ``?`` for one."""
    return _any_of([_pattern(part) for part in _alternatives(field, sign, text)])


def beginning(field: str, sign: str, text: str) -> Test:
    """As ``whole_name``, for names that begin so."""
    return _any_of([_pattern(f"{part}*") for part in _alternatives(field, sign, text)])


def part_of_text(field: str, sign: str, text: str) -> Test:
    """As ``whole_name``, for texts in which it stands anywhere."""
    return _any_of([_pattern(f"*{part}*") for part in _alternatives(field, sign, text)])


def one_of(known: Iterable[str]) -> Callable[[str, str, str], Test]:
    """As ``whole_name``, of names that are all ``known``."""
    names = list(known)

    def read(field: str, sign: str, text: str) -> Test:
        for part in _alternatives(field, sign, text):
            if not any(map(_any_of([_pattern(part)]), names)):
                raise UserError(f"no {field} {part[:40]!r}{did_you_mean(part, names)}; there are {', '.join(names)}")
        return whole_name(field, sign, text)

    return read


def number(field: str, sign: str, text: str) -> Test:
    """``0,1`` or ``*`` behind a colon, one number behind a comparison."""
    if sign == ":" and text == ANY:
        return lambda value: not isinstance(value, str)
    if sign == ":":
        wanted = {_number(field, part) for part in _alternatives(field, sign, text)}
        return lambda value: value in wanted
    compare, bound = ORDER[sign], _number(field, text)
    return lambda value: not isinstance(value, str) and compare(value, bound)


def points(field: str, sign: str, text: str) -> Test:
    """As ``number``, of scores times 100."""
    for part in text.split(","):
        given = number_of(part)
        if given is not None and 0 < abs(given) < 1:
            raise UserError(
                f"{field} is in points, as lists show it: '{field}>80' is 0.8 or 80 %, and {part[:40]} is next to 0"
            )
    return number(field, sign, text)


def age(field: str, sign: str, text: str) -> Test:
    """``<2d``: seconds, of which a second, minute, hour, day and week has so many."""
    amount = number_of(text[:-1])
    if sign == ":" or amount is None or text[-1] not in SECONDS:
        raise UserError(f"{field} is compared with a duration in {', '.join(SECONDS)}, as in '{field}<2d', not {text[:40]!r}")
    compare, bound = ORDER[sign], float(amount) * SECONDS[text[-1]]
    return lambda value: not isinstance(value, str) and compare(value, bound)


def _number(field: str, text: str) -> float:
    given = number_of(text)
    if given is None:
        raise UserError(f"{field} is a number, as in {field}:1 or '{field}>1', not {text[:40]!r}")
    return float(given)


def _alternatives(field: str, sign: str, text: str) -> list[str]:
    parts = text.split(",")
    if sign in ORDER:
        raise UserError(f"{field} is no number that could be compared; write {field}:{text[:40]}")
    if not all(map(plain_name, parts)):
        raise UserError(f"{text[:40]!r} has an alternative without a letter; write {field}:A,B")
    return parts


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(translate(plain_name(text).replace("[", "[[]")))


def _any_of(patterns: list[re.Pattern[str]]) -> Test:
    @cache
    def test(value: Value) -> bool:
        name = plain_name(str(value))
        return any(pattern.match(name) for pattern in patterns)

    return test
