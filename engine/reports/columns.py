"""The columns of a table: one for each definition of a task, and for each state of its rows, that runs were trained on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.catalog.task import BenchmarkInfo, HubData
from engine.registry.records import Run
from engine.reports.conditions import code_version
from engine.reports.measures import measures
from engine.reports.query import Query
from engine.reports.run_results import RunResults, incomplete_rows
from engine.reports.table import Column
from engine.runs.definition import Definition, definition_of
from engine.runs.definition_names import differences
from engine.runs.spec import group_of

DATES = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S.%f")
"""From coarse to fine: what tells apart what differs in nothing that can be named."""


@dataclass(frozen=True)
class Columns:
    """One for each definition, in the benchmark's order, and which of them each run's results belong to."""

    all: tuple[Column, ...]
    by_run: Mapping[tuple[str, str], Column]
    """By run id and task key."""
    measures: Mapping[Column, tuple[Column, ...]]
    """What the table shows of each."""

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns of the table."""
        return tuple(measure for column in self.all for measure in self.measures[column])

    def of(self, run: Run, task: str) -> Column | None:
        return self.by_run.get((run.id, task))

    def first(self, task: str) -> Column | None:
        """The task's column of today's definition, or of the newest one that runs have."""
        return next((column for column in self.all if column.task == task), None)


@dataclass
class _Version:
    """Runs that learned a task in one definition from the same rows."""

    definition: Definition
    runs: list[Run]
    words: list[str]
    """What differs from the reference."""
    data: str = ""

    @property
    def newest(self) -> datetime:
        return max(run.created_at for run in self.runs)

    @property
    def oldest(self) -> datetime:
        return min(run.created_at for run in self.runs)


def columns_of(benchmark: BenchmarkInfo, runs: Sequence[Run], results: RunResults, query: Query) -> Columns:
    """The columns of ``runs``; of each task today's definition comes first, then the others, the newest first."""
    shown: dict[Column, tuple[Column, ...]] = {}
    by_run: dict[tuple[str, str], Column] = {}
    for task in benchmark.tasks:
        versions = _versions(task.key, [run for run in runs if task.key in run.tasks], results)
        for version, words in zip(versions, _told_apart(versions), strict=True):
            column = Column(task.key, task.title, task.headline, words)
            shown[column] = measures(column, task, query)
            by_run |= {(run.id, task.key): column for run in version.runs}
    return Columns(tuple(shown), by_run, shown)


def variants(task: str, runs: Sequence[Run], results: RunResults) -> dict[str, str]:
    """By run id, what tells the runs' definition and rows of ``task`` from today's; empty for those of today."""
    versions = _versions(task, runs, results)
    told = zip(versions, _told_apart(versions), strict=True)
    return {run.id: words for version, words in told for run in version.runs}


def _versions(task: str, runs: Sequence[Run], results: RunResults) -> list[_Version]:
    """The runs by definition and rows of the task, in the order of their columns."""
    by_identity: dict[tuple[str, str, str], _Version] = {}
    # Of thousands of runs, few differ in these.
    definitions: dict[str, tuple[Definition, str]] = {}
    origins: dict[str, str] = {}
    for run in sorted(runs, key=lambda run: run.created_at, reverse=True):
        recorded = json.dumps(run.parsed.own.get(task))
        if recorded not in definitions:
            definition = _definition(run, task, results)
            compared = {name: value for name, value in definition.items() if name not in ("headline", "metrics")}
            definitions[recorded] = definition, json.dumps(compared, sort_keys=True)
        if run.group_id not in origins:
            origins[run.group_id] = _origin(run, results)
        (definition, compared_text), origin, data = definitions[recorded], origins[run.group_id], run.parsed.data.get(task, "")
        words = [origin] if origin else []
        version = by_identity.setdefault((compared_text, data, origin), _Version(definition, [], words, data))
        version.runs.append(run)
    versions = list(by_identity.values())
    if not versions:
        return []
    known = results.catalog.tasks.get(task)
    reference = definition_of(known) if known else next((version.definition for version in versions if version.definition), {})
    for version in versions:
        if version.definition != reference:
            version.words = (differences(version.definition, reference) if version.definition else ["imported"]) + version.words
    versions.sort(key=lambda version: bool(version.words))
    pinned = known.data.revision if known and isinstance(known.data, HubData) else None
    usual = next((version for version in versions if version.data == pinned), versions[0])
    for version in versions:
        if version.data != usual.data:
            version.words.append(_data_words(version, usual, task))
        version.words += list({text: None for run in version.runs if (text := incomplete_rows(run, known))})[:1]
    return sorted(versions, key=lambda version: (bool(version.words), version.data != usual.data))


def _definition(run: Run, task: str, results: RunResults) -> Definition:
    """Empty for an imported adapter whose task is unknown here."""
    known = run.parsed.known_task(task, results.catalog)
    return definition_of(known) if known else {}


def _origin(run: Run, results: RunResults) -> str:
    """Where a run comes from whose definitions are not those that can be made of its record today; else empty."""
    spec = run.parsed
    tasks = [spec.known_task(key, results.catalog) for key in spec.targets]
    if not all(tasks) or run.group_id == group_of(spec, [definition_of(task) for task in tasks if task]):
        return ""
    version = code_version(run)
    return "imported" if run.imported else f"version {version}" if version else "an earlier version"


def _data_words(version: _Version, usual: _Version, task: str) -> str:
    """``local files``, ``rows 120/40/40`` where numbers of rows differ, else when these rows were first trained on."""
    if version.runs[0].parsed.data_dir and not usual.runs[0].parsed.data_dir:
        return "local files"
    ours, theirs = _sizes(version.runs, task), _sizes(usual.runs, task)
    return f"rows {ours}" if ours and theirs and ours != theirs else f"data of {version.oldest.astimezone():{DATES[0]}}"


def _sizes(runs: Iterable[Run], task: str) -> str:
    """Rows per split of a run that was not limited: ``120/40/40``; empty where there is none."""
    for run in runs:
        splits = (run.provenance or {}).get("splits", {}).get(task)
        if splits and not run.parsed.limits and not run.parsed.shots:
            return "/".join(str(count) for count in splits.values())
    return ""


def _told_apart(versions: Sequence[_Version]) -> list[str]:
    """The versions' words; where those of several are equal, with the date of the first run."""
    words = [", ".join(version.words) for version in versions]
    equal = [[other for other, text in zip(versions, words, strict=True) if text == mine] for mine in words]
    dates = [first_runs([version.oldest for version in group]) for group in equal]
    return [
        text if len(group) == 1 else ", ".join(filter(None, (text, f"first run {date[group.index(version)]}")))
        for version, text, group, date in zip(versions, words, equal, dates, strict=True)
    ]


def first_runs(moments: Sequence[datetime]) -> list[str]:
    """The moments as text, as coarse as tells them apart."""
    texts = [[f"{moment.astimezone():{form}}" for moment in moments] for form in DATES]
    return next((written for written in texts if len(set(written)) == len(moments)), texts[-1])
