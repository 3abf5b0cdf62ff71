"""Numbers computed again from what runs answered, without their models."""

from __future__ import annotations

from engine.catalog.catalog import Catalog
from engine.catalog.task import TaskInfo
from engine.errors import UserError, did_you_mean
from engine.files.evidence import SplitEvidence, read_evidence
from engine.metrics.scoring import score
from engine.registry.reading import Reader
from engine.registry.records import Run
from engine.reports.evidence_summary import why_no_evidence


def evidence_of(store: Reader, run: Run, task: str, split: str) -> SplitEvidence:
    """What the run answered on a split of the task (by key). Raises UserError where that was not kept, is lost or damaged."""
    kept = store.evidence(run.id)
    for row in kept:
        if (row.task, row.split) == (task, split):
            return read_evidence(store.home, row.run_id, row.task, row.split, row.logits_sha256, row.rows_sha256)
    if kept:
        splits = [row.split for row in kept if row.task == task]
        close = did_you_mean(split, splits)
        raise UserError(f"run {run.id} kept no answers on {split} of {task}{close}; it did on {', '.join(splits)}")
    raise UserError(f"run {run.id} {why_no_evidence(run)}; train it again after `scalearn delete {run.id}`")


def answered_task(run: Run, key: str, catalog: Catalog) -> TaskInfo:
    """The task of that key as the run learned it. Raises UserError where it is not known here."""
    known = run.parsed.known_task(key, catalog)
    if known is None:
        raise UserError(f"the task {key} of run {run.id} is not known here; add its benchmark first")
    return known


def recompute(task: TaskInfo, evidence: SplitEvidence) -> dict[str, float]:
    """All metrics of ``task``, headline first, as fractions. Raises UserError where the task is of another kind now."""
    check_kind(task, evidence)
    return score(task, evidence.logits, evidence.rows["label"], evidence.rows.get("group"), evidence.candidates)


def check_kind(task: TaskInfo, evidence: SplitEvidence) -> None:
    """Raises UserError unless the answers are to a task of the kind that ``task`` is now."""
    width = evidence.logits.shape[1]
    if (evidence.kind, width) != (task.kind, len(task.labels) or 1):
        raise UserError(f"{task.key} is a {task.kind} task now; the answers are to a {evidence.kind} task of {width} outputs")
