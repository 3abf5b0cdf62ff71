"""The queue does not die with a supervisor that is killed, and stays stopped with one that a user stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.errors import UserError
from engine.files.disk import try_lock
from engine.files.home import Home
from engine.launch.after_tuning import MOST_FAILURES, AfterTuning
from engine.launch.devices import Slot
from engine.launch.local import LocalExecutor
from engine.launch.supervision import ensure_supervisor, is_supervised, revival_command
from engine.launch.supervisor import Supervisor
from engine.launch.warm_start import ForkServer
from engine.registry.records import RunState
from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.watching import keep_supervised
from tests.launch.workers import TRAINS, command, over, queue, supervisor, until
from tests.registry.rows import run
from tests.reports import rows

LIGHT = """
import json, sys
from engine.launch.supervision import main
main(["--home", sys.argv[1]])
print(json.dumps(sorted(sys.modules)))
"""


@pytest.fixture
def waiting(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A registry with a queued run that no supervisor can start: another process holds the only slot."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("engine.launch.devices.gpus", list)
    rows.queue(store, rows.spec("adapter", "toy/question"))
    slot = try_lock(store.home.slots / "cpu.lock")
    assert slot is not None
    yield store
    for process in supervisors(store.home):
        process.kill()
        process.wait(5)
    os.close(slot)


def supervisors(home: Home) -> list[psutil.Process]:
    wanted = {"engine.launch.supervisor", str(home.root)}
    return [process for process in psutil.process_iter(["cmdline"]) if wanted <= set(process.info["cmdline"] or [])]


def end_supervisor(home: Home, kind: signal.Signals) -> None:
    """Start one and end it by a signal."""
    assert ensure_supervisor(home)
    until(lambda: is_supervised(home))
    (process,) = supervisors(home)
    process.send_signal(kind)
    process.wait(10)
    assert not is_supervised(home)


def end_a_worker(home: Home) -> None:
    """What the shell around a worker does last."""
    subprocess.run(revival_command(home), check=True, timeout=30)


def test_the_end_of_a_worker_revives_a_killed_supervisor(waiting: Store, capsys: pytest.CaptureFixture[str]) -> None:
    end_supervisor(waiting.home, signal.SIGKILL)
    assert main(["doctor"]) in (0, 1)
    assert "not running, with 1 unfinished run left; `scalearn ls` starts it" in capsys.readouterr().out
    end_a_worker(waiting.home)
    until(lambda: is_supervised(waiting.home))


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_queue_stays_stopped_until_runs_are_asked_for(
    kind: signal.Signals, waiting: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    end_supervisor(waiting.home, kind)
    end_a_worker(waiting.home)
    care = keep_supervised(waiting)
    (run,) = waiting.runs()
    notice = f"the supervisor was stopped, with 1 unfinished run left; `scalearn resume {run.id}` starts it again"
    for arguments in (["ls"], ["show", run.id], ["logs", run.id], ["doctor"]):
        main(arguments)
        assert notice in "".join(capsys.readouterr())
    with pytest.raises(UserError, match="the supervisor was stopped"):
        care()
    assert supervisors(waiting.home) == []
    assert main(["resume", "state:queued"]) == 0
    assert capsys.readouterr().err == "the supervisor was stopped; it works on the queue again\n"
    until(lambda: is_supervised(waiting.home))
    care()


def test_asking_for_another_run_starts_a_stopped_queue(waiting: Store) -> None:
    waiting.home.supervisor_stopped.touch()
    assert not ensure_supervisor(waiting.home)
    queue(waiting, TRAINS, TRAINS)
    assert ensure_supervisor(waiting.home)


def test_without_unfinished_runs_none_is_revived(store: Store) -> None:
    end_a_worker(store.home)
    assert supervisors(store.home) == []


def test_beside_a_supervisor_the_end_of_a_worker_costs_little(store: Store) -> None:
    lock = try_lock(store.home.supervisor_lock)
    assert lock is not None
    answer = subprocess.run([sys.executable, "-c", LIGHT, str(store.home.root)], capture_output=True, check=True, timeout=30)
    os.close(lock)
    assert not {"sqlalchemy", "pydantic", "torch", "numpy"} & set(json.loads(answer.stdout))


@pytest.mark.parametrize("ending", ["exit 0", "exit 7", "kill -9 $$"])
def test_what_is_above_a_worker_ends_with_a_command_that_has_its_own_environment(
    ending: str, store: Store, fork_server: ForkServer | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The revived supervisor must see the devices that the first one saw, not those of the slot."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    (run_id,) = queue(store, f"echo worker $CUDA_VISIBLE_DEVICES; {ending}")
    at_end = ("/bin/sh", "-c", "echo end $CUDA_VISIBLE_DEVICES")
    slots = [Slot("one", "the one", {"CUDA_VISIBLE_DEVICES": "GPU-1"})]
    watcher = Supervisor(store, LocalExecutor(store.home, slots, at_end, fork_server), command(store))
    watcher.tick()
    until(lambda: store.home.supervisor_log.exists() and store.home.supervisor_log.read_text() == "end 0,1\n")
    until(over(store, run_id), watcher)
    assert "worker GPU-1\n" in store.home.log(run_id).read_text()


def test_a_worker_that_was_never_released_revives_the_queue(store: Store, fork_server: ForkServer | None) -> None:
    """The supervisor is killed while it launches."""
    (run_id,) = queue(store, TRAINS)
    watcher = supervisor(store, fork_server, at_end=("echo", "revived"))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    store.launched = die  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        watcher.tick()
    until(lambda: store.home.supervisor_log.exists() and store.home.supervisor_log.read_text() == "revived\n")
    assert store.find(run_id).state is RunState.STARTING


@pytest.mark.parametrize(("ends", "times"), [("[ $(wc -l <{file}) -ge 3 ] || kill -9 $$", 3), ("exit 2", MOST_FAILURES)])
def test_the_command_after_tuning_is_repeated_where_it_fails(
    ends: str, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.launch.after_tuning.RETRY", 0.05)
    file = tmp_path / "times"
    after_tuning = AfterTuning(("/bin/sh", "-c", f"echo again >>{file}; {ends.format(file=file)}"))
    assert not after_tuning.work() and not file.exists()
    after_tuning.want()
    until(lambda: not after_tuning.work())
    assert len(file.read_text().splitlines()) == times


def test_after_a_run_that_only_helps_to_choose_a_setting_the_command_for_it_runs(store: Store, tmp_path: Path) -> None:
    other, tuning = run(1, command="exit 1"), run(2, dev_only=True, command="exit 1")
    chosen = tmp_path / "chosen"
    slots = [Slot("one", "the one")]
    watcher = Supervisor(store, LocalExecutor(store.home, slots), command(store), after_tuning=("touch", str(chosen)))
    store.add([other], [])
    until(over(store, other.id), watcher)
    watcher.tick()
    assert not chosen.exists()
    store.add([tuning], [])
    until(over(store, tuning.id), watcher)
    until(chosen.exists, watcher)
    until(lambda: not watcher.tick())
