"""What an attempt at a run reports, from its claim to its end: every change a compare-and-set on state and attempt."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, delete, update

from engine.files.home import Home
from engine.registry.encoding import columns_of
from engine.registry.fence import Fenced
from engine.registry.reading import Reader
from engine.registry.records import LIVE, Checkpoint, Evidence, Metric, Results, Run, RunState, utc_now
from engine.registry.rows import EngineRows
from engine.registry.statements import insert_into, note_event, replace_rows, result_rows, tick
from engine.registry.tables import CHECKPOINT, EVIDENCE, METRIC, RESULT, RUN


class Attempts(Reader):
    """Reads, and the writes of supervisors and workers, in short transactions. ``Store`` has those of users too."""

    def __init__(self, engine: Engine, home: Home, migrate: bool = True) -> None:
        super().__init__(EngineRows(engine), home)
        self._engine = engine

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        self.check()
        with self._engine.begin() as connection:
            yield connection

    def claim(self, run_id: str, executor: str, device: str) -> int | None:
        """Take a queued run for a new attempt, whose number is returned; None when it is not queued."""
        fresh = {"handle": None, "cause": None, "started_at": utc_now(), "heartbeat_at": None, "ended_at": None}
        with self._write() as connection:
            values = {"state": RunState.STARTING, "executor": executor, "device": device, **fresh, "version": tick(connection)}
            change = update(RUN).where(RUN.c.id == run_id, RUN.c.state == RunState.QUEUED)
            attempt = connection.execute(change.values(**values, attempt=RUN.c.attempt + 1).returning(RUN.c.attempt)).scalar()
            if attempt is not None:
                note_event(connection, run_id, attempt, f"starting attempt {attempt} on {device}")
            return attempt

    def unclaim(self, run_id: str, attempt: int) -> bool:
        """Return a run to the queue: its attempt's command was never started. False when the attempt is no longer starting."""
        with self._write() as connection:
            values = {"state": RunState.QUEUED, "handle": None, "device": None}
            done = self._set(connection, run_id, attempt, (RunState.STARTING,), values)
            if done is not None:
                note_event(connection, run_id, attempt, "queued again: the attempt was not launched")
            return done is not None

    def launched(self, run_id: str, attempt: int, handle: dict[str, Any]) -> None:
        """Store the handle of the attempt's process. Raises Fenced."""
        with self._write() as connection:
            self._require_current(self._set(connection, run_id, attempt, LIVE, {"handle": handle}), run_id, attempt)

    def started(self, run_id: str, attempt: int, **fields: Any) -> Run:
        """The worker runs: starting -> running, with ``fields`` of Run. Raises Fenced when the attempt is not the newest."""
        with self._write() as connection:
            values = {"state": RunState.RUNNING, "heartbeat_at": utc_now(), **fields}
            self._require_current(self._set(connection, run_id, attempt, (RunState.STARTING,), values), run_id, attempt)
            note_event(connection, run_id, attempt, "running")
        return self.find(run_id)

    def progress(self, run_id: str, attempt: int, metrics: Sequence[Metric] = (), **fields: Any) -> bool:
        """Store points of curves and ``fields`` of Run, with a heartbeat; returns whether the run was asked to stop.

        A point replaces one of an earlier attempt; NaN values are left out. Raises Fenced.
        """
        with self._write() as connection:
            stop = self._require_current(
                self._set(connection, run_id, attempt, LIVE, {"heartbeat_at": utc_now(), **fields}), run_id, attempt
            )
            points = [columns_of(point) for point in metrics if not math.isnan(point.value)]
            if points:
                change = insert_into(connection, METRIC)
                new = {name: change.excluded[name] for name in ("value", "epoch", "attempt")}
                change = change.on_conflict_do_update(
                    index_elements=["run_id", "name", "step"], set_=new, where=METRIC.c.attempt <= change.excluded.attempt
                )
                connection.execute(change, points)
            return stop

    def happened(self, run_id: str, attempt: int, text: str, **fields: Any) -> None:
        """Note an event of a live attempt, with new values of ``fields`` of Run. Raises Fenced."""
        with self._write() as connection:
            self._require_current(self._set(connection, run_id, attempt, LIVE, fields), run_id, attempt)
            note_event(connection, run_id, attempt, text)

    def checkpointed(self, run_id: str, attempt: int, checkpoint: Checkpoint) -> None:
        """Record a checkpoint whose files are in place. Raises Fenced."""
        with self._write() as connection:
            self._require_current(self._set(connection, run_id, attempt, LIVE, {}), run_id, attempt)
            replace_rows(connection, CHECKPOINT, [columns_of(checkpoint)])

    def answered(self, run_id: str, attempt: int, evidence: Evidence) -> None:
        """Record what the selected epoch answered on a split, whose file is complete. Raises Fenced."""
        with self._write() as connection:
            self._require_current(self._set(connection, run_id, attempt, LIVE, {}), run_id, attempt)
            replace_rows(connection, EVIDENCE, [columns_of(evidence)])

    def finish(
        self,
        run_id: str,
        attempt: int,
        state: RunState,
        cause: str | None = None,
        results: Results | None = None,
        **fields: Any,
    ) -> bool:
        """End a live attempt; ``results``: task -> split -> metric -> value. False when it is not the newest or has ended."""
        with self._write() as connection:
            values = {
                "state": state,
                "cause": cause,
                "ended_at": utc_now(),
                "stop_requested": False,
                "seconds_left": None,
                **fields,
            }
            if self._set(connection, run_id, attempt, LIVE, values) is None:
                return False
            replace_rows(connection, RESULT, result_rows(run_id, results or {}))
            if state == RunState.COMPLETED:
                # Its file is deleted as soon as nothing is left to resume.
                connection.execute(delete(CHECKPOINT).where(CHECKPOINT.c.run_id == run_id, CHECKPOINT.c.kind == "last"))
            note_event(connection, run_id, attempt, f"{state}: {cause}" if cause else str(state))
            return True

    def _set(
        self, connection: Connection, run_id: str, attempt: int, states: Sequence[RunState], values: Mapping[str, Any]
    ) -> bool | None:
        """Change an attempt that is in one of ``states``. Returns whether it was asked to stop; None when nothing changed."""
        change = update(RUN).where(RUN.c.id == run_id, RUN.c.attempt == attempt, RUN.c.state.in_(states))
        return connection.execute(change.values(**values, version=tick(connection)).returning(RUN.c.stop_requested)).scalar()

    @staticmethod
    def _require_current(stop: bool | None, run_id: str, attempt: int) -> bool:
        if stop is None:
            raise Fenced(f"attempt {attempt} of {run_id} is not the newest or has ended")
        return stop
