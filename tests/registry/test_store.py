"""The life of runs in the registry, in a file and on a server, seen from one process."""

from __future__ import annotations

import getpass
import math
import socket

import pytest

from engine.errors import UserError
from engine.registry.fence import Fenced
from engine.registry.records import Checkpoint, RunState, Source
from engine.registry.store import Store
from tests.registry.rows import point, run

A, B, C = (run(number).id for number in (1, 2, 3))


@pytest.fixture
def store(either_store: Store) -> Store:
    return either_store


@pytest.fixture
def graph(store: Store) -> Store:
    """Run C waits for A and B."""
    edges = [
        Source(run_id=C, position=0, source_id=A, task="toy/topics"),
        Source(run_id=C, position=1, source_id=B, task="toy/choice"),
    ]
    store.add([run(1), run(2), run(3, method="scalearn")], edges)
    return store


def begin(store: Store, run_id: str) -> int:
    attempt = store.claim(run_id, "local", "cpu")
    assert attempt is not None
    store.launched(run_id, attempt, {"pid": 1})
    store.started(run_id, attempt, steps=10)
    return attempt


def test_a_run_from_queue_to_result(graph: Store) -> None:
    attempt = begin(graph, A)
    assert graph.progress(A, attempt, [point(A, 1, 0.5), point(A, 2, 0.25)], step=2, loss=0.25) is False
    graph.checkpointed(A, attempt, Checkpoint(run_id=A, kind="best", step=2, epoch=1, sha256="x", bytes=3_000_000_000))
    assert graph.finish(A, attempt, RunState.COMPLETED, results={"toy/question": {"test": {"accuracy": 0.5}}}, best=0.5)
    ended = graph.find(A)
    assert (ended.state, ended.step, ended.best, ended.cause) == (RunState.COMPLETED, 2, 0.5, None)
    assert ended.started_at and ended.ended_at and ended.started_at <= ended.ended_at
    assert graph.results([A, B]) == {A: {"toy/question": {"test": {"accuracy": 0.5}}}}
    assert [(point.step, point.value) for point in graph.metrics(A)] == [(1, 0.5), (2, 0.25)]
    assert graph.curve(A, "train/loss") == ([1, 2], [0.5, 0.25])
    assert graph.curve(A, "train/loss", after=1) == ([2], [0.25]) and graph.curve(A, "train/loss", until=1) == ([1], [0.5])
    assert graph.checkpoints(A)["best"].bytes == 3_000_000_000
    asked, *others = (event.text for event in graph.events(A))
    assert others == ["starting attempt 1 on cpu", "running", "completed"]
    assert asked == f"queued by {getpass.getuser()}@{socket.gethostname()}"


def test_a_run_is_claimed_once_and_only_from_the_queue(graph: Store) -> None:
    assert graph.claim(A, "local", "cpu") == 1
    assert graph.claim(A, "local", "cpu") is None
    assert graph.claim("ffff", "local", "cpu") is None


def test_an_older_attempt_is_fenced_everywhere(graph: Store) -> None:
    old = begin(graph, A)
    graph.finish(A, old, RunState.LOST, "gone")
    assert graph.requeue([A]) == [A]
    new = begin(graph, A)
    assert new == old + 1
    for write in (
        lambda: graph.progress(A, old, [point(A, 1, 9.0)]),
        lambda: graph.started(A, old),
        lambda: graph.launched(A, old, {}),
        lambda: graph.happened(A, old, "out of memory"),
        lambda: graph.checkpointed(A, old, Checkpoint(run_id=A, kind="best", step=1, epoch=1, sha256="x", bytes=1)),
    ):
        with pytest.raises(Fenced):
            write()
    assert graph.finish(A, old, RunState.COMPLETED, results={"toy/question": {"test": {"accuracy": 1.0}}}) is False
    assert graph.find(A).state == RunState.RUNNING
    assert graph.metrics(A) == [] and graph.results([A]) == {} and graph.checkpoints(A) == {}


def test_an_attempt_ends_once(graph: Store) -> None:
    attempt = begin(graph, A)
    assert graph.finish(A, attempt, RunState.FAILED, "first")
    assert not graph.finish(A, attempt, RunState.LOST, "second")
    assert graph.find(A).cause == "first"
    with pytest.raises(Fenced):
        graph.progress(A, attempt)


def test_a_later_attempt_replaces_points_and_nan_is_left_out(graph: Store) -> None:
    first = begin(graph, A)
    graph.progress(A, first, [point(A, step, 1.0, first) for step in range(5)])
    graph.progress(A, first, [point(A, 3, 1.5, first)])
    graph.finish(A, first, RunState.STOPPED)
    graph.requeue([A])
    second = begin(graph, A)
    graph.progress(A, second, [point(A, 4, 2.0, second), point(A, 5, math.nan, second)])
    assert [(point.step, point.value) for point in graph.metrics(A)] == [(0, 1.0), (1, 1.0), (2, 1.0), (3, 1.5), (4, 2.0)]


def test_dependants_are_released_by_completed_sources_only(graph: Store) -> None:
    assert [run.id for run in graph.ready()] == [A, B]
    for run_id in (A, B):
        assert C not in [run.id for run in graph.ready()]
        graph.finish(run_id, begin(graph, run_id), RunState.COMPLETED)
    assert [run.id for run in graph.ready()] == [C]
    assert [source.source_id for source in graph.sources(C)] == [A, B]


def test_a_failed_source_fails_its_dependant_and_resuming_that_resumes_both(graph: Store) -> None:
    graph.finish(A, begin(graph, A), RunState.FAILED, "no luck")
    assert graph.fail_blocked() == [C]
    blocked = graph.find(C)
    assert blocked.state == RunState.FAILED and A in (blocked.cause or "")
    assert graph.fail_blocked() == []
    assert graph.requeue([C]) == [A, C]
    assert graph.find(A).state == graph.find(C).state == RunState.QUEUED
    assert graph.requeue([C]) == []


def test_stop_ends_queued_runs_and_asks_live_ones(graph: Store) -> None:
    attempt = begin(graph, A)
    graph.request_stop([A, B])
    assert graph.progress(A, attempt) is True
    assert (graph.find(A).state, graph.find(B).state) == (RunState.RUNNING, RunState.STOPPED)
    graph.finish(A, attempt, RunState.STOPPED)
    graph.requeue([A])
    assert graph.progress(A, begin(graph, A)) is False


def test_a_run_stays_resumable_when_the_file_of_an_adopted_one_cannot_be_written(graph: Store) -> None:
    attempt = begin(graph, A)
    graph.checkpointed(A, attempt, Checkpoint(run_id=A, kind="last", step=2, epoch=1, sha256="x", bytes=3))
    last = graph.home.checkpoint(A, "last")
    last.parent.mkdir(parents=True)
    last.write_text("its steps")
    graph.finish(A, attempt, RunState.STOPPED, "stopped")
    other = run(1, state=RunState.COMPLETED)

    def full() -> Checkpoint:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        graph.adopt(other, {}, full, "imported")
    assert graph.find(A).state == RunState.STOPPED and graph.checkpoints(A).keys() == {"last"} and last.exists()
    best = Checkpoint(run_id=A, kind="best", step=2, epoch=1, sha256="y", bytes=3)
    assert graph.adopt(other, {}, lambda: best, "imported")
    assert graph.find(A).state == RunState.COMPLETED and graph.checkpoints(A).keys() == {"best"} and not last.exists()


def test_adding_again_changes_only_unsuccessful_runs(graph: Store) -> None:
    graph.finish(A, begin(graph, A), RunState.COMPLETED)
    graph.request_stop([B])
    again = [run(1), run(2, spec={"data_dir": "elsewhere"}), run(3)]
    graph.add(again, [Source(run_id=C, position=0, source_id=A, task="toy/topics")])
    assert [graph.find(run_id).state for run_id in (A, B, C)] == [RunState.COMPLETED, RunState.QUEUED, RunState.QUEUED]
    assert graph.find(B).spec == {"data_dir": "elsewhere"}
    assert len(graph.sources(C)) == 2 and len(graph.runs()) == 3


def test_an_attempt_that_was_never_launched_goes_back(graph: Store) -> None:
    attempt = graph.claim(A, "local", "cpu")
    assert attempt and graph.unclaim(A, attempt)
    assert graph.find(A).state == RunState.QUEUED and graph.claim(A, "local", "cpu") == attempt + 1
    begun = begin(graph, B)
    assert not graph.unclaim(B, begun)


def test_runs_are_looked_up_by_id_prefix_and_rank(graph: Store) -> None:
    graph.add([run(0xABC << 28), run(0xABD << 28)], [])
    assert graph.find("abc").id == "abc0000000"
    assert graph.find("@1").id == "abd0000000" and graph.find("@5").id == A
    for wrong, hint in (
        ("ab", "abd0000000"),
        ("zzz", "scalearn ls"),
        ("@0", "@1"),
        ("@9", "5"),
        ("@x", "@1"),
        ("", "no run"),
        ("a%", "no run"),
    ):
        with pytest.raises(UserError, match=hint):
            graph.find(wrong)


def test_filters_and_order(graph: Store) -> None:
    assert [run.id for run in graph.runs()] == [C, B, A]
    assert [run.id for run in graph.runs(limit=2)] == [C, B]
    assert [run.id for run in graph.runs(method="scalearn")] == [C]
    assert [run.id for run in graph.runs(ids=[A, C], states=[RunState.QUEUED])] == [C, A]
    assert graph.runs(benchmark="glue") == graph.runs(target="toy/topics") == graph.runs(ids=[]) == []
    assert len(graph.runs(backbone="minilm", target="toy/question")) == 3


def test_readers_see_what_changed_since(graph: Store) -> None:
    seen = graph.version()
    assert graph.changed_since(seen) == []
    begin(graph, B)
    graph.progress(B, 1, step=3)
    graph.request_stop([A])
    assert [run.id for run in graph.changed_since(seen)] == [B, A]
    seen = graph.version()
    graph.delete([C])
    assert graph.version() > seen and graph.changed_since(seen) == []


def test_delete_removes_files_and_refuses_needed_runs(graph: Store) -> None:
    graph.home.run(A).mkdir(parents=True)
    with pytest.raises(UserError, match=f"source of {C}"):
        graph.delete([A])
    attempt = begin(graph, B)
    with pytest.raises(UserError, match="stop it first"):
        graph.delete([B, C])
    graph.progress(B, attempt, [point(B, 1, 1.0)])
    graph.finish(B, attempt, RunState.COMPLETED, results={"toy/question": {"test": {"accuracy": 1.0}}})
    graph.delete([A, B, C])
    assert graph.runs() == [] and graph.metrics(B) == [] and graph.events(B) == [] and graph.results([B]) == {}
    assert not graph.home.run(A).exists()


def test_a_run_takes_as_much_as_the_most_demanding_of_its_kind(store: Store) -> None:
    """One of an earlier version has no kind before it is asked for again."""
    store.add([run(number, memory_kind="large") for number in (1, 2, 3)] + [run(4), run(5, memory_kind="small")], [])
    for run_id, peak in ((A, 5), (B, 7)):
        store.finish(run_id, begin(store, run_id), RunState.COMPLETED, peak_memory=peak)
    ids = [run(number).id for number in (1, 3, 4, 5)]
    assert store.peaks(ids) == dict(zip(ids, (7, 7, None, None), strict=True))
    store.request_stop([ids[2]])
    store.add([run(4, memory_kind="large")], [])
    assert store.peaks(ids[2:3]) == {ids[2]: 7} and store.peaks([]) == {}
