"""What runs answered on the rows of their own splits, from their evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.registry.records import Run
from engine.results.reading import ChosenRuns
from engine.results.records import Prediction
from engine.results.rows import ResultRows

GOLD = {float: "gold_value", list: "gold_labels"}
"""By the type of a gold answer that is no label, its field."""


def prediction_rows(chosen: ChosenRuns) -> ResultRows[Prediction]:
    """Every answer of the runs, run by run, task by task, split by split; none of a run without evidence.

    Iterating raises UserError for evidence that is lost or damaged, and for a task that is not known here.
    """

    def read() -> Iterator[Prediction]:
        for run in chosen.runs:
            yield from _of_run(run, chosen)

    return ResultRows(Prediction, read)


def without_evidence(chosen: ChosenRuns) -> list[Run]:
    """Those of the runs that kept no answers."""
    kept = chosen.reader.with_evidence([run.id for run in chosen.runs])
    return [run for run in chosen.runs if run.id not in kept]


def _of_run(run: Run, chosen: ChosenRuns) -> Iterator[Prediction]:
    # Lists of other results need no numpy.
    from engine.reports.answers import answers
    from engine.reports.evidence import answered_task, evidence_of

    for kept in chosen.reader.evidence(run.id):
        task = answered_task(run, kept.task, chosen.catalog)
        for answer in answers(task, evidence_of(chosen.reader, run, kept.task, kept.split)):
            yield Prediction(run=run.id, task=kept.task, split=kept.split, **_typed(answer))


def _typed(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer (``engine.reports.answers``) as fields of ``Prediction``."""
    gold = answer.pop("gold", None)
    fields = {**answer, GOLD.get(type(gold), "gold"): gold}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
