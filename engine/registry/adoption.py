"""Runs that were completed elsewhere become runs of this registry, in one transaction each or all together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from engine.errors import UserError
from engine.registry.attempts import Attempts
from engine.registry.encoding import columns_of
from engine.registry.records import (
    OVER,
    Checkpoint,
    Evidence,
    Metric,
    Replicate,
    Results,
    Run,
    RunState,
    Source,
    Sweep,
    Tag,
)
from engine.registry.statements import insert_into, note_event, replace_rows, result_rows, tick
from engine.registry.tables import CHECKPOINT, EVIDENCE, METRIC, REPLICATE, RESULT, RUN, SOURCE, SWEEP, TAG

REPLACED = (RunState.QUEUED, *OVER)
"""States in which a run gives way to one of its fingerprint that was completed elsewhere."""
ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Adopted:
    """A run that was completed elsewhere, and what is kept of it."""

    run: Run
    results: Results
    note: str
    """The event: where it came from."""
    sources: Sequence[Source] = ()
    metrics: Sequence[Metric] = ()
    evidence: Sequence[Evidence] = ()
    tags: Sequence[Tag] = ()
    checkpoint: Checkpoint | None = None


class Adoption(Attempts):
    """The writes of imports."""

    def adopt(
        self,
        run: Run,
        results: Results,
        publish: Callable[[], Checkpoint],
        note: str,
        lost_file: bool = False,
    ) -> bool:
        """Add a run that was completed elsewhere; False, without any change, when it is running or completed here.

        It replaces a queued run with its id, or one that ended without success.

        Args:
            publish: puts the file of the best checkpoint in place and returns its row; called in the transaction, so that no
                row is without its file.
            lost_file: replace a completed run too, because its file is missing.
        """
        replaced = (*REPLACED, *((RunState.COMPLETED,) if lost_file else ()))
        with self._write() as connection:
            if not _write_run(connection, Adopted(run, results, note), tick(connection), replaced):
                return False
            replace_rows(connection, CHECKPOINT, [columns_of(publish())])
        # Not before the commit: if the new file cannot be written, the old run resumes from this one.
        self.home.checkpoint(run.id, "last").unlink(missing_ok=True)
        return True

    def adopt_all(
        self,
        runs: Sequence[Adopted],
        replicates: Sequence[Replicate],
        checkpoints: Sequence[Checkpoint],
        sweep: Sweep | None,
        publish: Callable[[], None],
    ) -> None:
        """Add all of ``runs`` and ``replicates`` or, if it raises, nothing; each run as ``adopt`` adds one.

        ``checkpoints`` are those of runs that are here without theirs. A sweep is added unless there is one of its name.
        ``publish`` puts files in place that replace others; it is called in the transaction. Raises UserError where a run has
        been started or completed here meanwhile.
        """
        with self._write() as connection:
            version = tick(connection)
            for adopted in runs:
                if not _write_run(connection, adopted, version, REPLACED):
                    raise UserError(f"the run {adopted.run.id} changed meanwhile; nothing was imported, import it again")
            # Sources need not stand before the runs that read them.
            replace_rows(connection, SOURCE, [columns_of(edge) for adopted in runs for edge in adopted.sources])
            replace_rows(connection, CHECKPOINT, [columns_of(checkpoint) for checkpoint in checkpoints])
            replace_rows(connection, REPLICATE, [columns_of(replicate) for replicate in replicates])
            if sweep and not connection.scalar(select(SWEEP.c.name).where(SWEEP.c.name == sweep.name)):
                replace_rows(connection, SWEEP, [columns_of(sweep)])
            publish()
        for adopted in runs:
            self.home.checkpoint(adopted.run.id, "last").unlink(missing_ok=True)


def _write_run(connection: Connection, adopted: Adopted, version: int, replaced: Sequence[RunState]) -> bool:
    """The rows of a run but its edges; False where one of its id is in none of the states ``replaced``."""
    run = adopted.run
    row = columns_of(run) | {"version": version}
    change = insert_into(connection, RUN).values(row)
    # A worker of an earlier attempt that still runs is fenced.
    new = {name: change.excluded[name] for name in row if name not in ("id", "note")} | {"attempt": RUN.c.attempt + 1}
    change = change.on_conflict_do_update(index_elements=["id"], set_=new, where=RUN.c.state.in_(replaced))
    attempt = connection.execute(change.returning(RUN.c.attempt)).scalar()
    if attempt is None:
        return False
    for table in (METRIC, RESULT, CHECKPOINT, EVIDENCE):
        connection.execute(delete(table).where(table.c.run_id == run.id))
    replace_rows(connection, RESULT, result_rows(run.id, adopted.results))
    for start in range(0, len(adopted.metrics), ROWS_AT_ONCE):
        replace_rows(connection, METRIC, [columns_of(point) for point in adopted.metrics[start : start + ROWS_AT_ONCE]])
    replace_rows(connection, EVIDENCE, [columns_of(kept) for kept in adopted.evidence])
    if adopted.tags:
        # There may be such a tag of this home's user already.
        connection.execute(insert_into(connection, TAG).on_conflict_do_nothing(), [columns_of(tag) for tag in adopted.tags])
    if adopted.checkpoint:
        replace_rows(connection, CHECKPOINT, [columns_of(adopted.checkpoint)])
    note_event(connection, run.id, attempt, adopted.note)
    return True
