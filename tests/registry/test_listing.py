"""Runs as lists show them, and what changed since they were read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.registry.choosing import read_row_selection, read_selection, select
from engine.registry.listing import Listing
from engine.registry.opening import open_reader
from engine.registry.records import RunState, Source, utc_now
from engine.registry.run_fields import Specs
from engine.registry.store import Store
from tests.registry.rows import run

A, B, C = (run(number).id for number in (1, 2, 3))


@pytest.fixture
def graph(store: Store) -> Store:
    """Run C waits for A and B."""
    edges = [Source(C, position, source_id, "toy/topics") for position, source_id in enumerate((A, B))]
    store.add([run(1), run(2), run(3, method="scalearn")], edges)
    return store


def test_rows_have_what_runs_have(graph: Store) -> None:
    graph.tag([A], ["paper", "draft"])
    changes = Listing(open_reader(graph.home)).changes()
    assert changes is not None and not changes.removed
    runs = {run.id: run for run in graph.runs()}
    assert {row.id for row in changes.runs} == set(runs)
    for row in changes.runs:
        run = runs[row.id]
        for name in row._fields:
            if name not in ("created", "heartbeat", "test", "tags"):
                assert getattr(row, name) == getattr(run, name), name
        assert row.created == run.created_at.timestamp()
    assert {row.id: row.tags for row in changes.runs}[A] == ("draft", "paper")


def test_only_what_changed_is_read_again(graph: Store) -> None:
    listing = Listing(open_reader(graph.home))
    listing.changes()
    assert listing.changes() is None
    attempt = graph.claim(A, "local", "cpu")
    assert attempt is not None
    graph.started(A, attempt)
    changes = listing.changes()
    assert changes is not None and [row.id for row in changes.runs] == [A]
    assert changes.runs[0].state is RunState.RUNNING and changes.runs[0].heartbeat is not None
    graph.finish(A, attempt, RunState.COMPLETED)
    changes = listing.changes()
    assert changes is not None and changes.runs[0].heartbeat is None, "what has ended is not silent"


def test_live_runs_are_shown_first_and_then_the_newest(store: Store) -> None:
    ages = {number: utc_now() - timedelta(hours=number) for number in range(1, 6)}
    store.add([run(number, created_at=created) for number, created in ages.items()], [])
    oldest = run(5).id
    assert store.claim(oldest, "local", "cpu")
    listing = Listing(open_reader(store.home))
    first = listing.first(3)
    assert [row.id for row in first.runs] == [oldest, run(1).id, run(2).id] and first.version == -1
    everything = listing.changes()
    assert everything is not None and len(everything.runs) == 5, "what was shown first is read again"


def test_deleted_runs_are_removed(graph: Store) -> None:
    listing = Listing(open_reader(graph.home))
    everything = listing.changes()
    graph.delete([row.id for row in everything.runs])
    changes = listing.changes()
    assert changes is not None and changes.runs == () and changes.removed == {row.id for row in everything.runs}
    assert listing.changes() is None


def test_selections_of_rows_are_those_of_runs(graph: Store) -> None:
    reader = open_reader(graph.home)
    rows, specs = Listing(reader).changes().runs, Specs(reader)
    for text in (f"id:{A}", "state:queued", "seed:0", "lr<1", "source:*", "-state:queued", "target:*", "bs>1 epoch<1"):
        selection = read_row_selection(text, reader, BUILT_IN, specs)
        expected = {run.id for run in select(read_selection([text], reader, BUILT_IN), reader)}
        assert {row.id for row in rows if selection.holds(row)} == expected, text
