"""How a worker learns that it should end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(BaseException):
    """The run was asked to stop, and what it needs to go on is saved.

    No Exception: libraries that catch those while they read files must not swallow it.
    """


class Termination:
    """Whether SIGTERM was received."""

    def __init__(self) -> None:
        self.requested = False
        self._at_once = False
        signal.signal(signal.SIGTERM, self._handle)

    def _handle(self, _signal: int, _frame: FrameType | None) -> None:
        self.requested = True
        if self._at_once:
            self._at_once = False
            raise Stopped

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """A block in which nothing needs saving: SIGTERM, or one that came before, raises Stopped there."""
        self._at_once = True
        try:
            if self.requested:
                raise Stopped
            yield
        finally:
            self._at_once = False
