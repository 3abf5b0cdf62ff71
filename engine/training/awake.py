"""A clock that stands still while the process is suspended (Ctrl-Z, SIGSTOP, a frozen container)."""

from __future__ import annotations

import threading
import time
from functools import cache

TICK = 0.25
LONG = 10.0
"""Seconds between two ticks from which on the process must have been suspended: no library holds all threads for so long."""


class AwakeClock:
    """Seconds of ``time.perf_counter`` without those in which this process was suspended."""

    def __init__(self, long: float = LONG) -> None:
        self._long = long
        self._suspended = 0.0
        self._ticked = time.perf_counter()
        self._lock = threading.Lock()
        threading.Thread(target=self._work, name="awake-clock", daemon=True).start()

    def now(self) -> float:
        """Seconds from an arbitrary start."""
        with self._lock:
            self._tick()
            return self._ticked - self._suspended

    def _work(self) -> None:
        while True:
            time.sleep(TICK)
            with self._lock:
                self._tick()

    def _tick(self) -> None:
        now = time.perf_counter()
        if now - self._ticked > self._long:
            self._suspended += now - self._ticked
        self._ticked = now


@cache
def awake_clock() -> AwakeClock:
    """The clock of this process."""
    return AwakeClock()
