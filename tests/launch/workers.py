"""Workers for tests: shell and Python commands that end in every way a worker can, named by a run's ``command``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.files.home import Home
from engine.launch.devices import Slot
from engine.launch.local import LocalExecutor
from engine.launch.supervisor import Supervisor
from engine.launch.warm_start import ForkServer
from engine.registry.records import Run
from engine.registry.store import Store
from tests.registry.rows import run

SLEEP = "sleep 60"
STUBBORN = "trap '' TERM; while :; do sleep 0.2; done"
SAVES = "trap 'exit 75' TERM; while :; do sleep 0.05; done"
TRAINS = "python-trains"
RAISES = "python-raises"
HANGS = "python-hangs"
"""Stores its result and then does not leave."""
PROGRAM = """
import sys, time
from pathlib import Path
from engine.files.home import Home
from engine.registry.store import open_store
from engine.registry.records import RunState
run_id, attempt, mode = sys.argv[2], int(sys.argv[3]), sys.argv[4]
store = open_store(Home(Path(sys.argv[1])), migrate=False)
store.started(run_id, attempt)
print("training", flush=True)
if mode == "python-raises":
    raise ArithmeticError("the loss is not finite")
time.sleep(0.2)
store.finish(run_id, attempt, RunState.COMPLETED, results={"toy/question": {"test": {"accuracy": 1.0}}})
if mode == "python-hangs":
    time.sleep(60)
"""


def command(store: Store) -> Callable[[Home, str, int], tuple[str, ...]]:
    """The command of a run's worker: its ``command``, as a shell line or as one of the Python programs above."""

    def argv(home: Home, run_id: str, attempt: int) -> tuple[str, ...]:
        text = store.find(run_id).command
        if text.startswith("python-"):
            return (sys.executable, "-c", PROGRAM, str(home.root), run_id, str(attempt), text)
        return ("/bin/sh", "-c", text)

    return argv


def supervisor(
    store: Store,
    fork_server: ForkServer | None = None,
    slots: Sequence[str] = ("one", "two"),
    grace: float = 30.0,
    at_end: Sequence[str] = ("true",),
) -> Supervisor:
    executor = LocalExecutor(store.home, [Slot(name, f"the {name}") for name in slots], at_end, fork_server)
    return Supervisor(store, executor, command(store), grace)


def has_room(supervisor: Supervisor) -> bool:
    """Whether one more worker could start now."""
    place = supervisor.executor.acquire(run(1), supervisor.store.peaks)
    if isinstance(place, str):
        return False
    place.release()
    return True


def queue(store: Store, *commands: str) -> list[str]:
    """Queue one run for each command; their ids."""
    runs = [run(number, command=text) for number, text in enumerate(commands, start=1)]
    ids = [run.id for run in runs]
    store.add(runs, [])
    return ids


def until(done: Callable[[], object], what: Supervisor | None = None, seconds: float = 15.0) -> float:
    """Let the supervisor look until ``done``; the seconds it took."""
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < seconds, "took too long"
        if what is not None:
            what.tick()
        time.sleep(0.05)
    return time.monotonic() - began


def over(store: Store, *run_ids: str) -> Callable[[], bool]:
    def all_over() -> bool:
        return all(run.state.over or run.state == "completed" for run in store.runs(ids=run_ids))

    return all_over


def handle(run: Run) -> dict[str, object]:
    assert run.handle is not None
    return run.handle


def worker_pid(run: Run) -> int:
    """The process below the shim."""
    children = Path(f"/proc/{handle(run)['pid']}/task/{handle(run)['pid']}/children")
    until(lambda: children.read_text().split())
    return int(children.read_text().split()[0])
