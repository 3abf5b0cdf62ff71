"""What the doctor finds where processes, clocks and locks disagree with the registry."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from engine.launch.checkup import clocks, held_locks, orphans, outdated, supervisor_of, vanished
from engine.launch.supervision import ensure_supervisor
from engine.registry.records import RunState, utc_now
from engine.registry.store import Store
from scalearn_tui.cli.app import main
from tests.launch.workers import HANGS, SLEEP, handle, queue, supervisor, until
from tests.registry.rows import run


def group(store: Store, run_id: str) -> int:
    return int(str(handle(store.find(run_id))["pid"]))


def test_a_process_that_outlives_its_run_is_an_orphan(store: Store) -> None:
    (run_id,) = queue(store, HANGS)
    watcher = supervisor(store)
    until(lambda: store.find(run_id).state is RunState.COMPLETED, watcher)
    pid = group(store, run_id)
    found = (
        f"process group {pid} holds the slot one, but run {run_id} is completed; if it does not end by itself: kill -9 -{pid}"
    )
    assert orphans(store) == [found] and vanished(store) == []
    store.delete([run_id])
    assert f"run {run_id} was deleted" in orphans(store)[0]
    os.killpg(pid, signal.SIGKILL)
    until(lambda: not orphans(store))


def test_runs_without_a_process_are_named_unless_a_supervisor_will_see_them(store: Store) -> None:
    (run_id,) = queue(store, SLEEP)
    watcher = supervisor(store)
    until(lambda: store.find(run_id).handle, watcher)
    assert orphans(store) == vanished(store) == []
    os.killpg(group(store, run_id), signal.SIGKILL)
    until(lambda: vanished(store))
    assert vanished(store) == [
        f"no process works on {run_id} (starting); `scalearn ls` starts the supervisor, which records how they ended"
    ]
    until(lambda: store.find(run_id).state is RunState.LOST, watcher)
    assert vanished(store) == []


def test_a_supervisor_older_than_the_program_is_named(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert supervisor_of(store.home) is None and outdated(store.home) == []
    ensure_supervisor(store.home)
    until(lambda: supervisor_of(store.home))
    assert outdated(store.home) == []
    pid, since = supervisor_of(store.home) or (0, 0.0)
    source = tmp_path / "engine" / "changed.py"
    source.parent.mkdir()
    source.touch()
    os.utime(source, (since + 5, since + 5))
    monkeypatch.setattr("engine.launch.checkup.CODE", tmp_path)
    assert f"the supervisor, process {pid}, runs the program as it was before" in outdated(store.home)[0]
    os.kill(pid, signal.SIGKILL)
    until(lambda: supervisor_of(store.home) is None)


def test_a_clock_that_was_ahead_is_noticed(store: Store) -> None:
    assert clocks(store) == []
    store.add([run(1, ended_at=utc_now() + timedelta(hours=1))], [])
    (found,) = clocks(store)
    assert "the registry has a time 3,6" in found or "the registry has a time 3,5" in found


def test_a_program_that_keeps_the_registry_locked_is_named(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert held_locks(store.home) == []
    with closing(sqlite3.connect(store.home.database, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        assert f"{os.getpid()} (" in held_locks(store.home)[0]
    assert held_locks(store.home) == []
    assert main(["doctor"]) in (0, 1)
    assert "no orphans, clocks and locks as they should be" in capsys.readouterr().out
