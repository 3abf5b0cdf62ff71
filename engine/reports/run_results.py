"""What a leaderboard is made of: the runs' results, and the tasks and benchmarks of then and now."""

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
    """By key. A task that was removed or renamed since is what the newest of its runs recorded."""

    def headline(self, run: Run, task: str) -> float | None:
        """The task's headline metric on test, as a fraction; None for a task that is unknown here, of an imported adapter."""
        if task not in self.tasks:
            return None
        return self.results.get(run.id, {}).get(task, {}).get("test", {}).get(self.tasks[task].headline)

    def benchmark(self, name: str) -> BenchmarkInfo:
        """As it is, with the tasks that it had when runs were trained on them."""
        info = self.catalog.benchmarks.get(name, BenchmarkInfo(name, name, ()))
        gone = tuple(task for task in self.tasks.values() if task.benchmark == name and task not in info.tasks)
        return replace(info, tasks=(*info.tasks, *gone))

    def keys(self, name: str) -> set[str]:
        """Keys of the benchmark's tasks."""
        return {task.key for task in self.benchmark(name).tasks}
