"""The command that queues what tuning has chosen (``engine.sweeps.advance``): when it is started, and how often.

A supervisor says which runs are live; the command knows what tuning chooses.
"""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Collection, Sequence

from engine.errors import UserError
from engine.registry.records import Run

RETRY = 5.0
"""Seconds after which a command that failed is started again, more of them after each further failure."""
MOST_FAILURES = 4
"""In a row; then only a command of the user's goes on."""
log = logging.getLogger("supervisor")


class AfterTuning:
    """Starts the command, one at a time, and again where it failed or was killed."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._trying: set[str] = set()
        """Ids of the live runs that try a setting."""
        self._wanted = False
        self._process: subprocess.Popen[bytes] | None = None
        self._since = 0.0
        self._failures = 0

    def want(self) -> None:
        """Something may be decided, though no run was seen to end."""
        self._wanted = True

    def started(self, run: Run) -> None:
        """A run has a worker, and may have ended before the registry is read again."""
        if _tries_a_setting(run):
            self._trying.add(run.id)

    def look(self, live: Collection[Run]) -> None:
        """``live`` are all runs that have a worker now."""
        trying = {run.id for run in live if _tries_a_setting(run)}
        self._wanted |= bool(self._trying - trying)
        self._trying = trying

    def work(self) -> bool:
        """Start the command if it is due; whether it is at work, or will be."""
        if self._process is not None:
            if (code := self._process.poll()) is None:
                return True
            self._process = None
            self._note_end(code)
        if self._wanted and time.monotonic() >= self._since + RETRY * self._failures:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)
            self._since, self._wanted = time.monotonic(), False
        return self._wanted or self._process is not None

    def _note_end(self, code: int) -> None:
        self._failures = self._failures + 1 if code else 0
        if code:
            log.error("what tuning has chosen was not queued (exit code %d): `scalearn sweep run NAME` does it too", code)
        self._wanted |= 0 < self._failures < MOST_FAILURES


def _tries_a_setting(run: Run) -> bool:
    """Of a specification that cannot be read, its worker says what is wrong."""
    try:
        return run.parsed.dev_only
    except (UserError, ValueError):
        return False
