"""Checks all rows of a declared benchmark: ``python -m engine.data.check_benchmark`` reads the benchmark as JSON from stdin.

Prints the benchmark with the labels that the declaration leaves open and the sizes of all splits, or one line with an error.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace

from engine.catalog.kinds import KINDS
from engine.catalog.records import benchmark_from
from engine.catalog.task import BenchmarkInfo, OwnData, TaskInfo
from engine.child_main import exit_code_of
from engine.data.labels import labels_of
from engine.data.loading import load_rows
from engine.data.own_rows import completed
from engine.data.splits import parts_of_train
from engine.errors import UserError


def checked(benchmark: BenchmarkInfo) -> BenchmarkInfo:
    """The benchmark with labels and sizes filled in. Raises UserError naming file, line and column, or task and metric."""
    return replace(benchmark, tasks=tuple(_checked(task) for task in benchmark.tasks))


def _checked(task: TaskInfo) -> TaskInfo:
    assert isinstance(task.data, OwnData)
    task = completed(task, task.data)
    known = KINDS[task.kind].metrics_of_own_task(len(task.labels))
    if unknown := [name for name in task.metrics if name not in known]:
        raise UserError(f"{task.key} cannot have the metric {unknown[0]!r}; there are {', '.join(known)}")
    tables = load_rows(task, None)
    sizes = {split: table.num_rows for split, table in tables.items()}
    sizes |= {split: len(rows) for split, rows in parts_of_train(task, labels_of(task, tables["train"])).items()}
    train = sizes["train"] if task.dev else sizes["train"] + sizes["dev"]
    return replace(task, sizes=(train, sizes["test"]), dev_size=sizes["dev"])


def main() -> int:
    return exit_code_of(lambda: print(json.dumps(asdict(checked(benchmark_from(json.load(sys.stdin)))))))


if __name__ == "__main__":
    sys.exit(main())
