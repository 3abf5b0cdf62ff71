"""Queries of the registry. Each ends its transaction at once: an open reader makes the write-ahead log grow without end."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, exists, func, select
from sqlalchemy.orm import Session

from engine.errors import UserError
from engine.files.home import Home
from engine.registry.damage import Damaged
from engine.registry.fence import Presence
from engine.registry.tables import (
    ALIAS,
    CHECKPOINT,
    CLOCK,
    EVENT,
    EVIDENCE,
    METRIC,
    RESULT,
    RUN,
    SOURCE,
    Checkpoint,
    Event,
    Evidence,
    Metric,
    Run,
    RunState,
    Source,
)

Results = dict[str, dict[str, dict[str, float]]]
"""Final numbers of a run: task -> split -> metric -> value."""
OVER = tuple(state for state in RunState if state.over)
LIVE = tuple(state for state in RunState if state.live)
ACTIVE = tuple(state for state in RunState if state.active)


class Reader:
    """The read path. What it returns is detached from the database and never changes by itself."""

    def __init__(self, engine: Engine, home: Home) -> None:
        self.home = home
        self._engine = engine
        self._read_engine = engine.execution_options(readonly=True)
        self._presence = Presence(home) if home.root.is_dir() else None

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        self._engine.dispose()

    def check(self) -> None:
        """Raises Gone when the home or its registry was removed or replaced since it was opened."""
        if self._presence:
            self._presence.check()

    @contextmanager
    def _read(self) -> Iterator[Session]:
        self.check()
        try:
            with Session(self._read_engine) as session:
                yield session
        except (ValueError, LookupError) as error:
            # A value is none that was ever written.
            raise Damaged(self.home.database, str(error).partition("\n")[0]) from error

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        self.check()
        with self._read_engine.connect() as connection:
            yield connection

    def runs(
        self,
        *,
        ids: Collection[str] | None = None,
        states: Collection[RunState] | None = None,
        method: str | None = None,
        backbone: str | None = None,
        benchmark: str | None = None,
        target: str | None = None,
        limit: int | None = None,
    ) -> list[Run]:
        """Runs that match every argument given, newest first. ``target`` is a task key."""
        query = select(Run).order_by(RUN.c.created_at.desc(), RUN.c.id).limit(limit)
        for column, wanted in (
            (RUN.c.method, method),
            (RUN.c.backbone, backbone),
            (RUN.c.benchmark, benchmark),
            (RUN.c.target, target),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        if ids is not None:
            query = query.where(RUN.c.id.in_(ids))
        if states is not None:
            query = query.where(RUN.c.state.in_(states))
        with self._read() as session:
            return list(session.scalars(query))

    def find(self, ref: str) -> Run:
        """The run with this id or unambiguous prefix of an id; ``@1`` is the newest run, ``@2`` the second newest, ...

        Raises UserError when no run or more than one matches.
        """
        ref = ref.strip()
        if ref.startswith("@"):
            digits = ref[1:]
            rank = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else 0
            newest = self.runs(limit=rank) if rank else []
            if not rank or len(newest) < rank:
                raise UserError(f"no run {ref}; @1 is the newest of {self.count()}")
            return newest[-1]
        with self._read() as session:
            query = select(Run).where(RUN.c.id.startswith(ref, autoescape=True)).order_by(RUN.c.created_at.desc())
            matches = list(session.scalars(query.limit(10))) if ref else []
        exact = [run for run in matches if run.id == ref]
        if not matches:
            raise UserError(f"no run {ref!r}; `scalearn ls` lists the runs")
        if len(matches) > 1 and not exact:
            raise UserError(f"{ref!r} is the beginning of several ids: {', '.join(run.id for run in matches)}")
        return (exact or matches)[0]

    def count(self) -> int:
        """Number of runs."""
        return self._scalar(select(func.count()).select_from(RUN))

    def version(self) -> int:
        """Increases with every change of any run, deletions included: equal versions mean that nothing has changed."""
        return self._scalar(select(CLOCK.c.value))

    def _scalar(self, query: Any) -> int:
        with self._connection() as connection:
            return int(connection.execute(query).scalar_one())

    def changed_since(self, version: int) -> list[Run]:
        """Runs whose ``version`` is greater, in the order of their changes."""
        with self._read() as session:
            return list(session.scalars(select(Run).where(RUN.c.version > version).order_by(RUN.c.version, RUN.c.id)))

    def ready(self, limit: int | None = None) -> list[Run]:
        """Queued runs whose sources are all completed, longest waiting first."""
        source = RUN.alias("source_run").c
        waits = exists().where(SOURCE.c.run_id == RUN.c.id, source.id == SOURCE.c.source_id, source.state != RunState.COMPLETED)
        query = select(Run).where(RUN.c.state == RunState.QUEUED, ~waits).order_by(RUN.c.created_at, RUN.c.id).limit(limit)
        with self._read() as session:
            return list(session.scalars(query))

    def blocked(self) -> list[tuple[str, Run]]:
        """Queued runs that can never start, as (id, a source that ended without success), one pair per run."""
        waiting = RUN.alias("waiting")
        query = (
            select(waiting.c.id, Run)
            .select_from(waiting)
            .join(SOURCE, SOURCE.c.run_id == waiting.c.id)
            .join(Run, RUN.c.id == SOURCE.c.source_id)
            .where(waiting.c.state == RunState.QUEUED, RUN.c.state.in_(OVER))
            .order_by(waiting.c.created_at, SOURCE.c.position.desc())
        )
        with self._read() as session:
            return list({run_id: (run_id, source) for run_id, source in session.execute(query)}.values())

    def aliases(self) -> dict[str, str]:
        """Run ids by the fingerprints that requests for them have today (``tables.Alias``)."""
        with self._connection() as connection:
            rows = connection.execute(select(ALIAS.c.fingerprint, ALIAS.c.run_id))
            return {row.fingerprint: row.run_id for row in rows}

    def is_known_as(self, run: Run, fingerprint: str) -> bool:
        """Whether ``fingerprint`` is the run's own or an alias of it."""
        alias = select(func.count()).select_from(ALIAS).where(ALIAS.c.fingerprint == fingerprint, ALIAS.c.run_id == run.id)
        return run.fingerprint == fingerprint or bool(self._scalar(alias))

    def sources(self, run_id: str) -> list[Source]:
        """By position: the order in which the method stacks them."""
        with self._read() as session:
            return list(session.scalars(select(Source).where(SOURCE.c.run_id == run_id).order_by(SOURCE.c.position)))

    def metrics(self, run_id: str, name: str | None = None, after: int = -1) -> list[Metric]:
        """Points of one curve or of all, at steps greater than ``after``, ordered by step."""
        query = select(Metric).where(METRIC.c.run_id == run_id, METRIC.c.step > after).order_by(METRIC.c.step, METRIC.c.name)
        if name is not None:
            query = query.where(METRIC.c.name == name)
        with self._read() as session:
            return list(session.scalars(query))

    def results(self, run_ids: Sequence[str]) -> dict[str, Results]:
        """Final numbers by run id; runs without any are absent."""
        columns = (RESULT.c.run_id, RESULT.c.task, RESULT.c.split, RESULT.c.metric, RESULT.c.value)
        results: dict[str, Results] = {}
        with self._connection() as connection:
            for run_id, task, split, metric, value in connection.execute(select(*columns).where(RESULT.c.run_id.in_(run_ids))):
                results.setdefault(run_id, {}).setdefault(task, {}).setdefault(split, {})[metric] = value
        return results

    def checkpoints(self, run_id: str) -> dict[str, Checkpoint]:
        """By kind: ``best``, ``last``."""
        with self._read() as session:
            checkpoints = session.scalars(select(Checkpoint).where(CHECKPOINT.c.run_id == run_id))
            return {checkpoint.kind: checkpoint for checkpoint in checkpoints}

    def evidence(self, run_id: str) -> list[Evidence]:
        """By task and split; none of runs that were imported, and of those of versions before it was kept."""
        with self._read() as session:
            query = select(Evidence).where(EVIDENCE.c.run_id == run_id).order_by(EVIDENCE.c.task, EVIDENCE.c.split)
            return list(session.scalars(query))

    def with_evidence(self, run_ids: Sequence[str]) -> set[str]:
        """Those of the runs that have evidence."""
        with self._connection() as connection:
            return set(connection.scalars(select(EVIDENCE.c.run_id).where(EVIDENCE.c.run_id.in_(run_ids)).distinct()))

    def named_examples(self) -> set[str]:
        """Digests of all examples that evidence of a run names (``Home.evidence_rows``)."""
        with self._connection() as connection:
            return set(connection.scalars(select(EVIDENCE.c.rows_sha256).distinct()))

    def events(self, run_id: str) -> list[Event]:
        """Oldest first."""
        with self._read() as session:
            return list(session.scalars(select(Event).where(EVENT.c.run_id == run_id).order_by(EVENT.c.id)))
