"""The figures of a run's results that are shown first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.catalog.task import MEAN

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.registry.records import Results, Run


def joint_scores(run: Run, results: Results, catalog: Catalog) -> dict[str, float | None]:
    """A joint run's figures on ``shown_split``: the mean, then each task's headline metric by its key; None for an unknown
    task."""
    tasks = {key: run.parsed.known_task(key, catalog) for key in run.tasks}
    metrics = {MEAN: MEAN} | {key: task.headline if task else "" for key, task in tasks.items()}
    return {key: results.get(key, {}).get(shown_split(run), {}).get(metric) for key, metric in metrics.items()}


def shown_split(run: Run) -> str:
    """``test``, or ``dev`` where nothing else was evaluated."""
    return "dev" if run.parsed.dev_only else "test"


def declared_scores(run: Run, results: Results, catalog: Catalog) -> dict[str, dict[str, float]]:
    """A single-task run's metrics by split, the headline metric first and without the loss.

    Own tasks are scored by more metrics than they declare; those are left out.
    """
    task = run.parsed.known_task(run.tasks[0], catalog)
    return {
        split: {
            metric: values[metric]
            for metric in sorted(values, key=lambda metric: (metric != run.metric, metric))
            if metric != "loss" and (task is None or metric in (run.metric, *task.metrics))
        }
        for split, values in results.get(run.tasks[0], {}).items()
    }
