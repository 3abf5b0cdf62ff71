"""What looks wrong in a user's own rows but may be right: rules over plain data. The data room applies them to files.

What can only be wrong is refused where it is read. Labels that the declaration lists are taken to be meant.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.catalog.numbers import label_key, number_of

MISSING_NUMBERS = frozenset({Decimal(-1), Decimal(-100)})
NO_GOLD = frozenset(
    {"-1", "-1.0", "-100", "-", "?", "n/a", "#n/a", "na", "nan", "none", "null", "<na>", "hidden", "unlabeled", "unlabelled"}
)
"""What files write for "no gold label", normalised; an empty cell is refused anyway."""
MOST_FRACTIONS, MOST_NUMBERS = 10, 50
"""More different fractions, or numbers, than this are hardly classes."""
NUMERIC_SHARE = 0.9
"""From this share of different labels on that are numbers, the others look like words for a missing score."""
FEWEST_OF_A_CLASS = 5
"""Rows of each of many classes that are numbered without a gap, where scores would be rare at the ends."""
LINE_SUFFIXES = (".csv", ".tsv", ".jsonl")
"""How files end whose rows are lines."""
MOST_SHOWN = 5
"""Names listed in a message."""


@dataclass(frozen=True)
class Notice:
    """One suspicious fact and the key that settles it."""

    code: str
    task: str
    file: str
    """Of a dataset its name and the split."""
    line: int | None
    """Counted from 1; of parquet and of datasets the number of the row; None where it concerns the file as a whole."""
    message: str


@dataclass(frozen=True)
class Finding:
    """A suspicious fact before its row is looked up."""

    code: str
    message: str
    row: int | None = None
    """Among the rows that are kept, from 0."""


@dataclass(frozen=True)
class Column:
    """The labels of the training file as they are written."""

    name: str
    counts: Mapping[str, int]
    """Rows by name."""
    first: Mapping[str, int]
    """The first row with each name."""

    @classmethod
    def of(cls, name: str, rows: Iterable[Sequence[str]]) -> Column:
        counts: Counter[str] = Counter()
        first: dict[str, int] = {}
        for row, names in enumerate(rows):
            for label in set(names):
                counts[label] += 1
                first.setdefault(label, row)
        return cls(name, counts, first)


def place(file: str, line: int | None) -> str:
    """Where a notice is about: ``reviews.csv:17``, or ``org/name test row 17`` where rows have no lines."""
    if line is None:
        return file
    return f"{file}:{line}" if file.lower().endswith(LINE_SUFFIXES) else f"{file} row {line}"


def normalised(text: str) -> str:
    """The text without differences of case, of blanks and of Unicode form, and without invisible characters."""
    if text.isascii():
        return " ".join(text.casefold().split())
    visible = unicodedata.normalize("NFKC", text)
    if not visible.isprintable():
        visible = "".join(mark for mark in visible if unicodedata.category(mark) != "Cf")
    return unicodedata.normalize("NFKC", " ".join(visible.casefold().split()))


def label_findings(column: Column) -> Iterator[Finding]:
    """All that is suspicious in labels which the declaration does not list."""
    yield from _no_gold_labels(column)
    yield from _spellings(column)
    yield from _similar(column)
    yield from _header_again(column)
    yield from _continuous(column)


def class_findings(name: str, labels: Sequence[str], counts: Mapping[str, int], first: Mapping[str, int]) -> Iterator[Finding]:
    """Classes that the training file has one row of, or none; ``counts`` by label."""
    if absent := [label for label in labels if not counts.get(label)]:
        yield Finding("empty_class", f'column "{name}": no row of the training file has {_shown(absent)}')
    single = [label for label in labels if counts.get(label) == 1]
    if single:
        message = (
            f'column "{name}": {_shown(single)} {"has" if len(single) == 1 else "have"} one row only, which is in one split'
        )
        yield Finding("single_row_class", f"{message}; add rows, or drop them with drop_labels", first[single[0]])


def multilabel_findings(name: str, rows: Sequence[Sequence[str]], separator: str) -> Iterator[Finding]:
    """What is suspicious in the labels of a multi-label task, by row."""
    if repeated := [row for row, names in enumerate(rows) if len(set(names)) < len(names)]:
        message = f'column "{name}" has a label twice in {in_rows(len(repeated))}, where it counts once; write it once'
        yield Finding("repeated_label", message, repeated[0])
    if separator and max(map(len, rows)) < 2:
        message = f'no cell of column "{name}" has the separator {_quoted(separator)}, so that each is one label'
        yield Finding("unused_separator", f'{message}; name the one between labels, or write kind = "classification"')


def _no_gold_labels(column: Column) -> Iterator[Finding]:
    negative = {number for name in column.counts if (number := number_of(name)) is not None and number < 0}
    # On a scale from -2 to 2, -1 is a label.
    scale = negative - MISSING_NUMBERS
    doubtful = [name for name in column.counts if normalised(name) in NO_GOLD and not (scale and number_of(name) is not None)]
    # Two labels are a task's least: -1 beside 1 is one of them, - beside + too.
    if not doubtful or len(column.counts) - len(doubtful) < 2:
        return
    for name in doubtful:
        yield Finding(
            "no_gold_label",
            f'column "{column.name}" has {_quoted(name)} in {in_rows(column.counts[name])}, which usually means "no gold '
            f'label"; drop those rows with drop_labels = [{_quoted(name)}], or list it in labels if it is a class',
            column.first[name],
        )


def _spellings(column: Column) -> Iterator[Finding]:
    by_value: dict[Decimal, list[str]] = {}
    for name in column.counts:
        if (number := number_of(name)) is not None:
            by_value.setdefault(number, []).append(name)
    for names in by_value.values():
        if len(names) > 1:
            rare = _rarest(column, names)
            yield Finding(
                "number_spellings",
                f'column "{column.name}": {_shown(names)} are the same number and one class; write it in one way, or list the '
                "names in labels if they are different classes",
                column.first[rare],
            )


def _similar(column: Column) -> Iterator[Finding]:
    alike: dict[str, list[str]] = {}
    for name in {label_key(name): name for name in column.counts}.values():
        alike.setdefault(normalised(name).replace(" ", ""), []).append(name)
    for names in alike.values():
        if len(names) > 1:
            rare = _rarest(column, names)
            yield Finding(
                "similar_labels",
                f'column "{column.name}": {_shown(names)} are {len(names)} classes that differ only in case, blanks or '
                "Unicode form; write them in one way, or list them in labels if they are meant",
                column.first[rare],
            )


def _header_again(column: Column) -> Iterator[Finding]:
    for name in column.counts:
        if normalised(name) == normalised(column.name):
            yield Finding(
                "label_is_column_name",
                f'column "{column.name}" has its own name as a label in {in_rows(column.counts[name])}, like a second header; '
                f"drop them with drop_labels = [{_quoted(name)}], or list it in labels if it is a class",
                column.first[name],
            )


def _continuous(column: Column) -> Iterator[Finding]:
    numbers = {number for name in column.counts if (number := number_of(name)) is not None}
    if len(numbers) < 3 or len(numbers) < NUMERIC_SHARE * len({label_key(name) for name in column.counts}):
        return
    rows = sum(column.counts.values())
    fractional = any(number != number.to_integral_value() for number in numbers)
    many = len(numbers) > MOST_NUMBERS and not _are_ids(column, numbers)
    if (fractional and (len(numbers) > MOST_FRACTIONS or 2 * len(numbers) > rows)) or many:
        yield Finding(
            "continuous_labels",
            f'column "{column.name}" has {len(numbers):,} different numbers in {in_rows(rows)}, each a class of its own; '
            'write kind = "regression" if they are scores, or list them in labels',
        )


def _are_ids(column: Column, numbers: Collection[Decimal]) -> bool:
    """Whether the numbers look like ids of classes: all from 0 or 1 on, and none of them rare."""
    first = int(min(numbers))
    return first in (0, 1) and max(numbers) == first + len(numbers) - 1 and min(column.counts.values()) >= FEWEST_OF_A_CLASS


def _rarest(column: Column, names: Sequence[str]) -> str:
    return min(names, key=lambda name: (column.counts[name], column.first[name]))


def in_rows(count: int) -> str:
    """How many rows, as messages say it."""
    return f"{count:,} row{'s' * (count != 1)}"


def _quoted(name: str) -> str:
    return json.dumps(name if len(name) <= 60 else f"{name[:60]}...", ensure_ascii=False)


def _shown(names: Sequence[str]) -> str:
    rest = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return ", ".join(map(_quoted, names[:MOST_SHOWN])) + rest
