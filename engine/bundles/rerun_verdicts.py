"""What is said of a run that was trained again: equal, within the spread of its seeds, or different."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.bundles.contents import Contents
from engine.bundles.records import RunRecord
from engine.bundles.spread import LEVEL, limits
from engine.catalog.kinds import KINDS
from engine.catalog.task import TaskInfo
from engine.files.evidence import Arrays, SplitEvidence
from engine.metrics.scoring import best_candidates
from engine.registry.store import Store
from engine.reports.evidence import evidence_of
from engine.reports.significance.model_tests import mcnemar_p

CLOSE = 1e-4
"""Largest difference of logits that other processors and libraries make."""
Word = Literal["equal", "within spread", "consistent", "undecided", "different", "failed"]
WORST: tuple[Word, ...] = ("failed", "different", "undecided", "consistent", "within spread", "equal")
BAD = ("failed", "different")


@dataclass(frozen=True)
class Verdict:
    """Of one run."""

    run: str
    verdict: Word
    text: str
    """The numbers behind it."""

    @property
    def bad(self) -> bool:
        return self.verdict in BAD


def compare(contents: Contents, record: RunRecord, cell: Sequence[RunRecord], store: Store, reruns: int) -> Verdict:
    """``cell``: all seeds of the run that the bundle has; ``store`` has the run as it was trained again."""
    (again,) = store.runs(ids=[record.id])
    pairs = {
        (kept.task, kept.split): (contents.answers(record, kept), evidence_of(store, again, kept.task, kept.split))
        for kept in record.evidence
    }
    for (key, split), (then, now) in pairs.items():
        if not np.array_equal(then.rows["row_id"], now.rows["row_id"]):
            return Verdict(record.id, "different", f"it was evaluated on other rows of {split} of {key}")
    gap = max(float(np.abs(then.logits - now.logits).max()) for then, now in pairs.values())
    tasks = {key: task for key in record.spec.targets if (task := record.task(key, contents.catalog))}
    if gap <= CLOSE and all(_decide_alike(tasks[key], then, now) for (key, _), (then, now) in pairs.items()):
        return Verdict(record.id, "equal", f"logits differ by {gap:.1e} at most, all predictions are equal")
    results = store.results([record.id])[record.id]
    words = []
    for key, task in tasks.items():
        value = 100 * results[key]["test"][task.headline]
        values = [100 * seed.results[key]["test"][task.headline] for seed in cell]
        words.append(_spread(task, value, values, *pairs[key, "test"], reruns))
    worst = min((word for word, _ in words), key=WORST.index)
    return Verdict(record.id, worst, "; ".join(text for _, text in words))


def _spread(
    task: TaskInfo, value: float, values: Sequence[float], then: SplitEvidence, now: SplitEvidence, reruns: int
) -> tuple[Word, str]:
    """The verdict on one task by its headline metric, in points."""
    told = f"{task.headline} on {task.key} is {value:.2f}"
    correct = _correct(task, then, now.rows), _correct(task, now, now.rows)
    p = mcnemar_p(int((correct[0] & ~correct[1]).sum()), int((correct[1] & ~correct[0]).sum())) if correct[0].size else None
    shown = "" if p is None else f", McNemar mid-p {p:.3f}"
    if bounds := limits(values, len(now.logits), reruns):
        return "within spread" if bounds.hold(value) else "different", f"{told}, limits {bounds}{shown}"
    if p is None:
        return "undecided", f"{told}; {len(values)} seeds do not show how far others spread"
    return "consistent" if p > LEVEL / reruns else "different", f"{told}, {len(values)} seeds{shown}"


def _decisions(task: TaskInfo, answered: SplitEvidence) -> np.ndarray:
    """What the model decided: int ``[rows]``, ``[rows, labels]``, or of a ranking the row of each group; empty where scores
    are all that it says."""
    kind = KINDS[task.kind]
    if kind.ranks_candidates:
        return best_candidates(answered.logits, answered.rows["group"], answered.rows["rank"])
    if task.kind == "regression":
        return np.empty(0, dtype=np.int64)
    return (answered.logits > 0).astype(np.int64) if task.kind == "multilabel" else answered.logits.argmax(axis=1)


def _decide_alike(task: TaskInfo, then: SplitEvidence, now: SplitEvidence) -> bool:
    return np.array_equal(_decisions(task, then), _decisions(task, now))


def _correct(task: TaskInfo, answered: SplitEvidence, rows: Arrays) -> np.ndarray:
    """bool ``[rows]``, or ``[groups]`` of a ranking: whether each is right; empty where nothing is decided."""
    decided = _decisions(task, answered)
    if not decided.size:
        return np.empty(0, dtype=bool)
    if KINDS[task.kind].ranks_candidates:
        return rows["em"][decided] > 0
    right = decided == rows["label"]
    return right if right.ndim == 1 else right.all(axis=1)
