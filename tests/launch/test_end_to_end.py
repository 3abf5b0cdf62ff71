"""The whole way with real processes: command, supervisor, worker, training; killed, resumed, stopped, and compared."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine.files.home import Home
from engine.registry.records import ACTIVE, RunState
from engine.registry.store import Store, open_store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.launch.workers import over, until, worker_pid

Points = dict[tuple[str, int], float]


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, Store]]:
    """Two registries, whose processes end with the test."""
    # With the same number of threads sums are made in the same order.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    yield open_store(Home(tmp_path / "disturbed")), open_store(Home(tmp_path / "undisturbed"))
    ours = [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(tmp_path) in word for word in process.info["cmdline"] or [])
    ]
    for process in ours:
        process.kill()


def scalearn(store: Store, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setenv("SCALEARN_HOME", str(store.home.root))
    return main(arguments)


def past(store: Store, run_id: str, epoch: int) -> Callable[[], bool]:
    """Whether the run is training behind ``epoch``: wherever in an epoch that is on a machine of this speed."""

    def reached() -> bool:
        run = store.find(run_id)
        assert run.state.live or run.state == RunState.QUEUED, run.cause
        return run.state == RunState.RUNNING and run.epoch >= epoch

    return reached


def points(store: Store, run_id: str) -> Points:
    return {(point.name, point.step): point.value for point in store.metrics(run_id) if not point.name.startswith("system/")}


def test_a_killed_and_a_stopped_run_resume_exactly(
    homes: tuple[Store, Store], tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disturbed, undisturbed = homes
    settings = ("--set", "batch_size=4", "--set", "patience=100", "--epochs", "20", "--limit", "test=64")
    for store in homes:
        request = ("run", "-m", "adapter", "-t", "toy/sentiment", "-b", str(tiny_backbone), *settings, "--detach")
        assert scalearn(store, monkeypatch, *request) == ExitCode.OK
    run_id = disturbed.find("@1").id
    assert undisturbed.find("@1").id == run_id

    until(past(disturbed, run_id, epoch=1), seconds=90)
    os.kill(worker_pid(disturbed.find(run_id)), signal.SIGKILL)
    assert until(over(disturbed, run_id), seconds=20) < 10
    lost = disturbed.find(run_id)
    assert lost.state == RunState.LOST and "killed by signal 9" in (lost.cause or "")

    assert scalearn(disturbed, monkeypatch, "resume", run_id) == ExitCode.OK
    until(past(disturbed, run_id, epoch=lost.epoch + 1), seconds=90)
    assert scalearn(disturbed, monkeypatch, "stop", run_id) == ExitCode.OK
    until(over(disturbed, run_id), seconds=20)
    stopped = disturbed.find(run_id)
    assert stopped.state == RunState.STOPPED and (stopped.cause or "").startswith("stopped on request")
    assert disturbed.checkpoints(run_id)["last"].step == stopped.step < stopped.steps

    assert scalearn(disturbed, monkeypatch, "resume", run_id) == ExitCode.OK
    for store in homes:
        until(lambda store=store: store.find(run_id).state == RunState.COMPLETED, seconds=90)
    assert (disturbed.find(run_id).attempt, undisturbed.find(run_id).attempt) == (3, 1)
    resumed = points(disturbed, run_id)
    assert resumed == points(undisturbed, run_id)
    assert sorted(step for name, step in resumed if name == "train/loss") == list(range(stopped.steps))
    assert disturbed.results([run_id]) == undisturbed.results([run_id]) != {}
    events = [event.text for event in disturbed.events(run_id)]
    assert events[-4:] == ["starting attempt 3 on cpu", "running", "going on from the last checkpoint", "completed"]
    assert sum(text.startswith(("queued again (resumed) by ", "asked to stop by ")) for text in events) == 3


def test_a_source_is_trained_first_and_a_repeated_request_does_nothing(
    homes: tuple[Store, Store], tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store, _ = homes
    budget = ("--epochs", "1", "--limit", "train=64", "--limit", "test=32")
    request = ("run", "-m", "scalearn++", "-t", "toy/sentiment", "--sources", "sentiment", "-b", str(tiny_backbone), *budget)
    assert scalearn(store, monkeypatch, *request) == ExitCode.OK
    (source,), (target,) = store.runs(method="adapter"), store.runs(method="scalearn++")
    assert source.state == target.state == RunState.COMPLETED
    assert source.ended_at and target.started_at and source.ended_at <= target.started_at
    capsys.readouterr()
    assert scalearn(store, monkeypatch, *request) == ExitCode.OK
    assert "nothing to do" in capsys.readouterr().err
    assert {run.attempt for run in store.runs()} == {1} and len(store.runs()) == 2


def test_both_runs_complete_though_the_supervisor_is_killed_and_nobody_calls_a_command(
    homes: tuple[Store, Store], tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = homes
    request = ("run", "-m", "adapter", "-t", "toy/sentiment", "-b", str(tiny_backbone), "--seed", "0-1", "--epochs", "1")
    assert scalearn(store, monkeypatch, *request, "--limit", "test=32", "--detach") == ExitCode.OK
    until(lambda: store.runs(states=[RunState.RUNNING]), seconds=60)
    for process in psutil.process_iter(["cmdline"]):
        if {"engine.launch.supervisor", str(store.home.root)} <= set(process.info["cmdline"] or []):
            process.kill()
    assert {run.state for run in store.runs()} == {RunState.RUNNING, RunState.QUEUED}
    until(lambda: {run.state for run in store.runs()} == {RunState.COMPLETED}, seconds=120)
    assert {run.attempt for run in store.runs()} == {1}


def test_a_sweep_that_was_stopped_half_way_goes_on_with_what_is_missing(
    homes: tuple[Store, Store], tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store, _ = homes
    monkeypatch.chdir(tmp_path)
    budget = "epochs = 1\nlimits = { train = 64, dev = 16, test = 16 }"
    parts = '[[part]]\nmethods = "scalearn++"\nsources = "sentiment"\nseeds = [0, 1]\n[[part]]\nmethods = "adapter"'
    Path("paper.toml").write_text(
        f'name = "paper"\ntargets = "toy/sentiment"\nbackbones = "{tiny_backbone}"\n{budget}\n{parts}\n'
    )
    assert scalearn(store, monkeypatch, "sweep", "run", "paper.toml", "--detach") == ExitCode.OK
    until(lambda: store.runs(states=[RunState.COMPLETED]), seconds=90)
    assert scalearn(store, monkeypatch, "sweep", "stop", "paper") == ExitCode.OK
    until(lambda: not store.runs(states=ACTIVE), seconds=60)
    (source,) = store.runs(states=[RunState.COMPLETED])
    assert source.method == "adapter"

    store.delete([store.runs(states=[RunState.STOPPED])[0].id])
    assert scalearn(store, monkeypatch, "sweep", "run", "paper.toml") == ExitCode.OK
    assert {run.state for run in store.runs()} == {RunState.COMPLETED} and len(store.runs()) == 3
    assert store.find(source.id).attempt == 1
    assert scalearn(store, monkeypatch, "sweep", "run", "paper") == ExitCode.OK
    assert store.find(source.id).ended_at == source.ended_at
