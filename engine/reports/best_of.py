"""Groups of runs that differ in one setting alone: the one that is best on dev, as if a sweep had tuned it (``tuned.py``)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from engine.catalog.method import setting_text
from engine.errors import UserError, did_you_mean
from engine.registry.records import Run, RunState
from engine.registry.run_fields import SHORT
from engine.reports.run_results import RunResults
from engine.reports.tuned import Tuned
from engine.runs.definition import definition_of
from engine.runs.spec import group_of
from engine.sweeps.winners import DIVERGED, Search, Trial

Group = list[Run]


def setting_named(name: str, runs: Sequence[Run]) -> str:
    """The hyper-parameter of this name or abbreviation. Raises UserError where no run has it."""
    setting = next((full for full, short in SHORT.items() if short == name), name)
    known = sorted({known for run in runs for known in run.parsed.hyperparameters})
    if runs and setting not in known:
        raise UserError(f"no run has a setting {name!r}{did_you_mean(name, known)}; they have {', '.join(known)}")
    return setting


def best_groups(setting: str, runs: Sequence[Run], failed: Sequence[Run], results: RunResults) -> list[Tuned]:
    """The winner of each competition in which at least two values of the setting were tried, by mean on dev.

    Of equal ones the earliest wins. ``failed`` are runs that ended without success: those that diverged were tried, and lose.
    """
    groups: dict[str, Group] = {}
    for run in [*runs, *(run for run in failed if run.diverged)]:
        groups.setdefault(run.group_id, []).append(run)
    rivals: dict[str, list[Group]] = {}
    for group in sorted(groups.values(), key=lambda group: min(run.created_at for run in group)):
        if setting in group[0].parsed.hyperparameters:
            rivals.setdefault(_apart_from(setting, group[0], results), []).append(sorted(group, key=lambda run: run.seed))
    numbers, won = count(), []
    for competing in rivals.values():
        search = _search(next(numbers), setting, competing, results)
        if len(competing) > 1 and search.best is not None:
            won.append(Tuned("", search, competing[search.best], asked_untuned=False))
    return won


def _apart_from(setting: str, run: Run, results: RunResults) -> str:
    """The same for runs that differ in nothing but the setting and the seed."""
    kept = {name: value for name, value in run.parsed.hyperparameters.items() if name != setting}
    tasks = [run.parsed.known_task(key, results.catalog) for key in run.tasks]
    return group_of(run.parsed.model_copy(update={"hyperparameters": kept}), [definition_of(task) for task in tasks if task])


def _search(number: int, setting: str, competing: Sequence[Group], results: RunResults) -> Search:
    runs = [run for group in competing for run in group]
    return Search(
        number=number,
        trials=[
            Trial(
                setting=f"{setting}={setting_text(group[0].parsed.hyperparameters[setting])}",
                runs=tuple(run.id for run in group),
                states=tuple(DIVERGED if run.diverged else str(run.state) for run in group),
                values=tuple(results.dev(run) if run.state is RunState.COMPLETED else None for run in group),
            )
            for group in competing
        ],
        seeds=tuple(sorted({run.seed for run in runs})),
        chosen=[],
        steps=sum(run.step for run in runs),
        varied=frozenset({setting}),
    )
