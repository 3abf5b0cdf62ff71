"""The input of a leaderboard: the runs' results, and their tasks and benchmarks, of then and now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.catalog.catalog import Catalog
from engine.catalog.task import BenchmarkInfo, TaskInfo
from engine.registry.reading import Results
from engine.registry.tables import Run


@dataclass(frozen=True)
class RunResults:
    """The results of all runs, and the tasks and benchmarks that they are of."""

    catalog: Catalog

    results: Mapping[str, Results]
    """By run id."""
    tasks: Mapping[str, TaskInfo]
    """By key. A task that has since been removed or renamed is the one that the newest of its runs recorded."""

    def headline(self, run: Run, task: str) -> float | None:
        """The task's headline metric on test, as a fraction; None for an imported adapter's task that is unknown here."""
        if task not in self.tasks:
            return None
        return self.results.get(run.id, {}).get(task, {}).get("test", {}).get(self.tasks[task].headline)

    def benchmark(self, name: str) -> BenchmarkInfo:
        """The benchmark as it is, with tasks that it no longer has but that runs were trained on."""
        info = self.catalog.benchmarks.get(name, BenchmarkInfo(name, name, ()))
        removed = tuple(task for task in self.tasks.values() if task.benchmark == name and task not in info.tasks)
        return replace(info, tasks=(*info.tasks, *removed))

    def keys(self, name: str) -> set[str]:
        """Keys of the benchmark's tasks."""
        return {task.key for task in self.benchmark(name).tasks}
