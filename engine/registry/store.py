"""The registry's one write path: what users ask for, in short transactions; what attempts report is in ``attempts``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import DBAPIError

from engine.errors import UserError
from engine.files.home import Home
from engine.files.removal import Remains, remove, set_aside
from engine.registry.adoption import Adoption
from engine.registry.connection import connect
from engine.registry.encoding import columns_of
from engine.registry.records import (
    CHANGED,
    LIVE,
    OVER,
    Run,
    RunState,
    Source,
    Sweep,
    utc_now,
)
from engine.registry.schema import bring_up_to_date
from engine.registry.statements import insert_into, note_event, note_request, replace_rows, tick
from engine.registry.tables import RUN, SOURCE, SWEEP, TAG


def open_store(home: Home, migrate: bool = True) -> Store:
    """The registry of ``home``, created or migrated if need be.

    Raises UserError when its folder cannot be written, lies on a network file system, or holds a newer schema, and when its
    server does not answer.
    """
    engine = connect(home)
    try:
        bring_up_to_date(engine, home, migrate)
    except (OSError, DBAPIError) as error:
        why = " ".join(str(error.orig if isinstance(error, DBAPIError) else error.strerror).split())
        if engine.dialect.name != "sqlite":
            raise UserError(f"the registry cannot be opened ({why}); start its server or correct SCALEARN_DB") from error
        message = f"the registry cannot be written in {home.root} ({why})"
        raise UserError(f"{message}; make room or make it writable, or set SCALEARN_HOME to another folder") from error
    return Store(engine, home, migrate)


class Store(Adoption):
    """Reads and writes of the registry. May be shared by threads; not by forked processes."""

    def add(self, runs: Sequence[Run], sources: Sequence[Source]) -> None:
        """Queue ``runs`` with their edges, in one transaction that may be repeated or raced by an equal one.

        A run that exists is left as it is, unless it failed, was stopped or lost: then it is queued again as the new request
        describes it, reading its files where that says they lie and scored by the metrics of today. One that is queued
        becomes as urgent as the new request, and may have the GPUs that this allows.
        """
        with self._write() as connection:
            version = tick(connection)
            for run in runs:
                row = columns_of(run) | {"version": version}
                added = connection.execute(
                    insert_into(connection, RUN).values(row).on_conflict_do_nothing().returning(RUN.c.id)
                ).first()
                if added:
                    note_request(connection, run.id, 0, "queued")
                else:
                    names = ("spec", "request", "command", "metric", "priority", "gpus", "memory_kind")
                    asked = {name: row[name] for name in names}
                    connection.execute(update(RUN).where(RUN.c.id == run.id, RUN.c.state.in_(OVER)).values(asked))
                    queued = update(RUN).where(RUN.c.id == run.id, RUN.c.state == RunState.QUEUED)
                    less_urgent = queued.where(RUN.c.priority < run.priority)
                    connection.execute(less_urgent.values(priority=run.priority, version=version))
                    elsewhere = queued.where(RUN.c.gpus.is_distinct_from(run.gpus))
                    connection.execute(elsewhere.values(gpus=run.gpus, version=version))
            if sources:
                connection.execute(
                    insert_into(connection, SOURCE).on_conflict_do_nothing(), [columns_of(edge) for edge in sources]
                )
            self._requeue(connection, [run.id for run in runs], "asked for again", version)
        self._let_work()

    def requeue(self, run_ids: Sequence[str], reason: str = "resumed") -> list[str]:
        """Queue failed, stopped and lost runs again, and their sources in such a state; the ids queued, sources first."""
        with self._write() as connection:
            queued = self._requeue(connection, run_ids, reason, tick(connection))
        self._let_work()
        return queued

    def register(self, sweep: Sweep) -> None:
        """Keep what a sweep asks for, in place of what one of its name asked for before."""
        with self._write() as connection:
            tick(connection)
            known = connection.scalar(select(SWEEP.c.created_at).where(SWEEP.c.name == sweep.name))
            replace_rows(connection, SWEEP, [columns_of(sweep) | ({"created_at": known} if known else {})])

    def forget_sweep(self, name: str) -> None:
        """Keep no longer what a sweep asks for; its runs stay."""
        with self._write() as connection:
            tick(connection)
            connection.execute(delete(SWEEP).where(SWEEP.c.name == name))

    def revise_cells(self, name: str, revise: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
        """Replace the cells of a sweep, if it is there, by what ``revise`` makes of them, whoever else does so."""
        with self._write() as connection:
            # The clock's row is locked until the transaction ends, so that no other writer reads the cells meanwhile.
            tick(connection)
            if found := connection.execute(select(SWEEP.c.cells).where(SWEEP.c.name == name)).first():
                values = {"cells": revise(found.cells), "updated_at": utc_now()}
                connection.execute(update(SWEEP).where(SWEEP.c.name == name).values(values))

    def stop_sweep(self, name: str) -> None:
        """Let tuning choose nothing more in a sweep, until it is registered again."""
        with self._write() as connection:
            tick(connection)
            connection.execute(update(SWEEP).where(SWEEP.c.name == name).values(stopped=True))

    def _let_work(self) -> None:
        """Whoever asks for runs wants a supervisor, though one was stopped before."""
        self.home.supervisor_stopped.unlink(missing_ok=True)

    def _requeue(self, connection: Connection, run_ids: Sequence[str], reason: str, version: int) -> list[str]:
        edges = select(SOURCE.c.source_id).join(RUN, RUN.c.id == SOURCE.c.run_id).order_by(SOURCE.c.position)
        sources = connection.scalars(edges.where(RUN.c.id.in_(run_ids), RUN.c.state.in_(OVER))).all()
        candidates = list(dict.fromkeys([*(source for source in sources if source not in run_ids), *run_ids]))
        change = update(RUN).where(RUN.c.id.in_(candidates), RUN.c.state.in_(OVER))
        values = {
            "state": RunState.QUEUED,
            "cause": None,
            "ended_at": None,
            "stop_requested": False,
            "handle": None,
            "device": None,
        }
        changed = connection.execute(change.values(**values, version=version).returning(RUN.c.id, RUN.c.attempt)).all()
        attempts = {row.id: row.attempt for row in changed}
        queued = [run_id for run_id in candidates if run_id in attempts]
        for run_id in queued:
            note_request(connection, run_id, attempts[run_id], f"queued again ({reason})")
        return queued

    def request_stop(self, run_ids: Sequence[str]) -> None:
        """Queued runs are stopped at once; live ones are asked to save and end."""
        with self._write() as connection:
            version = tick(connection)
            chosen = update(RUN).where(RUN.c.id.in_(run_ids))
            stopped = {"state": RunState.STOPPED, "cause": "stopped before it started", "ended_at": utc_now()}
            changes = (
                (chosen.where(RUN.c.state == RunState.QUEUED).values(stopped), "stopped before it started, as asked"),
                (chosen.where(RUN.c.state.in_(LIVE), ~RUN.c.stop_requested).values(stop_requested=True), "asked to stop"),
            )
            for change, text in changes:
                for run_id, attempt in connection.execute(
                    change.values(version=version).returning(RUN.c.id, RUN.c.attempt)
                ).all():
                    note_request(connection, run_id, attempt, text)

    def prioritise(self, run_ids: Sequence[str], priority: int) -> list[str]:
        """Let queued runs start before those of a lower priority and after those of a higher one; the ids of those queued."""
        with self._write() as connection:
            change = update(RUN).where(RUN.c.id.in_(run_ids), RUN.c.state == RunState.QUEUED)
            values = {"priority": priority, "version": tick(connection)}
            changed = connection.execute(change.values(values).returning(RUN.c.id, RUN.c.attempt)).all()
            for run_id, attempt in changed:
                note_request(connection, run_id, attempt, f"priority {priority}")
        return [run_id for run_id, _ in changed]

    def fail_blocked(self) -> list[str]:
        """Fail queued runs with a source that failed, was stopped or lost; the cause names it. Returns their ids."""
        failed = []
        for run_id, source in self.blocked():
            which = f"its source {source.id} ({source.method} on {source.target})"
            # What cannot be resumed has its own advice, which is about both.
            changed = source.cause if source.cause and CHANGED in source.cause else ""
            cause = f"{which}: {changed}" if changed else f"{which} {source.state}; resume this run for both"
            with self._write() as connection:
                over = select(RUN.c.id).where(RUN.c.id == source.id, RUN.c.state.in_(OVER)).exists()
                change = update(RUN).where(RUN.c.id == run_id, RUN.c.state == RunState.QUEUED, over)
                values = {"state": RunState.FAILED, "cause": cause, "ended_at": utc_now(), "version": tick(connection)}
                done = connection.execute(change.values(values).returning(RUN.c.attempt)).scalar()
                if done is not None:
                    note_event(connection, run_id, done, f"failed: {cause}")
                    failed.append(run_id)
        return failed

    def tag(self, run_ids: Sequence[str], add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Give runs tags and take others from them; ids of no run, and tags that a run has or lacks, are passed over."""
        with self._write() as connection:
            known = update(RUN).where(RUN.c.id.in_(run_ids)).values(version=tick(connection)).returning(RUN.c.id)
            rows = [{"run_id": run_id, "name": name} for run_id in connection.scalars(known).all() for name in add]
            connection.execute(delete(TAG).where(TAG.c.run_id.in_(run_ids), TAG.c.name.in_(remove)))
            if rows:
                connection.execute(insert_into(connection, TAG).on_conflict_do_nothing(), rows)

    def note(self, run_id: str, text: str | None) -> None:
        """Replace what the user wrote about a run; None removes it."""
        with self._write() as connection:
            connection.execute(update(RUN).where(RUN.c.id == run_id).values(note=text, version=tick(connection)))

    def delete(self, run_ids: Sequence[str]) -> list[Remains]:
        """Delete runs with everything that belongs to them, files included; returns the files that are left.

        Raises UserError when a run is live or is a source of a run that stays, or its folder cannot be touched.
        """
        with self._write() as connection:
            live = connection.scalars(select(RUN.c.id).where(RUN.c.id.in_(run_ids), RUN.c.state.in_(LIVE))).first()
            if live:
                raise UserError(f"{live} is running; stop it first with `scalearn stop {live}`")
            edge = select(SOURCE).where(SOURCE.c.source_id.in_(run_ids), SOURCE.c.run_id.not_in(run_ids))
            if kept := connection.execute(edge).first():
                raise UserError(f"{kept.source_id} is a source of {kept.run_id}; delete that one first, or both together")
            tick(connection)
            connection.execute(delete(SOURCE).where(SOURCE.c.run_id.in_(run_ids)))
            connection.execute(delete(RUN).where(RUN.c.id.in_(run_ids)))
            # Before the commit: rows without files can be deleted again, but a later run with the same fingerprint has the same
            # folder and must not resume from deleted files.
            folders = set_aside([self.home.run(run_id) for run_id in run_ids])
        return [remains for folder in folders.values() for remains in remove(folder)]

    def set_aside_unknown(self, folders: Sequence[Path]) -> dict[Path, Path]:
        """Rename those of the folders that are of no run (``set_aside``), while no other process can add a run."""
        with self._write() as connection:
            known = set(connection.scalars(select(RUN.c.id)))
            return set_aside([folder for folder in folders if folder.name not in known])
