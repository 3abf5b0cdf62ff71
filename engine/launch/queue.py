"""The queue as its user sees and steers it: whether it is paused, what waits in it, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.files.home import Home
from engine.launch.executor import Executor
from engine.launch.supervision import is_stopped
from engine.registry.reading import Reader
from engine.registry.records import QueuedRun, Run

PAUSED = "the queue is paused"
STOPPED = "a supervisor, which was stopped"
STARTS = "nothing, it starts now"
TURN = "its turn"


@dataclass(frozen=True)
class Waiting:
    """A queued run."""

    run: QueuedRun
    priority: int
    """Its own, or the highest one of the runs that wait for it."""
    waits_for: str


class Passed:
    """Runs that wait though others start: only one that may have certain GPUs alone is overtaken, or it might wait for ever."""

    def __init__(self) -> None:
        self.gpus: frozenset[str] = frozenset()
        """What they have as ``Run.gpus``."""
        self.kept: set[str] = set()
        """The GPUs that others leave to them."""

    def add(self, run: Run) -> bool:
        """There is no room for a run; whether others may start all the same."""
        if run.gpus is None:
            return False
        self.gpus |= {run.gpus}
        self.kept.update(run.placement.gpus)
        return True


def pause(home: Home) -> None:
    """Let nothing start until ``proceed``; runs under way go on. Raises OSError."""
    home.queue_paused.touch()


def proceed(home: Home) -> None:
    """End a pause. Raises OSError."""
    home.queue_paused.unlink(missing_ok=True)


def is_paused(home: Home) -> bool:
    """Whether its user has paused the queue."""
    return home.queue_paused.exists()


def waiting(reader: Reader, executors: Mapping[str, Executor]) -> list[Waiting]:
    """What is queued, in the order in which it starts if all goes well, and what each run waits for.

    Of the runs whose sources are completed, the first one waits for room, and the others for their turn. So it is with those
    that may have the same GPUs only.

    Args:
        executors: by name, those that a supervisor would serve.
    """
    queued, awaited = reader.queued(), reader.awaited()
    priorities = urgencies(queued, awaited)
    reasons = {run.id: TURN for run in queued} | {run_id: _several(sources) for run_id, sources in awaited.items()}
    ready = [run for run in queued if run.id not in awaited]
    if is_paused(reader.home) or is_stopped(reader.home):
        why = PAUSED if is_paused(reader.home) else STOPPED
        reasons |= dict.fromkeys((run.id for run in ready), why)
    else:
        for name in {run.executor for run in ready}:
            own = [run for run in ready if run.executor == name]
            reasons |= _rooms(own, reader, executors[name]) if name in executors else _nowhere(own)
    return [Waiting(run, priorities[run.id], reasons[run.id]) for run in queued]


def urgencies(queued: Sequence[QueuedRun], awaited: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """By id the priority by which each starts: its own, or the highest one of the runs that wait for it."""
    own = {run.id: run.priority for run in queued}
    found = dict(own)
    for run_id, sources in awaited.items():
        for source in sources:
            if source in own and run_id in own:
                found[source] = max(found[source], own[run_id])
    return found


def _rooms(ready: Sequence[QueuedRun], reader: Reader, executor: Executor) -> dict[str, str]:
    """What runs wait for whose turn it is, as a supervisor finds it."""
    reasons: dict[str, str] = {}
    passed = Passed()
    for candidate in ready:
        if candidate.gpus in passed.gpus or not (found := reader.runs(ids=[candidate.id])):
            continue
        (run,) = found
        answer = executor.acquire(run, reader.peaks, passed.kept)
        if not isinstance(answer, str):
            answer.release()
            return reasons | {run.id: STARTS}
        reasons[run.id] = answer
        if not passed.add(run):
            break
    return reasons


def _nowhere(ready: Sequence[QueuedRun]) -> dict[str, str]:
    return {run.id: f"the executor {run.executor}, which this version does not have" for run in ready}


def _several(sources: list[str]) -> str:
    return f"source {sources[0]}" + (f" and {len(sources) - 1} more" if sources[1:] else "")
