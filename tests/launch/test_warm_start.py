"""Forked workers: they are as if they had been started cold, and nothing depends on the process that forks them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.files.home import Home
from engine.launch.devices import Slot
from engine.launch.local import LocalExecutor
from engine.launch.supervisor import Supervisor, supervise
from engine.launch.warm_start import ForkServer
from engine.registry.records import RunState
from engine.registry.store import Store
from tests.launch.workers import SLEEP, handle, over, queue, supervisor, until, worker_pid
from tests.registry import rows

ROOT = Path(__file__).parents[2]
ENDS = """
import atexit, os, signal, sys, time
atexit.register(print, "at exit")
how = sys.argv[1]
environment = {name: value for name, value in os.environ.items() if name not in ("PWD", "OLDPWD", "_")}  # a shell's own
print(__name__, sys.argv[1:], os.getcwd(), os.getsid(0) == os.getpgid(0), sorted(environment.items()), end="")
print(os.umask(0), os.readlink("/proc/self/fd/0"), len(os.listdir("/proc/self/fd")), signal.getsignal(signal.SIGTERM), end="")
if how == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if how == "interrupted":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background processes ignore it
    signal.raise_signal(signal.SIGINT)
if how == "raises":
    raise ArithmeticError("the loss is not finite")
if how != "returns":
    sys.exit(int(how) if how.isdecimal() else how)
"""
CODES = {"0": 0, "7": 7, "300": 44, "returns": 0, "some words": 1, "raises": 1, "interrupted": 130, "killed": 137}
KILLED_SUPERVISOR = """
import json, os, sys, time
from pathlib import Path
from engine.files.home import Home
from engine.launch.warm_start import ForkServer
home, job, file = Home(Path(sys.argv[1])), json.loads(sys.argv[2]), os.open(os.devnull, os.O_RDWR)
server = ForkServer(home, "json", patience=30.0)
parent = server.fork(job, file, file)
print(server.running, parent.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def warm(home: Home) -> Iterator[ForkServer]:
    server = ForkServer(home, "json", patience=30.0)
    yield server
    server.end()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of modules for workers."""
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', ROOT)}")
    return tmp_path


def runs_module(store: Store, fork_server: ForkServer | None) -> Supervisor:
    """A supervisor whose workers run ``python -m`` with the words of a run's ``command``."""
    executor = LocalExecutor(store.home, [Slot("one", "the one")], fork_server=fork_server)
    return Supervisor(store, executor, lambda _, run_id, __: (sys.executable, "-m", *store.find(run_id).command.split(" ", 1)))


def add(store: Store, *commands: str) -> list[str]:
    """Queue more runs; their ids."""
    runs = [rows.run(number, command=text) for number, text in enumerate(commands, start=len(store.runs()) + 1)]
    ids = [run.id for run in runs]
    store.add(runs, [])
    return ids


def code(store: Store, run_id: str) -> int:
    record: dict[str, int] = json.loads(store.home.exit_record(run_id, 1).read_text())
    return record["code"]


def forked_by(store: Store, run_id: str) -> int:
    """The process that started the one above a worker that runs."""
    return psutil.Process(int(str(handle(store.find(run_id))["pid"]))).ppid()


def test_a_forked_worker_sees_and_ends_as_one_that_was_started_cold(store: Store, warm: ForkServer, folder: Path) -> None:
    (folder / "ends.py").write_text(ENDS)
    logs = []
    for fork_server in (None, warm):
        ids = add(store, *(f"ends {how}" for how in CODES))
        until(over(store, *ids), runs_module(store, fork_server))
        assert [code(store, run_id) for run_id in ids] == list(CODES.values())
        logs.append([store.home.log(run_id).read_text() for run_id in ids])
    for cold, forked in zip(*logs, strict=True):
        # Between them may be a traceback, which has other frames; and a shell says when what it started was killed.
        lines = [text.removesuffix("Killed\n").splitlines() for text in (cold, forked)]
        assert lines[0][0] == lines[1][0] and lines[0][-1] == lines[1][-1]
    assert "at exit" in logs[1][0] and warm.running is not None


def test_a_killed_server_takes_no_worker_with_it_and_is_replaced(store: Store, warm: ForkServer) -> None:
    stays, ends, next_one = queue(store, SLEEP, "sleep 0.5; exit 7", SLEEP)
    watcher = supervisor(store, warm)
    until(lambda: store.find(stays).handle and store.find(ends).handle, watcher)
    first = warm.running
    assert first is not None and forked_by(store, stays) == first
    os.kill(first, signal.SIGKILL)
    until(lambda: store.find(next_one).handle, watcher)
    assert code(store, ends) == 7 and store.find(stays).state.live
    assert warm.running not in (None, first) and forked_by(store, next_one) == warm.running
    os.kill(worker_pid(store.find(stays)), signal.SIGKILL)
    store.request_stop([next_one])
    until(over(store, stays, next_one), watcher)
    assert code(store, stays) == 137 and store.find(stays).state is RunState.LOST


def test_a_server_that_hangs_costs_its_patience_and_no_run(store: Store, home: Home) -> None:
    warm = ForkServer(home, "json", patience=1.0)
    (first,) = queue(store, "exit 75")
    watcher = supervisor(store, warm)
    until(over(store, first), watcher)
    hung = warm.running
    os.kill(hung or 0, signal.SIGSTOP)
    (second,) = add(store, SLEEP)
    until(lambda: store.find(second).handle, watcher)
    assert forked_by(store, second) == os.getpid() and warm.running is None and not psutil.pid_exists(hung or 0)
    store.request_stop([second])
    until(over(store, second), watcher)
    assert store.find(second).attempt == 1


def test_code_that_cannot_be_loaded_is_told_and_workers_are_started_cold(store: Store, home: Home) -> None:
    warm = ForkServer(home, "no_such_module", patience=30.0)
    ids = queue(store, "exit 75", "exit 75", "exit 75")
    until(over(store, *ids), supervisor(store, warm))
    assert {run.state for run in store.runs()} == {RunState.STOPPED} and warm.running is None
    assert home.supervisor_log.read_text().count("No module named 'no_such_module'") == 1


def test_a_server_without_work_ends(store: Store, home: Home) -> None:
    warm = ForkServer(home, "json", patience=30.0, idle=1.5)
    for text in ("exit 75", "exit 75"):
        (run_id,) = add(store, text)
        watcher = supervisor(store, warm)
        until(over(store, run_id), watcher)
        pid = warm.running
        assert pid is not None
        until(lambda pid=pid: not psutil.pid_exists(pid), watcher)


def test_code_that_was_changed_is_loaded_again(store: Store, home: Home, folder: Path) -> None:
    (folder / "shows.py").write_text("import colour; print(colour.NAME)")
    (folder / "colour.py").write_text("NAME = 'red'")
    warm = ForkServer(home, "colour", patience=30.0)
    watcher, pids = runs_module(store, warm), []
    for name in ("red", "red", "blue"):
        (folder / "new.py").write_text(f"NAME = '{name}'")
        if name not in (folder / "colour.py").read_text():
            (folder / "new.py").replace(folder / "colour.py")
        (run_id,) = add(store, "shows")
        until(over(store, run_id), watcher)
        assert store.home.log(run_id).read_text() == f"{name}\n"
        pids.append(warm.running)
    assert None not in pids and pids[0] == pids[1] != pids[2]
    warm.end()


def test_code_that_is_changed_while_it_is_loaded_is_not_used(store: Store, home: Home, folder: Path) -> None:
    (folder / "shows.py").write_text("import sys; print('colour' in sys.modules)")
    (folder / "colour.py").write_text("import os; os.utime(__file__)")
    warm = ForkServer(home, "colour", patience=30.0)
    (run_id,) = add(store, "shows")
    until(over(store, run_id), runs_module(store, warm))
    assert store.home.log(run_id).read_text() == "False\n" and warm.running is None


def test_another_environment_needs_another_server(store: Store, warm: ForkServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries have read it by then; only what CUDA reads is read late."""
    pids, seen = [], []
    for variable, value in (("CUDA_VISIBLE_DEVICES", "3"), ("CUDA_VISIBLE_DEVICES", "4"), ("OMP_NUM_THREADS", "5")):
        monkeypatch.setenv(variable, value)
        (run_id,) = add(store, "echo $CUDA_VISIBLE_DEVICES $OMP_NUM_THREADS")
        until(over(store, run_id), supervisor(store, warm))
        seen.append(store.home.log(run_id).read_text().split()[0])
        pids.append(warm.running)
    assert seen == ["3", "4", "4"] and None not in pids and pids[0] == pids[1] != pids[2]


def test_a_supervisor_that_is_killed_while_it_launches(store: Store, tmp_path: Path) -> None:
    """Nothing is released, the server ends, and whoever ends last revives the queue."""
    home = store.home
    job = {
        "argv": ["touch", str(tmp_path / "ran")], "env": dict(os.environ), "place": str(ROOT),
        "folder": str(tmp_path), "record": "exit-1.json", "at_end": ["echo", "revived"], "at_end_env": dict(os.environ),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED_SUPERVISOR, str(home.root), json.dumps(job)], stdout=subprocess.PIPE, cwd=ROOT
    )
    with process:
        assert process.stdout is not None
        server, parent = map(int, process.stdout.readline().split())
        process.kill()
    until(lambda: not psutil.pid_exists(server) and not psutil.pid_exists(parent))
    assert json.loads((tmp_path / "exit-1.json").read_text()) == {"code": None}
    assert home.supervisor_log.read_text() == "revived\n" and not (tmp_path / "ran").exists()


def test_an_answer_that_comes_too_late_changes_nothing(store: Store, home: Home, folder: Path) -> None:
    """The attempt was started cold, and its record is not that of the forked one, which was never released."""
    (folder / "slow.py").write_text("import time; time.sleep(0.5)")
    warm = ForkServer(home, "slow", patience=0.0)
    (run_id,) = queue(store, "sleep 0.5; exit 75")
    watcher = supervisor(store, warm, at_end=("echo", "revived"))
    until(over(store, run_id), watcher)
    until(lambda: home.supervisor_log.read_text() == "revived\n" * 2)
    assert code(store, run_id) == 75 and store.find(run_id).attempt == 1
    warm.end()


def test_the_next_run_starts_as_soon_as_a_forked_worker_has_ended(store: Store, warm: ForkServer) -> None:
    ids = queue(store, "exit 75", "exit 75", "exit 75")
    began = time.monotonic()
    # In the end it waits twice for that long.
    supervise(store.home, [supervisor(store, warm, slots=("one",))], idle=0.0, interval=2.0)
    assert over(store, *ids)() and time.monotonic() - began < 8.0


def test_an_error_of_the_last_command_stays_its_own(store: Store, warm: ForkServer, folder: Path) -> None:
    """The process above the worker goes on behind it."""
    (folder / "full.py").write_text("raise OSError('the disk is full')")
    (run_id,) = queue(store, "exit 75")
    watcher = supervisor(store, warm, at_end=(sys.executable, "-m", "full"))
    until(over(store, run_id), watcher)
    parent = int(str(handle(store.find(run_id))["pid"]))
    until(lambda: not psutil.pid_exists(parent), watcher)
    told = store.home.supervisor_log.read_text()
    assert told.count("Traceback") == 1 and told.endswith("OSError: the disk is full\n")
