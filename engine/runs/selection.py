"""One language to choose runs by what is known of them: ``method:scalearn* target:glue/rte -seed:0 dev>80``.

Terms are separated by blanks, and all must hold. Which fields there are, and what a run has in them, the caller says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from engine.errors import UserError, did_you_mean
from engine.runs.selection_values import Test, Value, part_of_text

Row = TypeVar("Row")
TERM = re.compile(r"(?P<negation>-?)(?P<name>[^:=<>]*)(?P<sign>[<>]=?|[:=])(?P<value>.*)", re.DOTALL)
FORM = "write FIELD:VALUE, as in state:failed or 'dev>80'"


@dataclass(frozen=True)
class Field(Generic[Row]):
    """Something that terms may be about."""

    name: str
    values: Callable[[Row], Iterable[Value]]
    """What a run has there; a term holds where it holds for one of them."""
    reads: Callable[[str, str, str], Test]
    """Makes the test of a term from its field's name, its sign and the text behind it (``selection_values``)."""
    alias: str = ""
    listed: bool = True
    """Whether errors name it."""


@dataclass(frozen=True)
class Term(Generic[Row]):
    """One condition."""

    negated: bool
    test: Callable[[Row], bool]

    def holds(self, row: Row) -> bool:
        return self.test(row) is not self.negated


@dataclass(frozen=True)
class Selection(Generic[Row]):
    """Terms, in the order given."""

    words: tuple[str, ...]
    terms: tuple[Term[Row], ...]

    def __str__(self) -> str:
        return " ".join(self.words)

    def holds(self, row: Row) -> bool:
        """Whether all terms do; without any, it holds of every run."""
        return all(term.holds(row) for term in self.terms)


def is_term(word: str) -> bool:
    """Whether ``word`` can be nothing but terms, as ``seed:0`` and ``dev>80``; one without a sign may be the id of a run."""
    return TERM.fullmatch(word) is not None


def parse(words: Iterable[str], fields: Sequence[Field[Row]], text: Callable[[Row], str]) -> Selection[Row]:
    """The selection that ``words`` are, each of which may hold several terms.

    A term without a field looks for itself in ``text``. Raises UserError in one line for what cannot be understood.
    """
    terms = tuple(term for word in words for term in word.split())
    return Selection(terms, tuple(_term(term, fields, text) for term in terms))


def _term(word: str, fields: Sequence[Field[Row]], text: Callable[[Row], str]) -> Term[Row]:
    parts = TERM.fullmatch(word)
    if parts is None:
        looked_for = word.removeprefix("-")
        if not looked_for or looked_for.startswith("@"):
            raise UserError(f"{word!r} is no term of a selection; {FORM}")
        if any(looked_for == field.name for field in fields):
            # Of an unquoted dev>80 the shell leaves no more.
            raise UserError(f"{looked_for!r} is a field: write {looked_for}:VALUE, and comparisons in quotes, as in 'dev>80'")
        within = part_of_text("", ":", looked_for)
        return Term(looked_for != word, lambda row: within(text(row)))
    if not (parts["name"] and parts["value"]):
        raise UserError(f"{word!r} lacks a {'value' if parts['name'] else 'field'}; {FORM}")
    field = _find(parts["name"], fields)
    # Lists of runs show settings as epochs=2.
    sign = ":" if parts["sign"] == "=" else parts["sign"]
    test = field.reads(field.name, sign, parts["value"])
    return Term(bool(parts["negation"]), lambda row: any(test(value) for value in field.values(row)))


def _find(name: str, fields: Sequence[Field[Row]]) -> Field[Row]:
    """The field of that name or alias, or the only one that begins so."""
    wanted = name.lower().replace("-", "_")
    for field in fields:
        if wanted in (field.name, field.alias):
            return field
    begun = [field for field in fields if field.name.startswith(wanted)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise UserError(f"{name!r} is the beginning of several fields: {', '.join(field.name for field in begun)}")
    listed = ", ".join(field.name for field in fields if field.listed)
    close = did_you_mean(wanted, [field.name for field in fields])
    raise UserError(f"no field {name[:40]!r}{close}; there are {listed}, and hyper-parameters by name, as in lr:1e-3")
