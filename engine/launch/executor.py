"""The protocol that every place to run workers follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any, Protocol

Handle = dict[str, Any]
"""What an executor needs to find a process again; JSON, stored with the run."""


@dataclass(frozen=True)
class Job:
    """One attempt of a run, as a command."""

    run_id: str
    attempt: int
    argv: tuple[str, ...]
    log: Path
    """Standard output and error are appended to it."""
    exit_record: Path


class Phase(Enum):
    RUNNING = auto()
    ENDED = auto()
    """With an exit code."""
    UNSTARTED = auto()
    """The process was made but the command was never let go."""
    VANISHED = auto()
    """Gone without an exit record: it was killed, or the machine went down."""


@dataclass(frozen=True)
class Status:
    """What is known of a process."""

    phase: Phase
    code: int | None = None
    """As a shell tells it: 128 + n for a process that was ended by signal n."""


class Place(Protocol):
    """Room for one worker, held until the worker has ended."""

    @property
    def label(self) -> str:
        """For people: the device."""

    def release(self) -> None:
        """Give up this process's hold; that of a worker stays."""


class Executor(Protocol):
    """Starts, finds and ends workers. A process that starts them may die at any time and another one take over."""

    name: str

    def acquire(self) -> Place | None:
        """Room for one more worker; None when all is taken."""

    def submit(self, job: Job, place: Any, stored: Callable[[Handle], None]) -> None:
        """Start ``job`` at a place of this executor, but not before ``stored`` has returned.

        So no worker runs that the registry cannot find.
        """

    def poll(self, handles: Mapping[str, Handle]) -> dict[str, Status]:
        """The status of each, by the same keys."""

    def held(self) -> dict[tuple[str, int], Handle]:
        """The workers that hold a place now, by run and attempt, whatever the registry says of their runs."""

    def cancel(self, handle: Handle, force: bool = False) -> None:
        """Ask the worker to save and end, or end it at once."""

    def clean(self, handle: Handle) -> None:
        """End what a worker that has ended left behind and that still holds its place."""
