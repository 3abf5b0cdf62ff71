"""However a worker ends, its run gets the true state and a one-line cause, and its slot is free again."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from engine.files.home import Home
from engine.launch.local import LocalExecutor
from engine.launch.outcome import last_line
from engine.launch.supervisor import worker_command
from engine.launch.warm_start import ForkServer
from engine.registry.records import RunState
from engine.registry.store import Store
from tests.launch.workers import (
    RAISES,
    SAVES,
    SLEEP,
    STUBBORN,
    TRAINS,
    handle,
    has_room,
    over,
    queue,
    supervisor,
    until,
    worker_pid,
)
from tests.registry.rows import run

KILLED = "killed by signal 9 (by the system's memory killer or by hand)"
ENDS = {
    "echo hello; echo 'ValueError: no good'; exit 1": (RunState.FAILED, "ValueError: no good"),
    "exit 7": (RunState.FAILED, "the worker ended with code 7"),
    "exit 0": (RunState.FAILED, "the worker ended without storing a result"),
    "exit 75": (RunState.STOPPED, "stopped by a signal, after saving"),
    "exit 3": (RunState.LOST, "the worker was fenced: another process had ended its attempt"),
    "kill -9 $$": (RunState.LOST, KILLED),
    "kill -TERM $$": (RunState.STOPPED, "stopped by signal 15 (SIGTERM), before it could save"),
    "kill -SEGV $$": (RunState.FAILED, "crashed with signal 11 (SIGSEGV)"),
    "no-such-program": (RunState.FAILED, "no-such-program: not found"),
}


def test_every_exit_code_has_its_state_and_cause(store: Store, fork_server: ForkServer | None) -> None:
    ids = queue(store, *ENDS)
    until(over(store, *ids), supervisor(store, fork_server))
    assert {run.command: run.state for run in store.runs()} == {text: state for text, (state, _) in ENDS.items()}
    for found in store.runs():
        assert (found.cause or "").endswith(ENDS[found.command][1])


def test_a_worker_that_finishes_by_itself_keeps_what_it_wrote(store: Store, fork_server: ForkServer | None) -> None:
    done, raised = queue(store, TRAINS, RAISES)
    until(over(store, done, raised), supervisor(store, fork_server))
    assert (store.find(done).state, store.find(done).cause) == (RunState.COMPLETED, None)
    assert store.results([done]) == {done: {"toy/question": {"test": {"accuracy": 1.0}}}}
    assert store.find(raised).cause == "ArithmeticError: the loss is not finite"
    assert store.home.log(raised).read_text().startswith("training\nTraceback")


@pytest.mark.parametrize("whole_group", [True, False])
def test_kill_9_is_noticed_within_10_seconds_and_frees_the_slot(
    store: Store, fork_server: ForkServer | None, whole_group: bool
) -> None:
    (victim,) = queue(store, SLEEP)
    watcher = supervisor(store, fork_server, slots=("one",))
    until(lambda: store.find(victim).handle, watcher)
    if whole_group:
        os.killpg(int(str(handle(store.find(victim))["pid"])), signal.SIGKILL)
    else:
        os.kill(worker_pid(store.find(victim)), signal.SIGKILL)
    assert until(over(store, victim), watcher) < 10
    assert (store.find(victim).state, store.find(victim).cause) == (RunState.LOST, KILLED)
    until(lambda: has_room(watcher))
    assert store.requeue([victim]) == [victim]


def test_a_worker_whose_shell_was_killed_still_runs_and_is_still_stopped(store: Store, fork_server: ForkServer | None) -> None:
    (orphan,) = queue(store, SLEEP)
    watcher = supervisor(store, fork_server, slots=("one",))
    until(lambda: store.find(orphan).handle, watcher)
    worker_pid(store.find(orphan))
    os.kill(int(str(handle(store.find(orphan))["pid"])), signal.SIGKILL)
    for _ in range(5):
        watcher.tick()
    assert store.find(orphan).state.live and not has_room(watcher)
    store.request_stop([orphan])
    until(over(store, orphan), watcher)
    assert store.find(orphan).state == RunState.STOPPED


def test_stop_lets_a_worker_save(store: Store, fork_server: ForkServer | None) -> None:
    (polite,) = queue(store, SAVES)
    watcher = supervisor(store, fork_server)
    until(lambda: store.find(polite).handle and worker_pid(store.find(polite)), watcher)
    store.request_stop([polite])
    until(over(store, polite), watcher)
    assert (store.find(polite).state, store.find(polite).cause) == (RunState.STOPPED, "stopped on request")


def test_a_worker_that_does_not_stop_is_killed_after_the_grace(store: Store, fork_server: ForkServer | None) -> None:
    (stubborn,) = queue(store, STUBBORN)
    watcher = supervisor(store, fork_server, grace=1.0)
    until(lambda: store.find(stubborn).handle and worker_pid(store.find(stubborn)), watcher)
    store.request_stop([stubborn])
    assert 1.0 <= until(over(store, stubborn), watcher) < 5
    assert store.find(stubborn).cause == "killed, because it did not stop when asked to"


def test_processes_that_a_worker_leaves_behind_do_not_keep_its_slot(store: Store, fork_server: ForkServer | None) -> None:
    (parent,) = queue(store, "sleep 60 & exit 1")
    watcher = supervisor(store, fork_server, slots=("one",))
    until(over(store, parent), watcher)
    until(lambda: has_room(watcher))


def test_a_suspended_worker_can_be_stopped(store: Store, fork_server: ForkServer | None) -> None:
    (asleep,) = queue(store, SAVES)
    watcher = supervisor(store, fork_server)
    until(lambda: store.find(asleep).handle, watcher)
    os.kill(worker_pid(store.find(asleep)), signal.SIGSTOP)
    store.request_stop([asleep])
    until(over(store, asleep), watcher)
    assert store.find(asleep).cause == "stopped on request"


def test_without_an_exit_record_the_code_of_a_child_is_known(store: Store, fork_server: ForkServer | None) -> None:
    """On a full disk a reported error has no exit record; after a crash of the machine it may be incomplete."""
    (full,) = queue(store, "echo 'OSError: no space'; exit 1")
    store.home.exit_record(full, 1).with_suffix(".json.tmp").mkdir(parents=True)
    until(over(store, full), supervisor(store, fork_server))
    assert (store.find(full).state, store.find(full).cause) == (RunState.FAILED, "OSError: no space")


def test_a_home_in_the_place_of_another_gets_no_record_of_its_workers(
    store: Store, fork_server: ForkServer | None, tmp_path: Path
) -> None:
    """It may have the same run, whose end this would be."""
    (worker,) = queue(store, f"until [ -e {tmp_path}/go ]; do sleep 0.05; done; exit 7")
    watcher = supervisor(store, fork_server)
    until(lambda: store.find(worker).handle and worker_pid(store.find(worker)), watcher)
    elsewhere = Home(store.home.root.rename(tmp_path / "elsewhere"))
    store.home.run(worker).mkdir(parents=True)
    (tmp_path / "go").touch()
    until(elsewhere.exit_record(worker, 1).exists)
    assert list(store.home.run(worker).iterdir()) == []


@pytest.mark.parametrize("restarted", [False, True])
def test_deleting_the_lock_of_a_slot_frees_no_device(restarted: bool, store: Store) -> None:
    trains, waits = queue(store, SLEEP, SLEEP)
    watcher = supervisor(store, slots=("one",))
    until(lambda: store.find(trains).handle, watcher)
    (store.home.slots / "one.lock").unlink()
    watcher = supervisor(store, slots=("one",)) if restarted else watcher
    for _ in range(3):
        watcher.tick()
    assert [store.find(run_id).state.live for run_id in (trains, waits)] == [True, False]
    os.killpg(int(str(handle(store.find(trains))["pid"])), signal.SIGKILL)
    until(lambda: store.find(waits).handle, watcher)


def test_half_an_exit_record_is_none(store: Store) -> None:
    (victim,) = queue(store, SLEEP)
    watcher = supervisor(store)
    until(lambda: store.find(victim).handle, watcher)
    store.home.exit_record(victim, 1).write_text("")
    watcher.tick()
    assert store.find(victim).state.live
    os.killpg(int(str(handle(store.find(victim))["pid"])), signal.SIGKILL)
    until(over(store, victim), watcher)
    assert store.find(victim).state == RunState.LOST


def test_a_worker_has_no_ignored_signals_and_the_environment_of_its_slot(
    store: Store, fork_server: ForkServer | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    (curious,) = queue(store, "grep SigIgn /proc/self/status; echo $OMP_NUM_THREADS $SCALEARN_HOME")
    until(over(store, curious), supervisor(store, fork_server))
    ignored, env = store.home.log(curious).read_text().splitlines()
    # SIGINT is ignored from the start where the tests themselves run in a shell's background.
    ours = Path("/proc/self/status").read_text().split("SigIgn:")[1].split()[0]
    assert int(ignored.split()[1], 16) & ~int(ours, 16) == 0
    assert int(ignored.split()[1], 16) & 1 << (signal.SIGTERM - 1) == 0
    assert env == f"3 {store.home.root}"


def test_the_last_line_of_a_long_log(home: Home) -> None:
    log = home.log("x")
    assert last_line(log) is None
    log.parent.mkdir(parents=True)
    log.write_text("x\n" * 100_000 + f"the end {'.' * 1000}\n \n")
    assert (last_line(log) or "").startswith("the end ...") and len(last_line(log) or "") == 300
    assert last_line(log, begin=log.stat().st_size) is None


def test_the_command_of_a_worker(home: Home, store: Store) -> None:
    assert worker_command(home, "abc", 2)[1:] == (
        "-m",
        "engine.training.worker",
        "abc",
        "--attempt",
        "2",
        "--home",
        str(home.root),
    )
    assert LocalExecutor(home, []).acquire(run(1), store.peaks) == "a free device"
