"""Runs of the queue one place earlier or later, on the order that the registry then has."""

from __future__ import annotations

import random

import pytest

from engine.errors import UserError
from engine.launch.reorder import move, reordered
from engine.registry.records import Source
from engine.registry.store import Store
from tests.registry.rows import run

A, B, C, D, E = (run(number).id for number in (1, 2, 3, 4, 5))


@pytest.fixture
def five(store: Store) -> Store:
    """E waits for D."""
    store.add([run(number) for number in (1, 2, 3, 4, 5)], [Source(E, 0, D, "toy/topics")])
    return store


def order(store: Store) -> str:
    names = dict(zip((A, B, C, D, E), "ABCDE", strict=True))
    return "".join(names[one.id] for one in store.queued())


def test_a_run_moves_by_one_place(five: Store) -> None:
    assert move(five, [C], earlier=True) == {A: 1, C: 1}
    assert order(five) == "ACBDE"
    assert move(five, [C], earlier=True) == {C: 2}
    assert order(five) == "CABDE"
    assert move(five, [C], earlier=False) == {A: 2}
    assert order(five) == "ACBDE"
    move(five, [C], earlier=False)
    assert order(five) == "ABCDE"


def test_the_ends_are_ends(five: Store) -> None:
    for run_id, earlier, why in ((A, True, "first already"), (E, False, "last already"), ("gone", True, "not queued any more")):
        with pytest.raises(UserError, match=why):
            move(five, [run_id], earlier)


def test_a_source_comes_with_its_run_and_a_run_with_its_source(five: Store) -> None:
    move(five, [E], earlier=True)
    assert order(five) == "ABDEC"
    move(five, [D], earlier=False)
    assert order(five) == "ABCDE"
    # A run between the two passes by.
    move(five, [E], earlier=True)
    move(five, [C], earlier=True)
    assert order(five) == "ABDCE"


def test_several_move_together(five: Store) -> None:
    move(five, [B, C], earlier=True)
    assert order(five) == "BCADE"
    move(five, [B, A], earlier=False)
    assert order(five) == "CBDAE"
    move(five, [C, B, E], earlier=True)
    assert order(five) == "CBDEA", "those at the front stay"


def test_what_starts_meanwhile_is_left_alone(five: Store) -> None:
    five.claim(A, "local", "cpu")
    move(five, [B, C], earlier=False)
    assert order(five) == "DBCE" and five.find(A).priority == 0


def test_any_order_can_be_had(five: Store) -> None:
    chance = random.Random(7)
    for _ in range(60):
        before = [one.id for one in five.queued()]
        chosen, earlier = set(chance.sample(before, chance.randint(1, 3))), chance.random() < 0.5
        expected = reordered(before, chosen, five.awaited(), earlier)
        if expected != before:
            move(five, chosen, earlier)
        assert [one.id for one in five.queued()] == expected
        assert expected.index(D) < expected.index(E)
