"""The process that starts workers, records how they end and passes on requests to stop: one for each registry.

``python -m engine.launch.supervisor --home FOLDER``. It may be killed and restarted at any time: its whole state is in the
registry, and workers do not depend on it. It ends by itself when nothing is queued or running. Killed, it is revived
(``engine.launch.supervision``); ended by SIGTERM or SIGINT, it stays so until runs are asked for.
"""

from __future__ import annotations

import argparse
import errno
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError

from engine.errors import UserError
from engine.files.disk import try_lock
from engine.files.home import Home
from engine.launch.after_tuning import AfterTuning
from engine.launch.executor import Executor, Job, Phase, Reservation, Status
from engine.launch.executors import EXECUTORS
from engine.launch.outcome import outcome
from engine.launch.queue import Passed, is_paused
from engine.launch.supervision import advance_command
from engine.registry.damage import Damaged
from engine.registry.fence import Fenced, Gone, Replaced
from engine.registry.records import LIVE, Run, RunState
from engine.registry.store import Store, open_store

INTERVAL = 0.5
GRACE = 30.0
"""Seconds between the request to stop and the kill."""
IDLE = 20.0
SHORTAGE = 5.0
"""Seconds for which nothing is started after a worker could not be for want of something."""
SHORTAGES = (
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE,
)  # fmt: skip
"""Errors that pass by themselves or when somebody makes room."""
LOCK_TRIES = 20
log = logging.getLogger("supervisor")

Command = Callable[[Home, str, int], tuple[str, ...]]


def worker_command(home: Home, run_id: str, attempt: int) -> tuple[str, ...]:
    """The command that trains one attempt of a run."""
    return (sys.executable, "-m", "engine.training.worker", run_id, "--attempt", str(attempt), "--home", str(home.root))


class Supervisor:
    """Repeatedly compares the registry with the processes of one executor and acts on the difference."""

    def __init__(
        self,
        store: Store,
        executor: Executor,
        command: Command = worker_command,
        grace: float = GRACE,
        after_tuning: Sequence[str] = ("true",),
    ) -> None:
        """``after_tuning`` is the command of ``AfterTuning``."""
        self.store = store
        self.executor = executor
        self.command = command
        self.grace = grace
        self._after_tuning = AfterTuning(after_tuning)
        self._version = -1
        self._live: list[Run] = []
        self._others: set[tuple[str, int]] = set()
        """Live attempts of other executors."""
        self._queued = False
        self._launch_from = 0.0
        """When the next run may start, after one could not for want of something."""
        self._next: dict[frozenset[str], Run | None] = {}
        """The run whose turn it is, by the ``gpus`` that are passed."""
        self._next_version = -1
        """Of the registry when it was."""
        self._stop_asked_at: dict[tuple[str, int], float] = {}
        self._lingering: dict[tuple[str, int], float] = {}

    def tick(self) -> bool:
        """Do one round; returns whether anything is queued or running."""
        version = self.store.version()
        if version != self._version:
            self.store.fail_blocked()
            live = self.store.runs(states=LIVE)
            self._live = [run for run in live if run.executor == self.executor.name]
            self._others = {(run.id, run.attempt) for run in live if run.executor != self.executor.name}
            self._queued = self.store.any_run((RunState.QUEUED,), self.executor.name)
            self._after_tuning.look(self._live)
            if self._version < 0 and self.store.sweeps():
                # A run may have ended before this process began.
                self._after_tuning.want()
            self._version = version
        self._record_ends()
        self._end_lingering()
        self._pass_on_stops()
        if self._queued:
            self._launch_ready()
        return self._after_tuning.work() or bool(self._live or self._lingering) or self._queued

    def is_current(self) -> bool:
        """Whether the registry has certainly not changed since the last round."""
        try:
            return self.store.version() == self._version
        except (SQLAlchemyError, Damaged):
            return False

    def _record_ends(self) -> None:
        statuses = self.executor.poll({run.id: run.handle for run in self._live if run.handle})
        self._live = [run for run in self._live if not self._has_ended(run, statuses.get(run.id))]

    def _has_ended(self, run: Run, status: Status | None) -> bool:
        """Whether an attempt has ended; if so, how it ended is stored."""
        # Without a handle: the supervisor that claimed the run died before it released a process. It cannot be a launch of this
        # process, which never polls while it launches.
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
        """Kill workers that have recorded how their run ended but do not exit: they hold the slot of the next one."""
        now = time.monotonic()
        live = self._others | {(run.id, run.attempt) for run in self._live}
        held = {key: handle for key, handle in self.executor.held().items() if key not in live}
        self._lingering = {key: self._lingering.get(key, now) for key in held}
        for key, since in self._lingering.items():
            if now - since > self.grace:
                self.executor.cancel(held[key], force=True)
                log.info("run %s attempt %d: had ended but did not exit within %g s, killed", *key, self.grace)

    def _pass_on_stops(self) -> None:
        now = time.monotonic()
        for run in self._live:
            if not run.stop_requested or run.handle is None:
                continue
            asked_at = self._stop_asked_at.get((run.id, run.attempt))
            if asked_at is None:
                self._stop_asked_at[run.id, run.attempt] = now
                self.executor.cancel(run.handle)
                log.info("run %s attempt %d: asked to stop", run.id, run.attempt)
            elif now - asked_at > self.grace:
                self.executor.cancel(run.handle, force=True)
                log.info("run %s attempt %d: did not stop within %g s, killed", run.id, run.attempt, self.grace)

    def _launch_ready(self) -> None:
        """Start runs in their turn until there is no room for one that none may overtake."""
        if time.monotonic() < self._launch_from:
            return
        passed = Passed()
        while (run := self._turn(passed.gpus)) is not None:
            reservation = self.executor.acquire(run, self.store.peaks, passed.kept)
            if isinstance(reservation, str):
                if not passed.add(run):
                    return
                continue
            try:
                if not self._launch(run, reservation):
                    return
            finally:
                reservation.release()

    def _turn(self, passed: frozenset[str]) -> Run | None:
        """The run that starts next, of those whose ``gpus`` are not ``passed``.

        None while the queue is paused, or all that is queued waits for sources.
        """
        if is_paused(self.store.home):
            return None
        version = self.store.version()
        if version != self._next_version:
            self._next_version, self._next = version, {}
        if passed not in self._next:
            ready = self.store.ready(limit=1, executor=self.executor.name, passed=passed)
            self._next[passed] = next(iter(ready), None)
        return self._next[passed]

    def _launch(self, run: Run, reservation: Reservation) -> bool:
        """Start a run's worker; whether another one may be tried now."""
        home = self.store.home
        attempt = self.store.claim(run.id, self.executor.name, reservation.label)
        if attempt is None:
            return True
        job = Job(run.id, attempt, self.command(home, run.id, attempt), home.log(run.id), home.exit_record(run.id, attempt))
        try:
            self.executor.submit(job, reservation, lambda handle: self.store.launched(run.id, attempt, handle))
        except OSError as error:
            log.error("run %s attempt %d: the worker cannot be started: %s", run.id, attempt, error)
            if error.errno not in SHORTAGES:
                self.store.finish(run.id, attempt, RunState.FAILED, f"the worker cannot be started: {error}")
                return True
            # What is short for one is short for the next.
            self.store.unclaim(run.id, attempt)
            self._launch_from = time.monotonic() + SHORTAGE
            return False
        self._after_tuning.started(run)
        log.info("run %s attempt %d: started on %s", run.id, attempt, reservation.label)
        return True


def supervise(home: Home, supervisors: Sequence[Supervisor], idle: float = IDLE, interval: float = INTERVAL) -> None:
    """Work until nothing was queued or running for ``idle`` seconds; return at once if another process does.

    ``supervisors`` has one for each executor.
    """
    lock = _lock(home)
    busy_at = time.monotonic()
    last_error = ""
    log.info("supervisor %d: %s", os.getpid(), "another one is running" if lock is None else "running")
    if lock is not None:
        # For `doctor`.
        os.ftruncate(lock, 0)
        os.pwrite(lock, json.dumps({"pid": os.getpid(), "since": time.time()}).encode(), 0)
    while lock is not None and home.root.is_dir():
        try:
            rounds = [supervisor.tick() for supervisor in supervisors]
            busy = any(rounds)
            last_error = ""
        except Replaced as error:
            log.error(str(error))
            break
        except (SQLAlchemyError, UserError, Fenced, OSError) as error:
            busy = not isinstance(error, Gone)
            last_error = _log_once(last_error, f"{type(error).__name__}: {str(error).splitlines()[:1]}")
        if busy:
            busy_at = time.monotonic()
        elif time.monotonic() - busy_at > idle:
            os.close(lock)
            # Runs queued before the lock was released rely on this process; later ones start another supervisor.
            lock = None if all(supervisor.is_current() for supervisor in supervisors) else _lock(home)
        for supervisor in supervisors:
            supervisor.executor.wait(interval / len(supervisors))
    log.info("supervisor %d: ended", os.getpid())


def _log_once(previous: str, message: str) -> str:
    if message != previous:
        log.error(message)
    return message


def _lock(home: Home) -> int | None:
    # Another process may hold it for an instant, only to check whether it is free.
    for _ in range(LOCK_TRIES):
        if (lock := try_lock(home.supervisor_lock)) is not None:
            return lock
        time.sleep(0.05)
    return None


def _stay_stopped_after(home: Home, *kinds: signal.Signals) -> None:
    """Let these signals, by which users end a process, be remembered before they do what they do by default."""

    def stop(number: int, _frame: FrameType | None) -> None:
        try:
            home.supervisor_stopped.touch()
        finally:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    for kind in kinds:
        signal.signal(kind, stop)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.launch.supervisor", description="Start and watch workers.")
    parser.add_argument("--home", type=Path, required=True)
    home = Home(parser.parse_args(arguments).home)
    # A shell starts its background processes with this one and SIGINT ignored, and workers would inherit that.
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    _stay_stopped_after(home, signal.SIGTERM, signal.SIGINT)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", filename=home.supervisor_log)
    # Its workers inherit it.
    os.umask(home.umask())
    store = open_store(home)
    after_tuning = advance_command(home)
    supervise(home, [Supervisor(store, make(home), after_tuning=after_tuning) for make in EXECUTORS.values()])
    return 0


if __name__ == "__main__":
    sys.exit(main())
