"""The order of the queue, and its pause."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.launch.devices import Slot
from engine.launch.local import LocalExecutor
from engine.launch.queue import is_paused, pause, proceed, waiting
from engine.registry.records import RunState, Source
from engine.registry.store import Store
from tests.launch.workers import SLEEP, TRAINS, over, queue, supervisor, until
from tests.registry.rows import run

A, B, C, D = (run(number).id for number in (1, 2, 3, 4))


@pytest.fixture
def graph(store: Store) -> Store:
    """A and B wait for nothing, C for B, D for A and B."""
    edges = [Source(C, 0, B, "toy/topics"), Source(D, 0, A, "toy/topics"), Source(D, 1, B, "toy/choice")]
    store.add([run(number) for number in (1, 2, 3, 4)], edges)
    return store


def order(store: Store, slots: Sequence[Slot] = ()) -> list[tuple[str, int, str]]:
    return [(one.run.id, one.priority, one.waits_for) for one in waiting(store, {"local": LocalExecutor(store.home, slots)})]


def complete(store: Store, run_id: str) -> None:
    attempt = store.claim(run_id, "local", "cpu")
    assert attempt and store.finish(run_id, attempt, RunState.COMPLETED)


def test_runs_of_equal_priority_keep_the_order_of_requests(graph: Store) -> None:
    assert order(graph) == [
        (A, 0, "a free device"),
        (B, 0, "its turn"),
        (C, 0, f"source {B}"),
        (D, 0, f"source {A} and 1 more"),
    ]
    assert order(graph, [Slot("one", "the one")])[0] == (A, 0, "nothing, it starts now")


def test_a_source_is_as_urgent_as_what_waits_for_it(graph: Store) -> None:
    assert graph.prioritise([C], 5) == [C]
    assert [run.id for run in graph.ready()] == [B, A]
    assert [(run_id, priority) for run_id, priority, _ in order(graph)] == [(B, 5), (C, 5), (A, 0), (D, 0)]
    graph.prioritise([D], 7)
    assert [(run_id, priority) for run_id, priority, _ in order(graph)] == [(A, 7), (B, 7), (D, 7), (C, 5)]
    # What it lent its urgency to loses it again.
    graph.prioritise([C, D], -1)
    assert [run_id for run_id, _, _ in order(graph)] == [A, B, C, D]
    assert [event.text.partition(" by ")[0] for event in graph.events(D)] == ["queued", "priority 7", "priority -1"]


def test_only_queued_runs_are_moved(graph: Store) -> None:
    complete(graph, A)
    assert graph.prioritise([A, B, "unknown"], 3) == [B] and graph.find(A).priority == 0


def test_asking_again_makes_a_queued_run_as_urgent_as_the_new_request(graph: Store) -> None:
    for number, asked, expected in ((2, 4, 4), (2, 1, 4)):
        graph.add([run(number, priority=asked)], [])
        assert graph.find(B).priority == expected
    complete(graph, A)
    graph.add([run(1, priority=9)], [])
    assert graph.find(A).priority == 0
    graph.request_stop([B])
    graph.add([run(2, priority=1)], [])
    assert (graph.find(B).state, graph.find(B).priority) == (RunState.QUEUED, 1)


def test_a_run_of_an_unknown_executor_does_not_wait_for_its_turn(store: Store) -> None:
    store.add([run(1, executor="cluster"), run(2)], [])
    assert {waits_for for _, _, waits_for in order(store, [Slot("one", "the one")])} == {
        "the executor cluster, which this version does not have",
        "nothing, it starts now",
    }


def test_the_most_urgent_run_starts_first(store: Store) -> None:
    ids = queue(store, SLEEP, SLEEP, SLEEP)
    store.prioritise(ids[2:], 1)
    watcher = supervisor(store, grace=0.2)
    watcher.tick()
    assert [store.find(run_id).device for run_id in ids] == ["the two", None, "the one"]
    store.request_stop(ids)
    until(over(store, *ids), watcher)


def test_while_it_is_paused_nothing_starts_and_what_runs_goes_on(store: Store) -> None:
    first, second = queue(store, SLEEP, TRAINS)
    watcher = supervisor(store, slots=("one",), grace=0.2)
    watcher.tick()
    pause(store.home)
    store.request_stop([first])
    until(over(store, first), watcher)
    # Neither this supervisor nor the next one.
    for other in (watcher, supervisor(store)):
        assert other.tick() and other.tick()
        assert order(store) == [(second, 0, "the queue is paused")]
    proceed(store.home)
    proceed(store.home)
    assert not is_paused(store.home)
    until(over(store, second), watcher)
    assert store.find(second).state == RunState.COMPLETED
