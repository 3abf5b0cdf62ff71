"""A home that was removed, or made again, is noticed before anything is written to it, and never made by looking."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from engine.files.home import Home
from engine.registry.fence import Gone
from engine.registry.records import RunState
from engine.registry.store import Store, open_store
from engine.training.loop import Loop, TrainState
from engine.training.setup import ReadyRun
from engine.training.termination import Stopped
from engine.worker_exit import WorkerExit
from scalearn_tui.cli.app import main
from tests.registry.rows import run
from tests.training.runs import work_on
from tests.training.test_stopping import queue


def removed(home: Home) -> None:
    shutil.rmtree(home.root)


def made_again(home: Home) -> None:
    shutil.rmtree(home.root)
    open_store(home).close()


def only_the_registry(home: Home) -> None:
    home.database.unlink()


def another_registry(home: Home) -> None:
    """As a backup is put back."""
    copy = home.root / "copy"
    shutil.copy(home.database, copy)
    os.replace(copy, home.database)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (removed, "is gone"),
        (made_again, "was replaced by another one"),
        (only_the_registry, "is gone"),
        (another_registry, "was replaced by another one"),
    ],
)
def test_reads_and_writes_say_so(change: object, message: str, store: Store) -> None:
    store.add([run(1)], [])
    change(store.home)  # type: ignore[operator]
    there = sorted(store.home.root.iterdir()) if store.home.root.is_dir() else None
    for access in (store.runs, store.version, lambda: store.request_stop([run(1).id]), lambda: store.add([run(2)], [])):
        with pytest.raises(Gone, match=message):
            access()
    assert (sorted(store.home.root.iterdir()) if store.home.root.is_dir() else None) == there


@pytest.mark.parametrize("change", [removed, made_again])
def test_a_worker_of_a_home_that_is_gone_writes_nothing_and_ends(
    change: object, store: Store, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers of one run shared a folder: the one of the old home published into the new one."""
    run_id = queue(store, tiny_backbone)
    original = Loop._finish_epoch

    def finish_epoch(loop: Loop) -> None:
        if loop.state.epoch == 0:
            change(store.home)  # type: ignore[operator]
        original(loop)

    monkeypatch.setattr(Loop, "_finish_epoch", finish_epoch)
    assert work_on(store, run_id) == WorkerExit.FENCED
    assert not (store.home.root / "runs").exists()
    if change is made_again:
        assert open_store(store.home).runs() == []


@pytest.mark.parametrize("change", [removed, made_again])
@pytest.mark.parametrize("stopped", [False, True])
def test_a_home_that_goes_as_a_worker_ends_gets_no_result(
    stopped: bool, change: object, store: Store, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = queue(store, tiny_backbone)
    original = Loop.run

    def publish(ready: ReadyRun) -> None:
        change(store.home)  # type: ignore[operator]

    def run_loop(loop: Loop) -> TrainState:
        original(loop)
        change(store.home)  # type: ignore[operator]
        raise Stopped

    monkeypatch.setattr(ReadyRun, "publish", publish)
    if stopped:
        monkeypatch.setattr(Loop, "run", run_loop)
    assert work_on(store, run_id) == WorkerExit.FENCED
    assert not (store.home.root / "runs").exists()


def test_names_with_every_sign_are_opened(tmp_path: Path) -> None:
    home = Home(tmp_path / "a b#c?d%20é&mode=memory")
    open_store(home).add([run(1)], [])
    assert open_store(home).find(run(1).id).state == RunState.QUEUED and home.database.is_file()


def test_a_stop_that_reaches_nothing_says_so(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    removed(store.home)
    assert main(["stop", "@1"]) == 2
    assert "no run @1" in capsys.readouterr().err
