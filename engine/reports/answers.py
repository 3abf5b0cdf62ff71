"""What a run answered on one of its own splits, row by row, beside the gold labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.catalog.kinds import KINDS
from engine.catalog.task import TaskInfo
from engine.files.evidence import SplitEvidence
from engine.metrics.answers import answers_of, gold_of, number, softmax
from engine.metrics.scoring import best_candidates


def answers(task: TaskInfo, evidence: SplitEvidence) -> Iterator[dict[str, Any]]:
    """One object per example: ``row_id`` (``engine.data.row_identity``, in hexadecimal), the answer, and ``gold``.

    Of a ranking one per query instead: the ``row_id`` of the candidate that was chosen, its ``score``, and how well it agrees
    with the gold answers, ``exact_match`` and ``f1``.
    """
    ids = [row.tobytes().hex() for row in evidence.rows["row_id"]]
    if KINDS[task.kind].ranks_candidates:
        yield from _chosen(ids, evidence)
        return
    for row_id, answer, gold in zip(ids, answers_of(task, evidence.logits), gold_of(task, evidence.rows["label"]), strict=True):
        yield {"row_id": row_id, **answer, "gold": gold}


def _chosen(ids: list[str], evidence: SplitEvidence) -> Iterator[dict[str, Any]]:
    rows = evidence.rows
    scores = softmax(evidence.logits)[:, 1]
    for place in best_candidates(evidence.logits, rows["group"], rows["rank"]).tolist():
        yield {
            "row_id": ids[place],
            "score": number(scores[place]),
            "exact_match": int(rows["em"][place]),
            "f1": float(rows["f1"][place]),
        }
