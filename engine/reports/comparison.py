"""Two sets of runs against each other, task by task and on average: what ``scalearn compare`` shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.catalog.catalog import Catalog
from engine.catalog.kinds import KINDS
from engine.catalog.task import TaskInfo
from engine.errors import UserError, did_you_mean
from engine.registry.reading import Reader
from engine.registry.records import Run
from engine.reports.significance.answered import measured
from engine.reports.significance.families import holm
from engine.reports.significance.given import given
from engine.reports.significance.measured import Contrast, Untested
from engine.reports.significance.model_tests import discordant
from engine.reports.significance.tests import TESTS, Test, usual_test
from engine.reports.table import Cell, Difference

AVERAGE = "average"
Groups = Mapping[str, Sequence[Run]]
"""By task key, runs that differ in nothing but the seed, ordered by it."""


@dataclass(frozen=True)
class Compared:
    """The two sides on one task, or on average over all of them."""

    title: str
    metric: str
    first: Cell
    second: Cell
    difference: Difference | None
    """None where nothing could be tested."""
    why_not: str = ""
    examples: int = 0
    left_out: int = 0
    """Examples that not all runs answered."""
    discordant: tuple[int, int] | None = None
    """Of McNemar's test: examples that only the first side gets right, and only the second."""


@dataclass(frozen=True)
class Comparison:
    """A and B on a split."""

    split: str
    tasks: tuple[Compared, ...]
    average: Compared | None
    """None of a single task."""
    given: tuple[str, ...]
    """What the differences are conditional on, beside what their claim says."""
    only_one: tuple[str, ...]
    """Tasks that only one side has runs of."""


def compare(
    reader: Reader,
    catalog: Catalog,
    first: Groups,
    second: Groups,
    *,
    split: str = "test",
    metric: str | None = None,
    test: Test | None = None,
    common: bool = False,
) -> Comparison:
    """Both sides on all tasks that they share, in the catalog's order.

    Raises UserError where they share none, no task has the ``metric``, or evidence is missing.
    """
    contrasts = []
    for task in _tasks(catalog, first, second, metric):
        runs = [*first[task.key], *second[task.key]]
        if len({run.id for run in runs}) < len(runs):
            raise UserError(f"both sides have the same runs on {task.key}; name some that only one of them has")
        count, on = len(first[task.key]), measured(reader, runs, task, split, metric or "", common)
        contrasts.append(Contrast(on, range(count), range(count, len(runs))))
    tasks = [_on_task(contrast, first, second, test) for contrast in contrasts]
    every = [*first.values(), *second.values()]
    found = Comparison(
        split=split,
        tasks=tuple(tasks),
        average=_on_average(contrasts, tasks, test) if len(tasks) > 1 else None,
        given=given(every, reader),
        only_one=tuple(sorted(first.keys() ^ second.keys())),
    )
    return corrected([found])[0]


def corrected(found: Sequence[Comparison]) -> list[Comparison]:
    """With Holm's p over all tasks of all these comparisons, as one looks at them together; averages are a family apart."""
    tasks = iter(_corrected([task for one in found for task in one.tasks]))
    averages = iter(_corrected([one.average for one in found if one.average]))
    return [
        replace(one, tasks=tuple(next(tasks) for _ in one.tasks), average=next(averages) if one.average else None)
        for one in found
    ]


def _tasks(catalog: Catalog, first: Groups, second: Groups, metric: str | None) -> list[TaskInfo]:
    """Those of both sides that have the metric."""
    shared = [key for key in first if key in second]
    if not shared:
        raise UserError(f"no task in common: one side has runs on {_listed(first)}, the other on {_listed(second)}")
    order = {key: place for place, key in enumerate(catalog.tasks)}
    shared.sort(key=lambda key: (order.get(key, len(order)), key))
    known = [(key, first[key][0].parsed.known_task(key, catalog)) for key in shared]
    if unknown := [key for key, task in known if task is None]:
        raise UserError(f"{unknown[0]} is known only where its adapter was trained, and not compared here")
    tasks = [catalog.tasks.get(key, task) for key, task in known if task]
    if metric is None:
        return tasks
    metrics = {name for task in tasks for name in KINDS[task.kind].metrics}
    if metric not in metrics:
        raise UserError(f"no metric {metric!r}{did_you_mean(metric, metrics)}; there are {', '.join(sorted(metrics))}")
    return [task for task in tasks if metric in (*task.metrics, *KINDS[task.kind].metrics_of_own_task(len(task.labels)))]


def _listed(groups: Groups) -> str:
    return ", ".join(sorted(groups)) or "nothing"


def _on_task(contrast: Contrast, first: Groups, second: Groups, test: Test | None) -> Compared:
    on = contrast.on
    test = test or usual_test([contrast])
    ours, theirs = (
        Cell(
            tuple(float(on.scores[place]) for place in places),
            tuple(run.seed for run in groups[on.task.key]),
            tuple(run.id for run in groups[on.task.key]),
        )
        for places, groups in ((contrast.first, first), (contrast.second, second))
    )
    found = Compared(on.task.key, on.metric, ours, theirs, None, "", len(on.examples.clusters), on.examples.left_out)
    try:
        counts = discordant([contrast]) if test is TESTS["mcnemar"] else None
        return replace(found, difference=test.difference([contrast]), discordant=counts)
    except Untested as error:
        return replace(found, why_not=str(error))


def _on_average(contrasts: Sequence[Contrast], tasks: Sequence[Compared], test: Test | None) -> Compared:
    ours, theirs = _averaged([task.first for task in tasks]), _averaged([task.second for task in tasks])
    found = Compared(AVERAGE, f"over {len(tasks)} tasks", ours, theirs, None)
    try:
        return replace(found, difference=(test or usual_test(contrasts)).difference(contrasts))
    except Untested as error:
        return replace(found, why_not=str(error))


def _averaged(cells: Sequence[Cell]) -> Cell:
    """By seed where all tasks have the same seeds, else one value."""
    if len({cell.seeds for cell in cells}) == 1:
        by_seed = zip(*(cell.values for cell in cells), strict=True)
        return Cell(tuple(sum(values) / len(cells) for values in by_seed), cells[0].seeds)
    return Cell((sum(cell.mean for cell in cells) / len(cells),))


def _corrected(tasks: Sequence[Compared]) -> tuple[Compared, ...]:
    """With Holm's p over the tasks that were tested."""
    adjusted = iter(holm([task.difference.p for task in tasks if task.difference]))
    family = sum(task.difference is not None for task in tasks)
    return tuple(
        replace(task, difference=replace(task.difference, adjusted=next(adjusted), family=family)) if task.difference else task
        for task in tasks
    )
