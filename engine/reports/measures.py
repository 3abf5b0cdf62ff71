"""What is reported of a task, as columns: its metrics on its splits, and what papers call them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.catalog.task import TaskInfo
from engine.errors import UserError, did_you_mean
from engine.reports.query import EVERY_METRIC, Query
from engine.reports.table import Column

METRICS = {
    "accuracy": "acc.", "f1": "F1", "exact_match": "EM", "pearson": "Pearson", "spearman": "Spearman", "matthews": "Matthews",
    "macro_f1": "macro-F1", "micro_f1": "micro-F1",
}  # fmt: skip
PARTS = {"validation_matched": "m", "validation_mismatched": "mm"}
"""Of a test set, by the official name of the split."""


def measures(column: Column, task: TaskInfo, query: Query) -> tuple[Column, ...]:
    """The columns that ``query`` asks for in place of ``column``, the headline metric of a definition of ``task`` on test.

    Empty where the task lacks the metric. Each is named by what the task has several of.
    """
    metrics = task.metrics if query.metric == EVERY_METRIC else [query.metric or task.headline]
    parts = [name for name, _ in task.tests] if query.split == "test" else [query.split]
    if query.metric != EVERY_METRIC:
        parts = parts[:1]
    return tuple(
        replace(column, split=part, metric=metric, headline=metric == task.headline, measure=_name(task, part, metric, query))
        for metric in metrics
        if metric in task.metrics
        for part in parts
    )


def check_metric(name: str | None, tasks: Iterable[TaskInfo]) -> None:
    """Raises UserError for a metric that none of the tasks has."""
    known = dict.fromkeys(metric for task in tasks for metric in task.metrics)
    if name not in (None, EVERY_METRIC, *known):
        raise UserError(
            f"no metric {name!r}{did_you_mean(name or '', known)}; these tasks have {', '.join(known)}, and {EVERY_METRIC}"
        )


def _name(task: TaskInfo, part: str, metric: str, query: Query) -> str:
    """``F1``, ``mm``; of the headline metric empty where it is the task's only column."""
    over_answers = metric == "f1" and task.kind == "classification" and "exact_match" in task.metrics
    called = "F1a" if over_answers else METRICS.get(metric, metric)
    split = PARTS.get(dict(task.tests).get(part, ""), part)
    if query.metric != EVERY_METRIC:
        return "" if metric == task.headline else called
    of_several = [*([split] if len(task.tests) > 1 and part != "dev" else []), *([called] if len(task.metrics) > 1 else [])]
    return " ".join(of_several)
