"""The supervisor: order of launches, restarts, and that each registry has only one."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.files.disk import try_lock
from engine.files.home import Home
from engine.launch.devices import Slot
from engine.launch.executor import Handle, Job
from engine.launch.executors import EXECUTORS
from engine.launch.local import LocalExecutor
from engine.launch.processes import identify, is_alive
from engine.launch.supervision import ensure_supervisor, is_supervised
from engine.launch.supervisor import Supervisor, supervise
from engine.launch.warm_start import ForkServer
from engine.registry.records import RunState, Source
from engine.registry.store import Store
from tests.launch.workers import HANGS, SLEEP, TRAINS, command, handle, over, queue, supervisor, until
from tests.registry.rows import run

ROOT = Path(__file__).parents[2]
PROCESS = """
import logging, sys
from pathlib import Path
from engine.launch.supervisor import supervise
from engine.files.home import Home
from engine.registry.store import open_store
from tests.launch.workers import supervisor
logging.basicConfig(level=logging.INFO)
store = open_store(Home(Path(sys.argv[1])))
supervise(store.home, [supervisor(store)], idle=float(sys.argv[2]), interval=0.1)
"""


def start(home: Home, idle: float = 0.5) -> subprocess.Popen[bytes]:
    """A supervisor as a process of its own, with the workers of these tests."""
    return subprocess.Popen([sys.executable, "-c", PROCESS, str(home.root), str(idle)], cwd=ROOT, stderr=subprocess.PIPE)


def depends(store: Store, command: str) -> tuple[str, str]:
    """A source that runs ``command`` and a run that waits for it."""
    source, target = run(1, command=command), run(2, command=TRAINS)
    ids = source.id, target.id
    store.add([source, target], [Source(run_id=ids[1], position=0, source_id=ids[0], task="toy/topics")])
    return ids


def test_a_run_waits_for_its_source_and_then_trains(store: Store) -> None:
    source, target = depends(store, TRAINS)
    watcher = supervisor(store)
    watcher.tick()
    assert (store.find(source).state, store.find(target).state) == (RunState.STARTING, RunState.QUEUED)
    until(over(store, source, target), watcher)
    first, second = store.find(source), store.find(target)
    assert first.state == second.state == RunState.COMPLETED
    assert first.ended_at and second.started_at and first.ended_at <= second.started_at


def test_a_failed_source_fails_what_waits_for_it(store: Store) -> None:
    source, target = depends(store, "exit 7")
    until(over(store, source, target), supervisor(store))
    failed = store.find(target)
    assert failed.state == RunState.FAILED and failed.attempt == 0
    assert failed.cause == f"its source {source} (adapter on toy/question) failed; resume this run for both"


def test_one_worker_for_each_slot_in_the_order_of_requests(store: Store) -> None:
    ids = queue(store, SLEEP, SLEEP, SLEEP)
    watcher = supervisor(store)
    until(lambda: len(store.runs(states=[RunState.STARTING])) == 2, watcher)
    watcher.tick()
    assert [store.find(run_id).device for run_id in ids] == ["the one", "the two", None]
    store.request_stop(ids)
    until(over(store, *ids), watcher)


def test_a_killed_supervisor_is_replaced_by_one_that_adopts_its_workers(store: Store) -> None:
    stays, ends = queue(store, SLEEP, "sleep 2; exit 75")
    first = start(store.home)
    until(lambda: store.find(stays).handle and store.find(ends).handle)
    first.kill()
    first.communicate()
    before = handle(store.find(stays))
    second = start(store.home)
    until(over(store, ends))
    assert store.find(ends).state == RunState.STOPPED and store.find(ends).attempt == 1
    assert store.find(stays).state.live and store.find(stays).attempt == 1 and is_alive(before)
    os.killpg(int(str(before["pid"])), signal.SIGKILL)
    assert until(over(store, stays)) < 10
    assert store.find(stays).state == RunState.LOST and "killed by signal 9" in (store.find(stays).cause or "")
    assert second.wait(10) == 0
    assert second.stderr is not None
    second.stderr.close()


def test_a_claim_without_a_process_goes_back_to_the_queue(store: Store) -> None:
    (halfway,) = queue(store, TRAINS)
    assert store.claim(halfway, "local", "cpu") == 1
    until(over(store, halfway), supervisor(store))
    assert (store.find(halfway).state, store.find(halfway).attempt) == (RunState.COMPLETED, 2)


def test_a_worker_starts_only_once_its_handle_is_stored(store: Store, fork_server: ForkServer | None) -> None:
    """The supervisor dies between making the process and storing its handle: the process ends without doing anything."""
    (halfway,) = queue(store, f"touch {store.home.root}/ran")
    watcher = supervisor(store, fork_server)
    handles = []

    def die(_run_id: str, _attempt: int, handle: dict[str, object]) -> None:
        handles.append(handle)
        raise KeyboardInterrupt

    real, store.launched = store.launched, die  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        watcher.tick()
    store.launched = real  # type: ignore[method-assign]
    until(lambda: not is_alive(handles[0]))
    assert not (store.home.root / "ran").exists()
    assert json.loads(store.home.exit_record(halfway, 1).read_text()) == {"code": None}
    until(over(store, halfway), supervisor(store, fork_server))
    assert (store.home.root / "ran").exists() and store.find(halfway).attempt == 2


def test_one_supervisor_works_and_ends_when_idle(store: Store) -> None:
    (only,) = queue(store, TRAINS)
    pair = [start(store.home), start(store.home)]
    errors = [process.communicate(timeout=30)[1] for process in pair]
    assert [process.returncode for process in pair] == [0, 0]
    assert store.find(only).state == RunState.COMPLETED and store.find(only).attempt == 1
    assert sorted(b": started on" in text for text in errors) == [False, True]


def test_it_does_not_miss_runs_queued_as_it_ends(store: Store) -> None:
    """A process that queues relies on a supervisor that holds the lock, even one that is about to release it."""
    threads: list[threading.Thread] = []
    for number in range(1, 16):
        late = run(number, command="exit 75")
        run_id = late.id
        store.add([late], [])
        if not is_supervised(store.home):
            threads.append(threading.Thread(target=supervise, args=(store.home, [supervisor(store)], 0.0, 0.01)))
            threads[-1].start()
        until(over(store, run_id))
        time.sleep(random.uniform(0.0, 0.03))
    for thread in threads:
        thread.join(5)
    assert len(threads) > 1


def test_errors_of_the_database_do_not_end_it(store: Store) -> None:
    (run_id,) = queue(store, "exit 75")
    watcher = supervisor(store)
    hidden = store.home.database.with_suffix(".hidden")
    store.close()
    store.home.database.rename(hidden)
    thread = threading.Thread(target=supervise, args=(store.home, [watcher], 1.0, 0.05))
    thread.start()
    time.sleep(0.3)
    assert thread.is_alive()
    store.close()
    for name in ("", "-wal", "-shm"):
        Path(f"{store.home.database}{name}").unlink(missing_ok=True)
    hidden.rename(store.home.database)
    until(over(store, run_id))
    thread.join(10)
    assert store.find(run_id).state == RunState.STOPPED


@pytest.mark.parametrize("restarted", [False, True])
def test_a_worker_that_hangs_at_its_exit_does_not_keep_the_slot(store: Store, restarted: bool) -> None:
    """Its run is completed and stays so, and no supervisor has seen it end."""
    hangs, waits = queue(store, HANGS, TRAINS)
    watcher = supervisor(store, slots=("one",), grace=1.0)
    until(over(store, hangs), watcher)
    assert watcher.tick(), "the supervisor must stay to kill it"
    if restarted:
        watcher = supervisor(store, slots=("one",), grace=1.0)
    until(over(store, waits), watcher)
    assert {store.find(run_id).state for run_id in (hangs, waits)} == {RunState.COMPLETED}


def test_no_worker_stays_as_a_zombie(store: Store) -> None:
    (done,) = queue(store, TRAINS)
    watcher = supervisor(store)
    until(over(store, done), watcher)
    until(lambda: not psutil.pid_exists(int(str(handle(store.find(done))["pid"]))), watcher)


def test_errors_of_the_database_as_it_ends_keep_it_at_work(store: Store) -> None:
    watcher = supervisor(store)
    watcher.tick()
    assert watcher.is_current()
    store.close()
    store.home.database.write_bytes(b"no database")
    assert not watcher.is_current()


def test_ensure_supervisor_starts_one_in_the_background(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "__init__.py").write_text("another program's package of this name")
    monkeypatch.chdir(tmp_path)
    held = try_lock(store.home.supervisor_lock)
    assert not ensure_supervisor(store.home)
    assert held is not None
    os.close(held)

    def supervisors() -> list[psutil.Process]:
        return [
            process for process in psutil.process_iter(["cmdline"]) if str(store.home.root) in (process.info["cmdline"] or [])
        ]

    assert supervisors() == []
    began = time.monotonic()
    assert ensure_supervisor(store.home)
    assert time.monotonic() - began < 1
    until(lambda: is_supervised(store.home))
    (process,) = supervisors()
    try:
        assert not ensure_supervisor(store.home)
        assert process.ppid() != os.getpid() and os.getsid(process.pid) != os.getsid(0)
        maps = Path(f"/proc/{process.pid}/maps").read_text()
        assert "libtorch" not in maps and "pyarrow" not in maps
    finally:
        process.kill()
        process.wait(5)
    assert store.home.supervisor_log.exists()


def test_identity_is_more_than_a_number() -> None:
    child = subprocess.Popen(["sleep", "60"])
    mine = identify(child.pid)
    assert is_alive(mine)
    assert not is_alive({**mine, "start": mine["start"] + 1}) and not is_alive({**mine, "boot": "another"})
    child.kill()
    until(lambda: not is_alive(mine))
    assert Path(f"/proc/{child.pid}").exists(), "still a zombie"
    child.wait()
    assert not is_alive(mine)
    with pytest.raises(ProcessLookupError):
        identify(child.pid)


class Elsewhere(LocalExecutor):
    """Another place where runs can be started."""

    name = "elsewhere"


def test_several_executors_are_served_each_with_its_own_runs(store: Store) -> None:
    here, there, nowhere = run(1, command=TRAINS), run(2, command=TRAINS, executor="elsewhere"), run(3, executor="unknown")
    store.add([here, there, nowhere], [])
    executors = [LocalExecutor(store.home, [Slot("one", "here")]), Elsewhere(store.home, [Slot("two", "there")])]
    supervisors = [Supervisor(store, executor, command(store), grace=0.5) for executor in executors]
    ended = over(store, here.id, there.id)
    until(lambda: [supervisor.tick() for supervisor in supervisors] and ended())
    found = [store.find(one.id) for one in (here, there)]
    assert [one.state for one in found] == [RunState.COMPLETED] * 2
    assert [(one.executor, one.device) for one in found] == [("local", "here"), ("elsewhere", "there")]
    assert store.find(nowhere.id).state is RunState.QUEUED


def test_this_machine_is_an_executor() -> None:
    assert [make(Home(Path("/nowhere"))).name for make in EXECUTORS.values()] == list(EXECUTORS) == ["local"]


class Short(LocalExecutor):
    """One that cannot start the first worker."""

    why = errno.ENOSPC

    def submit(self, job: Job, reservation: Any, stored: Callable[[Handle], None]) -> None:
        if job.attempt == 1:
            raise OSError(self.why, os.strerror(self.why))
        super().submit(job, reservation, stored)


def test_what_is_short_for_a_while_fails_no_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.launch.supervisor.SHORTAGE", 0.3)
    first, second = queue(store, TRAINS, TRAINS)
    watcher = Supervisor(store, Short(store.home, [Slot("one", "the one")]), command(store))
    watcher.tick()
    assert [run.state for run in store.runs()] == [RunState.QUEUED] * 2
    until(over(store, first, second), watcher)
    assert {(run.state, run.attempt) for run in store.runs()} == {(RunState.COMPLETED, 2)}


def test_what_cannot_be_started_at_all_fails(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Short, "why", errno.ENOENT)
    (run_id,) = queue(store, TRAINS)
    Supervisor(store, Short(store.home, [Slot("one", "the one")]), command(store)).tick()
    assert store.find(run_id).cause == "the worker cannot be started: [Errno 2] No such file or directory"
