"""The input of a leaderboard: the runs' results, and their tasks and benchmarks, of then and now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from engine.catalog.catalog import Catalog
from engine.catalog.kinds import is_plausible
from engine.catalog.task import BenchmarkInfo, TaskInfo
from engine.errors import UserError
from engine.registry.reading import Reader
from engine.registry.records import Results, Run
from engine.reports.table import Column


@dataclass(frozen=True)
class RunResults:
    """The results of all runs, and the tasks and benchmarks that they are of."""

    catalog: Catalog

    results: Mapping[str, Results]
    """By run id."""
    tasks: Mapping[str, TaskInfo]
    """By key. A task that has since been removed or renamed is the one that the newest of its runs recorded."""
    why_missing: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By run id and task: why metrics that the task has today are missing."""
    with_evidence: Collection[str] = ()
    """Ids of the runs whose numbers can be computed again from what they answered."""

    @classmethod
    def of(cls, store: Reader, catalog: Catalog, runs: Sequence[Run], tasks: Mapping[str, TaskInfo]) -> RunResults:
        """The runs' results; metrics that a task was given since are computed from what the runs answered."""
        results = store.results([run.id for run in runs])
        why_missing = _without_implausible(results)
        for run in runs:
            for key, splits in results.get(run.id, {}).items():
                for split, values in splits.items():
                    if key not in tasks or not (missing := set(tasks[key].metrics) - values.keys()):
                        continue
                    # Only what is missing costs a process numpy.
                    from engine.reports.evidence import evidence_of, recompute

                    try:
                        again = recompute(tasks[key], evidence_of(store, run, key, split))
                        values |= {name: again[name] for name in missing}
                    except UserError as error:
                        why_missing.setdefault((run.id, key), str(error))
        return cls(catalog, results, tasks, why_missing, store.with_evidence(list(results)))

    def score(self, run: Run, column: Column) -> float | None:
        """The run's figure in a column, as a fraction."""
        return self.results.get(run.id, {}).get(column.task, {}).get(column.split, {}).get(column.metric)

    def dev(self, run: Run) -> float | None:
        """The mean of its tasks' headline metrics on dev at the selected epoch, as a fraction; None where one is missing."""
        of_run, known = self.results.get(run.id, {}), [self.tasks[task] for task in run.tasks if task in self.tasks]
        scores = [of_run.get(task.key, {}).get("dev", {}).get(task.headline) for task in known]
        present = [score for score in scores if score is not None]
        return fmean(present) if present and len(present) == len(run.tasks) else None

    def benchmark(self, name: str) -> BenchmarkInfo:
        """The benchmark as it is, with tasks that it no longer has but that runs were trained on."""
        info = self.catalog.benchmarks.get(name, BenchmarkInfo(name, name, ()))
        removed = tuple(task for task in self.tasks.values() if task.benchmark == name and task not in info.tasks)
        return replace(info, tasks=(*info.tasks, *removed))

    def keys(self, name: str) -> set[str]:
        """Keys of the benchmark's tasks."""
        return {task.key for task in self.benchmark(name).tasks}

    def evidence_note(self, runs: Sequence[Run]) -> dict[str, list[str]]:
        """A line of the footer on runs whose answers are not here; empty where there are none."""
        without = sorted(run.id for run in runs if run.id not in self.with_evidence)
        if not without:
            return {}
        of_which = "no run" if len(without) == len(runs) else f"all runs but {', '.join(without)}"
        return {"evidence": [f"answers kept of {of_which}; earlier versions kept none, and imported adapters come without"]}


def _without_implausible(results: Mapping[str, Results]) -> dict[tuple[str, str], str]:
    """Take out what no run can have, which would make an average of anything; why, by run id and task."""
    why: dict[tuple[str, str], str] = {}
    for run_id, tasks in results.items():
        for task, splits in tasks.items():
            for split, values in splits.items():
                for metric in [name for name, value in values.items() if not is_plausible(name, value)]:
                    why[run_id, task] = f"its {metric} on {split} is {values.pop(metric):g}, which no run can have; delete it"
    return why


def incomplete_rows(run: Run, task: TaskInfo | None) -> str:
    """Which official splits of ``task`` the run read in part: ``train 100 of 363,846 rows, validation 100 of 40,430 rows``.

    Empty where all were complete, and for runs of versions that did not record it.
    """
    return incomplete(task, (run.provenance or {}).get("rows", {}).get(task.key, {})) if task else ""


def incomplete(task: TaskInfo, rows: Mapping[str, int]) -> str:
    """``incomplete_rows`` of ``rows`` by official split."""
    sizes = task.official_sizes
    parts = {split: (count, sizes[split]) for split, count in rows.items() if count != sizes.get(split, count)}
    return ", ".join(f"{split} {count:,} of {size:,} rows" for split, (count, size) in parts.items())
