"""Queries of the registry, in SQL that SQLite and PostgreSQL share: reading needs none of the libraries that write."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from typing import Any

from engine.errors import UserError
from engine.files.home import Home
from engine.registry.damage import Damaged, is_damage
from engine.registry.encoding import Kind, as_seconds, as_time, from_rows
from engine.registry.fence import Presence
from engine.registry.records import (
    ACTIVE,
    OVER,
    Checkpoint,
    Event,
    Evidence,
    Metric,
    QueuedRun,
    Replicate,
    Results,
    Run,
    RunState,
    Source,
    Sweep,
    Tag,
)
from engine.registry.rows import Row, Rows

LAST_STEP = 2**63 - 1
"""No step is greater: it is the largest whole number that databases keep."""
NEWEST_FIRST = "ORDER BY created_at DESC, id"
URGENCY = (
    "CASE WHEN (SELECT max(priority) FROM run WHERE state = 'queued') = run.priority THEN run.priority ELSE"
    " COALESCE((SELECT max(waiting.priority) FROM source AS edge CROSS JOIN run AS waiting"
    " WHERE edge.source_id = run.id AND waiting.id = edge.run_id"
    " AND waiting.state = 'queued' AND waiting.priority > run.priority), run.priority) END"
)
"""The priority of a run, or the highest one of those that wait for it, which is not looked for where none is higher.

SQLite keeps the order of a CROSS JOIN; the other order would look at all that is queued.
"""
IN_TURN = f"ORDER BY {URGENCY} DESC, run.created_at, run.id"


def _columns(kind: type[Any], table: str) -> str:
    return ", ".join(f"{table}.{column.name}" for column in fields(kind))


def _of_executor(name: str | None) -> tuple[str, dict[str, str]]:
    return ("", {}) if name is None else ("AND executor = :executor", {"executor": name})


class Reader:
    """What it returns is detached from the database and never changes by itself."""

    def __init__(self, rows: Rows, home: Home) -> None:
        self.home = home
        self._rows = rows
        self._presence = Presence(home) if home.root.is_dir() else None
        self.doubt = ""
        """Why what is read may not be all there is."""

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        self._rows.close()

    def check(self) -> None:
        """Raises Gone when the home or its registry was removed or replaced since it was opened."""
        if self._presence:
            self._presence.check()

    def select(self, statement: str, **values: Any) -> list[Row]:
        """The rows of a SELECT as ``Rows`` takes it. Raises Gone, and UserError where the database is damaged."""
        # Each statement ends its transaction: an open reader makes the write-ahead log grow without end.
        self.check()
        try:
            return self._rows(statement, **values)
        except sqlite3.Error as error:
            if not is_damage(error):
                raise
            if self.doubt:
                raise UserError(self.doubt) from error
            raise Damaged(self.home.database, str(error)) from error

    def _records(self, kind: type[Kind], rest: str, most: int | None = None, **values: Any) -> list[Kind]:
        """At most ``most`` records of the table named as their ``kind``; ``rest`` is what follows FROM and the table."""
        table = kind.__name__.lower()
        if most is not None:
            rest, values = f"{rest} LIMIT :most", {**values, "most": most}
        rows = self.select(f"SELECT {_columns(kind, table)} FROM {table} {rest}", **values)
        try:
            return from_rows(kind, rows)
        except ValueError as error:
            if self.doubt:
                raise UserError(self.doubt) from error
            # A value is none that was ever written.
            raise Damaged(self.home.database, str(error)) from error

    def _number(self, statement: str, **values: Any) -> int:
        rows = self.select(statement, **values)
        return int(rows[0][0]) if rows else 0

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
        asked = {
            "id IN :ids": ids,
            "state IN :states": states,
            "method = :method": method,
            "backbone = :backbone": backbone,
            "benchmark = :benchmark": benchmark,
            "target = :target": target,
        }
        conditions = {text: value for text, value in asked.items() if value is not None}
        values: dict[str, Any] = {text.rpartition(":")[2]: value for text, value in conditions.items()}
        where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
        return self._records(Run, where + NEWEST_FIRST, **values, most=limit)

    def find(self, ref: str) -> Run:
        """The run with this id or unambiguous prefix of an id; ``@1`` is the newest run, ``@2`` the second newest, ...

        Raises UserError when no run or more than one matches.
        """
        ref = ref.strip()
        if ref.startswith("@"):
            digits = ref[1:]
            rank = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else 0
            newest = self._records(Run, f"{NEWEST_FIRST} LIMIT 1 OFFSET :skipped", skipped=rank - 1) if rank else []
            if not newest:
                raise UserError(f"no run {ref}; @1 is the newest of {self.count()}")
            return newest[0]
        begins = "WHERE substr(id, 1, :length) = :ref ORDER BY created_at DESC"
        matches = self._records(Run, begins, length=len(ref), ref=ref, most=10) if ref else []
        exact = [run for run in matches if run.id == ref]
        if not matches:
            raise UserError(f"no run {ref!r}; `scalearn ls` lists the runs")
        if len(matches) > 1 and not exact:
            raise UserError(f"{ref!r} is the beginning of several ids: {', '.join(run.id for run in matches)}")
        return (exact or matches)[0]

    def schema_version(self) -> str | None:
        """None when there are no tables."""
        if not self.select("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"):
            return None
        return next((str(version) for (version,) in self.select("SELECT version_num FROM alembic_version")), None)

    def count(self) -> int:
        """Number of runs."""
        return self._number("SELECT count(*) FROM run")

    def any_run(self, states: Collection[RunState], executor: str | None = None) -> bool:
        """Whether a run, of this executor or of any, is in one of the states."""
        where, values = _of_executor(executor)
        return bool(self.select(f"SELECT 1 FROM run WHERE state IN :states {where} LIMIT 1", states=states, **values))

    def version(self) -> int:
        """Increases with every change of any run, deletions included: equal versions mean that nothing has changed."""
        return self._number("SELECT value FROM clock")

    def changed_since(self, version: int) -> list[Run]:
        """Runs whose ``version`` is greater, in the order of their changes."""
        return self._records(Run, "WHERE version > :version ORDER BY version, id", version=version)

    def ready(self, limit: int | None = None, executor: str | None = None, passed: Collection[str] = ()) -> list[Run]:
        """Queued runs whose sources are all completed, of this executor or of any, in the order in which they start.

        It is that of their priorities, and of equal ones that of their age. Those whose ``gpus`` are among ``passed`` are left
        out.
        """
        waits = (
            "SELECT 1 FROM source JOIN run AS trained ON trained.id = source.source_id"
            " WHERE source.run_id = run.id AND trained.state <> :completed"
        )
        where, values = _of_executor(executor)
        others = {"passed": passed} if passed else {}
        where += " AND (gpus IS NULL OR gpus NOT IN :passed)" if passed else ""
        return self._in_turn(f"{where} AND NOT EXISTS ({waits})", limit, completed=RunState.COMPLETED, **values, **others)

    def queued(self) -> list[QueuedRun]:
        """Queued runs, whether or not their sources are completed, in the order of ``ready``."""
        columns = ", ".join((*QueuedRun._fields[:-1], "created_at"))
        rows = self.select(f"SELECT {columns} FROM run WHERE state = :queued {IN_TURN}", queued=RunState.QUEUED)
        return [QueuedRun._make((*row[:-1], as_seconds(row[-1]))) for row in rows]

    def _in_turn(self, where: str, limit: int | None, **values: Any) -> list[Run]:
        # Their ids first: sorting whole rows takes twice the time.
        most, values = ("", values) if limit is None else (" LIMIT :most", {**values, "most": limit})
        rows = self.select(
            f"SELECT id FROM run WHERE state = :queued {where} {IN_TURN}{most}", queued=RunState.QUEUED, **values
        )
        runs = {run.id: run for run in self.runs(ids=[run_id for (run_id,) in rows])}
        return [runs[run_id] for (run_id,) in rows if run_id in runs]

    def awaited(self) -> dict[str, list[str]]:
        """By the id of a queued run, those of its sources that are not completed yet, by position."""
        awaited: dict[str, list[str]] = {}
        edges = "SELECT source.run_id, source.source_id FROM run JOIN source ON source.run_id = run.id"
        trained = "JOIN run AS trained ON trained.id = source.source_id"
        where = "WHERE run.state = :queued AND trained.state <> :completed ORDER BY source.run_id, source.position"
        rows = self.select(f"{edges} {trained} {where}", queued=RunState.QUEUED, completed=RunState.COMPLETED)
        for run_id, source_id in rows:
            awaited.setdefault(run_id, []).append(source_id)
        return awaited

    def peaks(self, run_ids: Collection[str]) -> dict[str, int | None]:
        """Bytes of a GPU that runs take at most, by id: what the most demanding run of their kind took, or None."""
        measured = "SELECT max(peak_memory) FROM run AS measured WHERE measured.memory_kind = run.memory_kind"
        return dict(self.select(f"SELECT id, ({measured}) FROM run WHERE id IN :ids", ids=run_ids))

    def blocked(self) -> list[tuple[str, Run]]:
        """Queued runs that can never start, as (id, a source that ended without success), one pair per run."""
        rows = self.select(
            # In this order, as above: much is queued where little has failed.
            f"SELECT waiting.id, {_columns(Run, 'run')} FROM run CROSS JOIN source CROSS JOIN run AS waiting"
            " WHERE source.source_id = run.id AND waiting.id = source.run_id AND run.state IN :over"
            " AND waiting.state = :queued ORDER BY waiting.created_at, source.position DESC",
            queued=RunState.QUEUED,
            over=OVER,
        )
        return list(dict(zip([row[0] for row in rows], from_rows(Run, [row[1:] for row in rows]), strict=True)).items())

    def aliases(self) -> dict[str, str]:
        """Run ids by the fingerprints that requests for them have today (``tables.AliasTable``)."""
        return dict(self.select("SELECT fingerprint, run_id FROM alias"))

    def is_known_as(self, run: Run, fingerprint: str) -> bool:
        """Whether ``fingerprint`` is the run's own or an alias of it."""
        alias = "SELECT 1 FROM alias WHERE fingerprint = :fingerprint AND run_id = :run_id"
        return run.fingerprint == fingerprint or bool(self.select(alias, fingerprint=fingerprint, run_id=run.id))

    def sources(self, run_id: str) -> list[Source]:
        """By position: the order in which the method stacks them."""
        return self._records(Source, "WHERE run_id = :run_id ORDER BY position", run_id=run_id)

    def states(self, run_ids: Collection[str]) -> dict[str, RunState]:
        """The state of each of the runs that exist."""
        rows = self.select("SELECT id, state FROM run WHERE id IN :ids", ids=run_ids)
        return {run_id: RunState(state) for run_id, state in rows}

    def sources_of_these_alone(self, run_ids: Collection[str]) -> list[str]:
        """Ids of the runs' sources that no other unfinished run needs."""
        needed = "SELECT source_id FROM source JOIN run ON run.id = source.run_id WHERE state IN :active AND NOT run_id IN :ids"
        alone = f"SELECT DISTINCT source_id FROM source WHERE run_id IN :ids AND source_id NOT IN ({needed})"
        return [source_id for (source_id,) in self.select(alone, ids=run_ids, active=ACTIVE)]

    def sweeps(self) -> list[Sweep]:
        """All registered sweeps, the one that was registered or changed last first."""
        return self._records(Sweep, "ORDER BY updated_at DESC, name")

    def sweep_stamps(self) -> list[Row]:
        """Of each sweep what is another one after a change: equal lists mean equal sweeps."""
        return self.select("SELECT name, updated_at, stopped FROM sweep ORDER BY name")

    def sweep(self, name: str) -> Sweep | None:
        """The registered sweep of this name."""
        return next(iter(self._records(Sweep, "WHERE name = :name", name=name)), None)

    def newest_time(self) -> datetime | None:
        """The latest time at which any run is said to have been asked for, started, alive or ended."""
        columns = ("created_at", "started_at", "heartbeat_at", "ended_at")
        rows = self.select(f"SELECT {', '.join(f'MAX({column})' for column in columns)} FROM run")
        return max((as_time(value) for value in rows[0] if value is not None), default=None) if rows else None

    def metrics(self, run_id: str, name: str | None = None) -> list[Metric]:
        """Points of one curve or of all, ordered by step."""
        if name is None:
            return self._records(Metric, "WHERE run_id = :run_id ORDER BY step, name", run_id=run_id)
        return self._records(Metric, "WHERE run_id = :run_id AND name = :name ORDER BY step", run_id=run_id, name=name)

    def curve(self, run_id: str, name: str, after: int = -1, until: int | None = None) -> tuple[list[int], list[float]]:
        """Steps and values of one curve, at steps greater than ``after`` and up to ``until``, ordered by step."""
        of_curve = "FROM metric WHERE run_id = :run_id AND name = :name AND step > :after AND step <= :until ORDER BY step"
        asked = {"run_id": run_id, "name": name, "after": after, "until": LAST_STEP if until is None else until}
        rows = self.select(f"SELECT step, value {of_curve}", **asked)
        return [step for step, _ in rows], [value for _, value in rows]

    def load(self, run_id: str) -> dict[str, tuple[float, float]]:
        """Mean and maximum of each curve ``system/...`` (``engine.training.system_metrics``), by the rest of its name."""
        of_run = "FROM metric WHERE run_id = :run_id AND substr(name, 1, 7) = 'system/'"
        rows = self.select(f"SELECT name, avg(value), max(value) {of_run} GROUP BY name ORDER BY name", run_id=run_id)
        return {name.removeprefix("system/"): (mean, most) for name, mean, most in rows}

    def results(self, run_ids: Collection[str]) -> dict[str, Results]:
        """Final numbers by run id; runs without any are absent."""
        results: dict[str, Results] = {}
        rows = self.select("SELECT run_id, task, split, metric, value FROM result WHERE run_id IN :ids", ids=run_ids)
        for run_id, task, split, metric, value in rows:
            results.setdefault(run_id, {}).setdefault(task, {}).setdefault(split, {})[metric] = value
        return results

    def headlines(self, run_ids: Collection[str] | None = None) -> dict[str, float]:
        """The headline metric on test by run id, as a fraction; of a joint run the mean. Runs without any are absent."""
        of_runs = "SELECT run_id, result.value FROM result JOIN run ON run.id = run_id AND run.metric = result.metric"
        asked: dict[str, Any] = {} if run_ids is None else {"ids": run_ids}
        where = " AND run_id IN :ids" if asked else ""
        return dict(self.select(f"{of_runs} WHERE split = 'test'{where}", **asked))

    def checkpoints(self, run_id: str) -> dict[str, Checkpoint]:
        """By kind: ``best``, ``last``."""
        found = self._records(Checkpoint, "WHERE run_id = :run_id", run_id=run_id)
        return {checkpoint.kind: checkpoint for checkpoint in found}

    def evidence(self, run_id: str) -> list[Evidence]:
        """By task and split; none of runs that were imported, and of those of versions before it was kept."""
        return self._records(Evidence, "WHERE run_id = :run_id ORDER BY task, split", run_id=run_id)

    def with_evidence(self, run_ids: Collection[str]) -> set[str]:
        """Those of the runs that have evidence."""
        return {run_id for (run_id,) in self.select("SELECT DISTINCT run_id FROM evidence WHERE run_id IN :ids", ids=run_ids)}

    def named_examples(self) -> set[str]:
        """Digests of all examples that evidence of a run names (``Home.evidence_rows``)."""
        kept = {sha256 for (sha256,) in self.select("SELECT DISTINCT rows_sha256 FROM evidence")}
        return kept | {answered["rows"] for replicate in self.replicates() for answered in replicate.record["evidence"]}

    def replicates(self, run_id: str | None = None) -> list[Replicate]:
        """Other outcomes of a run, or of all runs, in the order in which they were imported."""
        asked: dict[str, Any] = {} if run_id is None else {"run_id": run_id}
        where = "WHERE run_id = :run_id " if asked else ""
        return self._records(Replicate, f"{where}ORDER BY at, run_id, digest", **asked)

    def tags(self, run_ids: Collection[str] | None = None) -> dict[str, list[str]]:
        """Tags by run id, each run's in alphabetical order; of all runs, or of those given. Runs without any are absent."""
        asked: dict[str, Any] = {} if run_ids is None else {"ids": run_ids}
        where = "WHERE run_id IN :ids " if asked else ""
        tags: dict[str, list[str]] = {}
        for tag in self._records(Tag, f"{where}ORDER BY run_id, name", **asked):
            tags.setdefault(tag.run_id, []).append(tag.name)
        return tags

    def events(self, run_id: str) -> list[Event]:
        """Oldest first."""
        return self._records(Event, "WHERE run_id = :run_id ORDER BY id", run_id=run_id)
