"""Checks all rows of a declared benchmark: ``python -m engine.data.check_benchmark`` reads the benchmark as JSON from stdin.
With ``--tokenizer FOLDER`` it measures lengths in that backbone's tokens as well.

Prints a JSON object: ``benchmark`` with the labels that the declaration leaves open and the sizes of all splits, ``data`` with
the identity of each task's rows, ``tasks`` with what was read of each, and ``notices``; or one line with an error.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from engine.catalog.kinds import KINDS
from engine.catalog.records import benchmark_from
from engine.catalog.task import BenchmarkInfo, OwnData, TaskInfo
from engine.child_main import exit_code_of
from engine.data.own_dataset import located
from engine.data.own_labels import check_hidden
from engine.data.own_report import OwnFiles, TaskReport
from engine.data.own_rows import completed, read_own_table, rendered_table
from engine.data.tokenizer import BackboneTokenizer
from engine.errors import UserError
from engine.files.identity import data_identity
from engine.files.task_files import task_files
from engine.own_benchmarks.notices import Notice


@dataclass(frozen=True)
class Checked:
    """A benchmark after every row was read."""

    benchmark: BenchmarkInfo
    """With labels and sizes filled in."""
    data: dict[str, str]
    """Identity of each task's rows, by key."""
    tasks: tuple[TaskReport, ...]
    notices: tuple[Notice, ...]


def checked(benchmark: BenchmarkInfo, tokenizer: BackboneTokenizer | None = None) -> Checked:
    """All rows read and checked, and measured in tokens if a ``tokenizer`` is given.

    Raises UserError naming file, line and column, or task and metric.
    """
    declared = {task.key: bool(task.labels) for task in benchmark.tasks}
    tasks = [located(task) for task in benchmark.tasks]
    # Known before the rows are read, so that rows that change meanwhile do not count as checked.
    data = {task.key: data_identity(task, None) for task in tasks}
    files = [_read(task) for task in tasks]
    notices = (notice for read in files for notice in read.notices(declared[read.task.key]))
    info = replace(benchmark, tasks=tuple(_with_sizes(read) for read in files))
    return Checked(info, data, tuple(read.report(tokenizer) for read in files), tuple(notices))


def _read(task: TaskInfo) -> OwnFiles:
    data = task.data
    assert isinstance(data, OwnData)
    task = completed(task, data)
    known = KINDS[task.kind].metrics_of_own_task(len(task.labels))
    if unknown := [name for name in task.metrics if name not in known]:
        raise UserError(f"{task.key} cannot have the metric {unknown[0]!r}; there are {', '.join(known)}")
    own = {split: read_own_table(task, data, path) for split, path in task_files(task, None).items()}
    for split in own.keys() - {"train"}:
        check_hidden(split, own[split])
    return OwnFiles(task, own, {split: rendered_table(task, table) for split, table in own.items()})


def _with_sizes(read: OwnFiles) -> TaskInfo:
    sizes = {split: len(rows) for split, (_, rows) in read.splits.items()}
    train = sizes["train"] if read.task.dev else sizes["train"] + sizes["dev"]
    return replace(read.task, sizes=(train, sizes["test"]), dev_size=sizes["dev"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.data.check_benchmark", description="Check a benchmark's rows.")
    parser.add_argument("--tokenizer", type=Path, help="folder of the backbone whose tokens are counted")
    folder = parser.parse_args().tokenizer
    tokenizer = BackboneTokenizer(folder) if folder else None
    return exit_code_of(lambda: print(json.dumps(asdict(checked(benchmark_from(json.load(sys.stdin)), tokenizer)))))


if __name__ == "__main__":
    sys.exit(main())
