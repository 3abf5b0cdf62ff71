"""Generated runs that are compared on one task, without files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.catalog.catalog import BUILT_IN
from engine.files.evidence import SplitEvidence
from engine.reports.significance.examples import pair
from engine.reports.significance.measured import Contrast, Measured
from tests.reports.answered import answers, examples

TASKS = {
    "accuracy": "glue/sst2", "f1": "glue/mrpc", "matthews": "glue/cola", "pearson": "glue/stsb", "spearman": "glue/stsb",
    "exact_match": "superglue/multirc", "macro_f1": "superglue/cb", "micro_f1": "humset/sectors",
}  # fmt: skip
"""A task for each metric."""


def evidence(key: str, count: int, skill: float, seed: int, cluster_size: int = 1) -> SplitEvidence:
    task = BUILT_IN.tasks[key]
    rows = examples(task, count, cluster_size)
    return SplitEvidence({"kind": task.kind}, answers(task, rows, skill, seed), rows)


def contrast(
    key: str, first: Sequence[float], second: Sequence[float], count: int = 60, cluster_size: int = 1, metric: str = ""
) -> Contrast:
    """One run for each skill."""
    skills = [*first, *second]
    runs = {f"run {number}": evidence(key, count, skill, number, cluster_size) for number, skill in enumerate(skills)}
    seeds = [*range(len(first)), *range(len(second))]
    task = BUILT_IN.tasks[key]
    on = Measured(task, metric or task.headline, pair(runs), seeds)
    return Contrast(on, range(len(first)), range(len(first), len(skills)))


def scores(of: Contrast) -> tuple[np.ndarray, np.ndarray]:
    return of.on.scores[list(of.first)], of.on.scores[list(of.second)]
