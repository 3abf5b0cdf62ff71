"""From runs to what is compared of them: their evidence, read and checked."""

from __future__ import annotations

from collections.abc import Sequence

from engine.catalog.task import TaskInfo
from engine.errors import UserError
from engine.registry.reading import Reader
from engine.registry.records import Run
from engine.reports.evidence import check_kind, evidence_of
from engine.reports.significance.examples import pair
from engine.reports.significance.measured import Measured


def measured(
    reader: Reader, runs: Sequence[Run], task: TaskInfo, split: str = "test", metric: str = "", common: bool = False
) -> Measured:
    """The runs on a split of ``task``, by its headline metric or by another one that its kind has.

    ``common`` compares on the examples that all of them answered. Raises UserError where evidence is missing or damaged, and
    where runs answered different examples.
    """
    evidence, missing = {}, {}
    for run in runs:
        try:
            evidence[run.id] = evidence_of(reader, run, task.key, split)
            check_kind(task, evidence[run.id])
        except UserError as error:
            missing[run.id] = str(error)
    if missing:
        first, *others = missing
        also = f" (and so for {', '.join(others)})" if others else ""
        raise UserError(f"{missing[first]}{also}")
    return Measured(task, metric or task.headline, pair(evidence, common), [run.seed for run in runs])
