"""From what a user typed to one side of a comparison: a method, a run or a selection, as runs by task."""

from __future__ import annotations

from collections.abc import Sequence

from engine.catalog.catalog import Catalog
from engine.errors import UserError
from engine.registry.choosing import read_selection, select
from engine.registry.reading import Reader
from engine.registry.records import Run, RunState
from engine.runs.distinctions import distinctions, settings_line
from engine.runs.selection import is_term

MOST_NAMED = 4
"""Configurations that an error lists."""


def side(
    words: str,
    reader: Reader,
    catalog: Catalog,
    *,
    backbone: str | None = None,
    tasks: set[str] | None = None,
    dev: bool = False,
) -> dict[str, list[Run]]:
    """By task key, the completed runs that the words mean, which differ in nothing but the seed; of all ``tasks`` or of these.

    Runs that only help to choose a setting are meant where ``dev`` says so. Raises UserError where no run is meant, or runs of
    several configurations on one task.
    """
    meant = [run for run in _runs(words, reader, catalog) if run.state is RunState.COMPLETED]
    meant = [run for run in meant if backbone in (None, run.backbone) and (dev or not run.parsed.dev_only)]
    by_task: dict[str, list[Run]] = {}
    for run in sorted(meant, key=lambda run: run.seed):
        for task in run.tasks:
            if tasks is None or task in tasks:
                by_task.setdefault(task, []).append(run)
    if not by_task:
        raise UserError(f"no completed run is meant by {words!r}; `scalearn ls` lists what there is")
    for task, runs in by_task.items():
        if len({run.group_id for run in runs}) > 1:
            raise UserError(_ambiguous(words, task, runs, catalog))
    return by_task


def _runs(words: str, reader: Reader, catalog: Catalog) -> list[Run]:
    if any(map(is_term, words.split())):
        return select(read_selection([words], reader, catalog), reader)
    try:
        return reader.runs(method=catalog.find_method(words).name)
    except UserError as no_method:
        try:
            return [reader.find(words)]
        except UserError as no_run:
            if words.startswith("@") or "several" in str(no_run):
                raise
            raise UserError(f"{no_method}; and no run begins with {words!r}; or write terms, as in method:adapter") from None


def _ambiguous(words: str, task: str, runs: Sequence[Run], catalog: Catalog) -> str:
    groups = {run.group_id: run for run in runs}
    told = distinctions({run.id: run.parsed for run in runs}, catalog)
    settings = [told.get(run.id, {}) for run in groups.values()]
    shared = set.intersection(*(set(one.items()) for one in settings))
    names = [
        settings_line({name: text for name, text in one.items() if (name, text) not in shared})
        or f"as run {run.id} on {run.backbone}"
        for run, one in zip(groups.values(), settings, strict=True)
    ]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return (
        f"{words!r} means {len(names)} configurations on {task}, of which one can be compared: "
        f"{'; '.join(names[:MOST_NAMED])}{more}; write terms that only one has, as in 'method:adapter lr:0.001'"
    )
