"""The protocol of everything that runs workers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any, Protocol

from engine.registry.records import Run

Peaks = Callable[[Collection[str]], dict[str, "int | None"]]
"""Bytes of a GPU that each of some runs takes at most, by id; None where that is not known."""
Handle = dict[str, Any]
"""What an executor needs to identify a process later; JSON, stored with the run."""


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
    """The process was created but never released to start the command."""
    VANISHED = auto()
    """Gone without an exit record: it was killed, or the machine went down."""


@dataclass(frozen=True)
class Status:
    """What is known about a process."""

    phase: Phase
    code: int | None = None
    """As a shell reports it: 128 + n for a process that was ended by signal n."""


class Reservation(Protocol):
    """Room for one worker, held until the worker has ended."""

    @property
    def label(self) -> str:
        """The device, for display."""

    def release(self) -> None:
        """Release this process's hold; that of a worker stays."""


class Executor(Protocol):
    """Starts, finds and ends workers. The process that starts them may die at any time and be replaced by another."""

    name: str

    def acquire(self, run: Run, peaks: Peaks, kept: Collection[str] = ()) -> Reservation | str:
        """Room for the worker of this run, on no GPU that is ``kept`` for others; if there is none, what the run waits for."""

    def submit(self, job: Job, reservation: Any, stored: Callable[[Handle], None]) -> None:
        """Start ``job`` in a reservation of this executor, but not before ``stored`` has returned.

        So the registry has the handle of every worker that runs.
        """

    def poll(self, handles: Mapping[str, Handle]) -> dict[str, Status]:
        """The status of each, by the same keys."""

    def wait(self, seconds: float) -> None:
        """Return after so many seconds, or before when it is known that a worker has ended."""

    def held(self) -> dict[tuple[str, int], Handle]:
        """The workers that hold a reservation now, by run and attempt, whatever the registry says about their runs."""

    def cancel(self, handle: Handle, force: bool = False) -> None:
        """Ask the worker to save and end, or end it at once."""

    def clean(self, handle: Handle) -> None:
        """End processes that an ended worker left behind and that still hold its reservation."""
