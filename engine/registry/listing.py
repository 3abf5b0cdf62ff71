"""All runs as lists show them: narrow rows that never change, and what changed since they were read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.registry.encoding import as_seconds
from engine.registry.records import DIVERGED, LIVE, RunState

if TYPE_CHECKING:
    from engine.registry.reading import Reader

STATES = {state.value: state for state in RunState}


class ListedRun(NamedTuple):
    """What a list shows of a run, in the names of ``Run``; a tuple, because tens of thousands of them are made at once."""

    id: str
    group_id: str
    method: str
    backbone: str
    benchmark: str
    target: str
    metric: str | None
    device: str | None
    state: RunState
    stop_requested: bool
    created: float
    """When it was asked for, in seconds since 1970."""
    heartbeat: float | None
    """When the worker of a live run wrote last, likewise."""
    version: int
    seed: int
    cause: str | None
    attempt: int
    priority: int
    seconds: float
    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float | None
    value: float | None
    best: float | None
    best_epoch: int | None
    samples_per_second: float | None
    seconds_left: float | None
    trainable: int | None
    transfer: int | None
    note: str | None
    test: float | None = None
    """The headline metric on test, a fraction; of a joint run the mean."""
    tags: tuple[str, ...] = ()

    @property
    def heartbeat_at(self) -> datetime | None:
        return None if self.heartbeat is None else datetime.fromtimestamp(self.heartbeat, UTC)

    @property
    def diverged(self) -> bool:
        """As that of ``Run``."""
        return self.state is RunState.FAILED and DIVERGED in (self.cause or "")


@dataclass(frozen=True)
class Changes:
    """What happened to the runs of a registry."""

    version: int
    """Ask for what comes after it next time; -1 of the first of many runs, which all follow."""
    runs: tuple[ListedRun, ...]
    """New and changed ones."""
    removed: frozenset[str] = frozenset()


NAMED = {"created": "created_at", "heartbeat": "heartbeat_at"}
"""Fields whose column has another name."""
OWN = ListedRun._fields[: ListedRun._fields.index("test")]
SELECT = f"SELECT {', '.join(NAMED.get(name, name) for name in OWN)} FROM run"
FEW = slice(1, 8)
"""Columns of few different texts, of which one copy is kept."""
STATE, STOP, CREATED, HEARTBEAT = range(8, 12)
REST = slice(12, None)


class _Once(dict[Any, Any]):
    """One copy of equal values."""

    def __missing__(self, value: Any) -> Any:
        self[value] = value
        return value


class Listing:
    """Reads all runs once, and after that what changed. For one thread at a time."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._version = -1
        self._known: set[str] = set()
        self._texts = _Once()

    def first(self, most: int) -> Changes:
        """So many runs, live ones first and then the newest, to be shown before all are read."""
        live = ", ".join(f"'{state}'" for state in LIVE)
        order = f"ORDER BY state IN ({live}) DESC, created_at DESC LIMIT :most"
        return Changes(-1, tuple(self._runs(self._reader.select(f"{SELECT} {order}", most=most))))

    def changes(self) -> Changes | None:
        """What changed since the last call, everything at first; None if nothing did."""
        now = self._reader.version()
        if now == self._version:
            return None
        runs = self._read()
        self._known.update(run.id for run in runs)
        removed: frozenset[str] = frozenset()
        if self._reader.count() < len(self._known):
            left = {run_id for (run_id,) in self._reader.select("SELECT id FROM run")}
            removed = frozenset(self._known - left)
            self._known &= left
        self._version = max(now, self._version)
        return Changes(self._version, tuple(run for run in runs if run.id not in removed), removed)

    def _read(self) -> list[ListedRun]:
        if self._version < 0:
            return self._runs(self._reader.select(SELECT), all_runs=True)
        return self._runs(self._reader.select(f"{SELECT} WHERE version > :version", version=self._version))

    def _runs(self, rows: Sequence[tuple[Any, ...]], all_runs: bool = False) -> list[ListedRun]:
        ids = None if all_runs else [row[0] for row in rows]
        tests, tags = self._reader.headlines(ids), self._reader.tags(ids)
        return [self._run(row, tests.get(row[0]), tags.get(row[0], ())) for row in rows]

    def _run(self, row: tuple[Any, ...], test: float | None, tags: Iterable[str]) -> ListedRun:
        state, heartbeat = STATES[row[STATE]], row[HEARTBEAT]
        alive = as_seconds(heartbeat) if heartbeat is not None and state.live else None
        texts = map(self._texts.__getitem__, row[FEW])
        shown = (row[0], *texts, state, bool(row[STOP]), as_seconds(row[CREATED]), alive, *row[REST], test, tuple(tags))
        return ListedRun._make(shown)
