"""Holm's correction, and letters that say of every pair whether it differs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.reports.significance.families import holm, letters

PS = st.lists(st.floats(0, 1), max_size=12)


def holm_by_definition(ps: list[float]) -> list[float]:
    """The least level at which the step-down procedure rejects each."""
    order = np.argsort(ps, kind="stable")
    steps = [min(1.0, (len(ps) - rank) * ps[place]) for rank, place in enumerate(order)]
    return [max(steps[: list(order).index(place) + 1]) for place in range(len(ps))]


@given(PS)
@settings(deadline=None)
def test_holm(ps: list[float]) -> None:
    assert holm(ps) == pytest.approx(holm_by_definition(ps))


@given(PS, st.randoms())
@settings(deadline=None)
def test_the_order_of_tests_changes_nothing(ps: list[float], random: object) -> None:
    shuffled = list(ps)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert sorted(holm(shuffled)) == pytest.approx(sorted(holm(ps)))


@given(
    st.integers(1, 9).flatmap(
        lambda n: st.tuples(st.just(n), st.sets(st.sampled_from([*combinations(range(n), 2)] or [(0, 0)])))
    )
)
@settings(deadline=None)
def test_letters_are_shared_by_exactly_the_pairs_that_do_not_differ(graph: tuple[int, set[tuple[int, int]]]) -> None:
    count, different = graph
    different = {pair for pair in different if pair[0] < pair[1]}
    found = letters(count, different)
    assert all(found)
    for left, right in combinations(range(count), 2):
        assert bool(set(found[left]) & set(found[right])) is ((left, right) not in different)


def test_the_best_has_the_first_letter() -> None:
    assert letters(4, [(0, 2), (0, 3), (1, 3)]) == ["a", "ab", "bc", "c"]
    assert letters(3, []) == ["a", "a", "a"]
    assert letters(2, [(0, 1)]) == ["a", "b"]
