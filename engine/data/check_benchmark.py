"""Checks all rows of a declared benchmark: ``python -m engine.data.check_benchmark`` reads the benchmark as JSON from stdin.

It prints the benchmark again, with labels that were left open and the sizes of all splits; or one line on what is wrong.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace

from engine.catalog.records import benchmark_from
from engine.catalog.task import BenchmarkInfo, OwnData, TaskInfo
from engine.child_main import exit_code_of
from engine.data.loading import labels_of, load_rows
from engine.data.own_rows import completed
from engine.data.splits import parts_of_train
from engine.errors import UserError
from engine.metrics.scoring import METRICS


def checked(benchmark: BenchmarkInfo) -> BenchmarkInfo:
    """Raises UserError naming file, line and column, or task and metric."""
    return replace(benchmark, tasks=tuple(_checked(task) for task in benchmark.tasks))


def _checked(task: TaskInfo) -> TaskInfo:
    assert isinstance(task.data, OwnData)
    task = completed(task, task.data)
    known = [name for name in METRICS[task.kind] if name != "exact_match" and (name != "f1" or len(task.labels) == 2)]
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
