"""How measured methods stand against each other on one task, or on average: bold sets, letters, and one named beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from engine.reports.significance.families import holm, letters
from engine.reports.significance.measured import SMALLEST, Contrast, Measured
from engine.reports.significance.t_tests import interval_of
from engine.reports.significance.tests import table_test
from engine.reports.table import LEVEL, Difference, Standing

Entry = Sequence[tuple[Measured, Sequence[int]]]
"""One method: on each of the tasks, all that was measured and the places of its runs; tasks are the same for all methods."""


def standings(entries: Mapping[int, Entry], against: int | None = None) -> dict[int, Standing]:
    """Of two methods or more, under any keys; of fewer, nothing. ``against`` is the key of the one that was named beforehand.

    Bold and letters correct for all pairs, because the highest mean was selected; differences from ``against`` for those alone.
    """
    if len(entries) < 2:
        return {}
    means = {key: _mean(entry) for key, entry in entries.items()}
    order = sorted(entries, key=lambda key: -means[key])
    pairs = list(combinations(range(len(order)), 2))
    found = [_difference(entries[order[left]], entries[order[right]]) for left, right in pairs]
    adjusted = holm([difference.p for difference in found])
    different = [pair for pair, p in zip(pairs, adjusted, strict=True) if p <= LEVEL]
    bold = [(0, place) not in different for place in range(len(order))]
    following = bold.index(False) if False in bold else None
    named = {} if against is None or against not in entries else _from_named(entries, against)
    shared = letters(len(order), different)
    return {
        key: Standing(
            bold=bold[place],
            second=following is not None and not bold[place] and means[key] >= means[order[following]] - SMALLEST,
            letters=shared[place],
            rank=1 + sum(mean > means[key] + SMALLEST for mean in means.values()),
            **_interval(entries[key]),
            against=named.get(key),
        )
        for place, key in enumerate(order)
    }


def _mean(entry: Entry) -> float:
    return sum(float(on.scores[list(places)].mean()) for on, places in entry) / len(entry)


def _difference(first: Entry, second: Entry) -> Difference:
    contrasts = [Contrast(on, ours, theirs) for (on, ours), (_, theirs) in zip(first, second, strict=True)]
    return table_test(contrasts).difference(contrasts)


def _from_named(entries: Mapping[int, Entry], against: int) -> dict[int, Difference]:
    """Of every other method, corrected for their number."""
    found = {key: _difference(entry, entries[against]) for key, entry in entries.items() if key != against}
    adjusted = holm([difference.p for difference in found.values()])
    return {
        key: replace(difference, adjusted=p, family=len(found))
        for (key, difference), p in zip(found.items(), adjusted, strict=True)
    }


def _interval(entry: Entry) -> dict[str, float]:
    """Nothing for a single seed."""
    if any(len(places) < 2 for _, places in entry):
        return {}
    low, high = interval_of(entry)
    return {"low": low, "high": high}
