"""The process that starts workers, notices how they end and passes on requests to stop: one for each registry.

``python -m engine.launch.supervisor --home FOLDER``. It may be killed and started again at any time: all it knows is in the
registry, and workers do not depend on it. It ends by itself when nothing is queued or at work.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from engine.files.disk import is_locked, try_lock
from engine.files.home import Home
from engine.launch.devices import find_slots
from engine.launch.executor import Executor, Job, Phase, Place, Status
from engine.launch.local import LocalExecutor
from engine.launch.outcome import outcome
from engine.registry.reading import LIVE
from engine.registry.store import Fenced, Store, open_store
from engine.registry.tables import Run, RunState

INTERVAL = 0.5
GRACE = 30.0
"""Seconds between the request to stop and the end by force."""
IDLE = 20.0
LOCK_TRIES = 20
CODE = Path(__file__).parents[2]
"""Where supervisors and their workers are started: ``-m`` looks into the current folder first, and in the user's there may
lie another ``engine``."""
log = logging.getLogger("supervisor")

Command = Callable[[Home, str, int], tuple[str, ...]]


def worker_command(home: Home, run_id: str, attempt: int) -> tuple[str, ...]:
    """The command that trains one attempt of a run."""
    return (sys.executable, "-m", "engine.training.worker", run_id, "--attempt", str(attempt), "--home", str(home.root))


class Supervisor:
    """One look after another at the registry and at the processes."""

    def __init__(self, store: Store, executor: Executor, command: Command = worker_command, grace: float = GRACE) -> None:
        self.store = store
        self.executor = executor
        self.command = command
        self.grace = grace
        self._version = -1
        self._live: list[Run] = []
        self._queued = False
        self._asked: dict[tuple[str, int], float] = {}
        self._lingering: dict[tuple[str, int], float] = {}

    def tick(self) -> bool:
        """Look once; whether anything is queued or at work."""
        version = self.store.version()
        if version != self._version:
            self.store.fail_blocked()
            self._live = [run for run in self.store.runs(states=LIVE) if run.executor == self.executor.name]
            self._queued = bool(self.store.runs(states=(RunState.QUEUED,), limit=1))
            self._version = version
        self._notice_ends()
        self._end_lingering()
        self._pass_on_stops()
        if self._queued:
            self._launch_ready()
        return bool(self._live or self._lingering) or self._queued

    def is_current(self) -> bool:
        """Whether the registry is surely as it was at the last look."""
        try:
            return self.store.version() == self._version
        except SQLAlchemyError:
            return False

    def _notice_ends(self) -> None:
        statuses = self.executor.poll({run.id: run.handle for run in self._live if run.handle})
        self._live = [run for run in self._live if not self._has_ended(run, statuses.get(run.id))]

    def _has_ended(self, run: Run, status: Status | None) -> bool:
        """Store how an attempt ended, if it has."""
        # Without a handle: whoever claimed the run died before it let a process go. It cannot be a launch of this process,
        # which never looks while it launches.
        if status is None or status.phase is Phase.UNSTARTED:
            if self.store.unclaim(run.id, run.attempt):
                log.info("run %s attempt %d: was never launched, queued again", run.id, run.attempt)
                if run.stop_requested:
                    self.store.request_stop([run.id])
            return True
        if status.phase is Phase.RUNNING:
            return False
        state, cause = outcome(status, run, self.store.home.log(run.id))
        if self.store.finish(run.id, run.attempt, state, cause):
            log.info("run %s attempt %d: %s, %s", run.id, run.attempt, state, cause)
        self.executor.clean(run.handle or {})
        return True

    def _end_lingering(self) -> None:
        """End workers that have told how their run ended and then do not leave: they hold the place of the next one."""
        now = time.monotonic()
        live = {(run.id, run.attempt) for run in self._live}
        held = {key: handle for key, handle in self.executor.held().items() if key not in live}
        self._lingering = {key: self._lingering.get(key, now) for key in held}
        for key, since in self._lingering.items():
            if now - since > self.grace:
                self.executor.cancel(held[key], force=True)
                log.info("run %s attempt %d: had ended but did not leave within %g s, killed", *key, self.grace)

    def _pass_on_stops(self) -> None:
        now = time.monotonic()
        for run in self._live:
            if not run.stop_requested or run.handle is None:
                continue
            asked = self._asked.get((run.id, run.attempt))
            if asked is None:
                self._asked[run.id, run.attempt] = now
                self.executor.cancel(run.handle)
                log.info("run %s attempt %d: asked to stop", run.id, run.attempt)
            elif now - asked > self.grace:
                self.executor.cancel(run.handle, force=True)
                log.info("run %s attempt %d: did not stop within %g s, killed", run.id, run.attempt, self.grace)

    def _launch_ready(self) -> None:
        while (place := self.executor.acquire()) is not None:
            try:
                ready = self.store.ready(limit=1)
                if not ready:
                    return
                self._launch(ready[0], place)
            finally:
                place.release()

    def _launch(self, run: Run, place: Place) -> None:
        home = self.store.home
        attempt = self.store.claim(run.id, self.executor.name, place.label)
        if attempt is None:
            return
        job = Job(run.id, attempt, self.command(home, run.id, attempt), home.log(run.id), home.exit_record(run.id, attempt))
        try:
            self.executor.submit(job, place, lambda handle: self.store.launched(run.id, attempt, handle))
        except OSError as error:
            self.store.finish(run.id, attempt, RunState.FAILED, f"the worker cannot be started: {error}")
            return
        log.info("run %s attempt %d: started on %s", run.id, attempt, place.label)


def supervise(home: Home, supervisor: Supervisor, idle: float = IDLE, interval: float = INTERVAL) -> None:
    """Look until nothing was to be done for ``idle`` seconds; return at once if another supervisor is at work."""
    lock = _lock(home)
    busy_at = time.monotonic()
    trouble = ""
    log.info("supervisor %d: %s", os.getpid(), "another one is at work" if lock is None else "at work")
    while lock is not None and home.root.is_dir():
        try:
            busy = supervisor.tick()
            trouble = ""
        except (SQLAlchemyError, Fenced, OSError) as error:
            busy = True
            trouble = _log_once(trouble, f"{type(error).__name__}: {str(error).splitlines()[:1]}")
        if busy:
            busy_at = time.monotonic()
        elif time.monotonic() - busy_at > idle:
            os.close(lock)
            # What was queued before the lock was free relied on this process; what comes later starts another one.
            lock = None if supervisor.is_current() else _lock(home)
        time.sleep(interval)
    log.info("supervisor %d: ended", os.getpid())


def _log_once(before: str, message: str) -> str:
    if message != before:
        log.error(message)
    return message


def ensure_supervisor(home: Home) -> bool:
    """Start a supervisor in the background unless one is at work. Cheap enough to be called after every request.

    Whether one was started.
    """
    if is_supervised(home):
        return False
    # By way of a shell that ends at once, so that the supervisor is nobody's child: no zombie, no terminal, no Ctrl-C.
    subprocess.run(
        ["/bin/sh", "-c", '"$@" </dev/null >>"$0" 2>&1 &', str(home.supervisor_log),
         sys.executable, "-m", "engine.launch.supervisor", "--home", str(home.root)],
        check=True, start_new_session=True, cwd=CODE,
    )  # fmt: skip
    return True


def is_supervised(home: Home) -> bool:
    """Whether a supervisor is at work."""
    return home.root.is_dir() and is_locked(home.supervisor_lock)


def _lock(home: Home) -> int | None:
    # Another process may hold it for an instant, only to see whether it is free.
    for _ in range(LOCK_TRIES):
        if (lock := try_lock(home.supervisor_lock)) is not None:
            return lock
        time.sleep(0.05)
    return None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.launch.supervisor", description="Start and watch workers.")
    parser.add_argument("--home", type=Path, required=True)
    home = Home(parser.parse_args(arguments).home)
    for kind in (signal.SIGINT, signal.SIGQUIT):
        # A shell starts its background processes with these ignored, and workers would inherit that.
        signal.signal(kind, signal.SIG_DFL)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", filename=home.supervisor_log)
    store = open_store(home)
    supervise(home, Supervisor(store, LocalExecutor(home, find_slots())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
