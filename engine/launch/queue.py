"""The queue as its user sees and steers it: whether it is paused, what waits in it, and why."""

from __future__ import annotations

from dataclasses import dataclass

from engine.files.home import Home
from engine.launch.executor import Executor
from engine.registry.reading import Reader
from engine.registry.records import Run

PAUSED = "the queue is paused"
STARTS = "nothing, it starts now"
TURN = "its turn"


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


def waiting(reader: Reader, executor: Executor) -> list[Waiting]:
    """What is queued, in the order in which it starts if all goes well, and what each run waits for.

    Of the runs whose sources are completed, the first one waits for room, and the others for their turn.
    """
    queued, awaited = reader.queued(), reader.awaited()
    priorities = {run.id: run.priority for run in queued}
    for run_id, sources in awaited.items():
        for source in sources:
            if source in priorities and run_id in priorities:
                priorities[source] = max(priorities[source], priorities[run_id])
    reasons = {run.id: TURN for run in queued} | {run_id: _several(sources) for run_id, sources in awaited.items()}
    ready = [run.id for run in queued if run.id not in awaited]
    if is_paused(reader.home):
        reasons |= dict.fromkeys(ready, PAUSED)
    elif ready:
        reasons[ready[0]] = _room(ready[0], reader, executor)
    return [Waiting(run, priorities[run.id], reasons[run.id]) for run in queued]


def _room(run_id: str, reader: Reader, executor: Executor) -> str:
    answer = executor.acquire(run_id, reader.peaks)
    if isinstance(answer, str):
        return answer
    answer.release()
    return STARTS


def _several(sources: list[str]) -> str:
    return f"source {sources[0]}" + (f" and {len(sources) - 1} more" if sources[1:] else "")
