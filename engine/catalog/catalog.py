"""All benchmarks and methods, as one frozen value: built once per home and passed on.

Adding or removing a benchmark makes a new catalog, so that no reader ever sees one half changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from engine.catalog.benchmarks import BENCHMARKS
from engine.catalog.method import MethodInfo
from engine.catalog.methods import METHODS
from engine.catalog.task import BenchmarkInfo, TaskInfo
from engine.errors import UserError, did_you_mean


@dataclass(frozen=True)
class Catalog:
    """The benchmarks and methods of one home, by name and in the order in which they are listed."""

    benchmarks: Mapping[str, BenchmarkInfo]
    methods: Mapping[str, MethodInfo]
    unreadable: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """By name, why a benchmark that was added cannot be used."""
    left_out: tuple[str, ...] = ()
    """Why entries of installed packages cannot be used, one line each."""

    @cached_property
    def tasks(self) -> Mapping[str, TaskInfo]:
        """The tasks of all benchmarks by key; a task that several benchmarks share is listed once."""
        return MappingProxyType({task.key: task for info in self.benchmarks.values() for task in info.tasks})

    def with_benchmarks(self, added: Mapping[str, BenchmarkInfo], unreadable: Mapping[str, str]) -> Catalog:
        """This catalog and the benchmarks ``added`` to it; those in ``unreadable`` appear in errors only."""
        benchmarks = MappingProxyType({**self.benchmarks, **added})
        return replace(self, benchmarks=benchmarks, unreadable=MappingProxyType(dict(unreadable)))

    def with_installed(
        self, methods: Mapping[str, MethodInfo], benchmarks: Mapping[str, BenchmarkInfo], left_out: Sequence[str]
    ) -> Catalog:
        """This catalog and what installed packages add to it."""
        return replace(
            self,
            methods=MappingProxyType({**self.methods, **methods}),
            benchmarks=MappingProxyType({**self.benchmarks, **benchmarks}),
            left_out=tuple(left_out),
        )

    def find_method(self, name: str) -> MethodInfo:
        """The method of that name or alias, whatever its case. Raises UserError listing the names."""
        wanted = name.strip().lower().replace("_", "-").replace(" ", "-")
        for info in self.methods.values():
            if wanted in info.spellings:
                return info
        close = did_you_mean(wanted, self.methods)
        raise UserError(f"no method {name!r}{close}; `scalearn methods` lists {', '.join(self.methods)}")

    def find_benchmark(self, name: str) -> BenchmarkInfo:
        """Raises UserError listing the names."""
        for known, info in self.benchmarks.items():
            if plain_name(known) == plain_name(name):
                return info
        if reason := next((text for known, text in self.unreadable.items() if plain_name(known) == plain_name(name)), None):
            raise UserError(reason)
        raise UserError(f"no benchmark {name!r}{did_you_mean(name, self.benchmarks)}; there are {', '.join(self.benchmarks)}")

    def find_task(self, name: str, benchmark: str | None = None) -> TaskInfo:
        """A task by key (``glue/rte``) or by name, in ``benchmark`` or in the first benchmark that has it.

        Raises UserError naming the tasks to choose from.
        """
        wanted = name.strip().lower()
        if "/" in wanted:
            benchmark, wanted = wanted.split("/", 1)
        searched = self.find_benchmark(benchmark) if benchmark else None
        tasks = list(searched.tasks if searched else self.tasks.values())
        for task in tasks:
            if plain_name(task.name) == plain_name(wanted):
                return task
        where = searched.name if searched else " or ".join(dict.fromkeys(task.benchmark for task in tasks))
        names = dict.fromkeys(task.name for task in tasks)
        raise UserError(f"no task {name!r} in {where}{did_you_mean(wanted, names)}; there are {', '.join(names)}")

    def joint_name(self, keys: Sequence[str]) -> str:
        """One name for several task keys: ``glue`` for exactly its tasks in order, else ``glue/rte+mrpc+superglue/cb``."""
        for benchmark in self.benchmarks.values():
            if len(keys) > 1 and tuple(keys) == tuple(task.key for task in benchmark.tasks):
                return benchmark.name
        names, last = [], ""
        for key in keys:
            benchmark_name, _, name = key.partition("/")
            names.append(name if benchmark_name == last else key)
            last = benchmark_name
        return "+".join(names)

    def whole_benchmark(self, keys: Sequence[str]) -> str | None:
        """Name of the benchmark that consists of exactly these tasks, in any order; None if there is none."""
        return next((info.name for info in self.benchmarks.values() if {task.key for task in info.tasks} == set(keys)), None)


BUILT_IN = Catalog(MappingProxyType({info.name: info for info in BENCHMARKS}), MappingProxyType(METHODS))
"""The catalog without benchmarks of the user's own and without what installed packages add."""


def plain_name(name: str) -> str:
    """A name without case, ``-`` and ``_``; names that agree in this form are the same."""
    return name.strip().lower().replace("_", "").replace("-", "")
