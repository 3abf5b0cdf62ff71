"""Downloads and checks what a benchmark needs: ``python -m engine.data.fetch --task KEY ... --backbone NAME ...``.

Prints one JSON object a line: ``begin`` and ``end`` of each task and backbone with its ``name``, between them the ``bytes`` of
the file under way. A failure is the last line of standard error, and the exit code is that of the error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine.catalog.benchmarks import find_task
from engine.child_main import exit_code_of
from engine.files.backbones import BACKBONE_FILES, backbone_folder, task_files
from engine.files.hub import NotHere, Progress, discard, is_intact
from engine.own_benchmarks.stored import register

Report = Callable[..., None]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.data.fetch", description="Download and check data.")
    parser.add_argument("--task", action="append", default=[])
    parser.add_argument("--backbone", action="append", default=[])
    parser.add_argument("--own", type=Path, help="folder of the user's own benchmarks")
    options = parser.parse_args(arguments)
    if options.own:
        register(options.own)
    return exit_code_of(lambda: fetch(options.task, options.backbone))


def fetch(tasks: Sequence[str], backbones: Sequence[str]) -> None:
    """Raises UserError for the first that cannot be had."""
    for name in backbones:
        _check_name(name)
    for name in tasks:
        _fetch_task(name, _report)
    for name in backbones:
        _fetch_backbone(name, _report)


def _report(event: str, **about: Any) -> None:
    print(json.dumps({"event": event, **about}), flush=True)


def _fetch_task(name: str, report: Report) -> None:
    """Raises UserError when the rows cannot be had, or are not those that the catalog tells of."""
    from engine.data.loading import load_rows

    task = find_task(name)
    report("begin", name=task.key)
    files, here = _had(lambda progress, download: list(task_files(task, None, download, progress).values()), task.key, report)
    tables = load_rows(task, None)
    rows = {split: table.num_rows for split, table in tables.items()}
    report("end", name=task.key, here=here, bytes=sum(path.stat().st_size for path in files), rows=rows)


def _check_name(name: str) -> None:
    """Raises UserError for no backbone at all, before anything is downloaded."""
    try:
        backbone_folder(name)
    except NotHere:
        return


def _fetch_backbone(name: str, report: Report) -> None:
    def find(progress: Progress | None, download: bool) -> list[Path]:
        folder = backbone_folder(name, download, progress)
        return [folder / file for file in BACKBONE_FILES if (folder / file).is_file()]

    report("begin", name=name)
    files, here = _had(find, name, report)
    report("end", name=name, here=here, bytes=sum(path.stat().st_size for path in files))


def _had(find: Callable[[Progress | None, bool], list[Path]], name: str, report: Report) -> tuple[list[Path], bool]:
    """The files, downloaded if need be, and whether they were here before; damaged ones are downloaded again."""
    try:
        files = find(None, False)
        damaged = [path for path in files if not is_intact(path)]
        for path in damaged:
            discard(path)
        if not damaged:
            return files, True
    except NotHere:
        pass
    return find(lambda file, size: report("bytes", name=name, file=file, bytes=size), True), False


if __name__ == "__main__":
    sys.exit(main())
