"""The queue as its user sees and steers it: whether it is paused, what waits in it, and why."""

from __future__ import annotations

from dataclasses import dataclass

from engine.files.home import Home
from engine.registry.reading import Reader
from engine.registry.records import Run

PAUSED = "the queue is paused"
FREE_DEVICE = "a free device"


@dataclass(frozen=True)
class Waiting:
    """A queued run."""

    run: Run
    priority: int
    """Its own, or the highest one of the runs that wait for it."""
    waits_for: str


def pause(home: Home) -> None:
    """Let nothing start until ``proceed``; runs under way go on. Raises OSError."""
    home.queue_paused.touch()


def proceed(home: Home) -> None:
    """End a pause. Raises OSError."""
    home.queue_paused.unlink(missing_ok=True)


def is_paused(home: Home) -> bool:
    """Whether its user has paused the queue."""
    return home.queue_paused.exists()


def waiting(reader: Reader) -> list[Waiting]:
    """What is queued, in the order in which it starts if all goes well."""
    queued, awaited = reader.queued(), reader.awaited()
    priorities = {run.id: run.priority for run in queued}
    for run_id, sources in awaited.items():
        for source in sources:
            if source in priorities and run_id in priorities:
                priorities[source] = max(priorities[source], priorities[run_id])
    paused = is_paused(reader.home)
    return [Waiting(run, priorities[run.id], _waits_for(awaited.get(run.id, []), paused)) for run in queued]


def _waits_for(sources: list[str], paused: bool) -> str:
    if sources:
        return f"source {sources[0]}" + (f" and {len(sources) - 1} more" if sources[1:] else "")
    return PAUSED if paused else FREE_DEVICE
