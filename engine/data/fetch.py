"""Downloads and checks what a benchmark needs: ``python -m engine.data.fetch --task KEY ... --backbone NAME ...``.

Prints one JSON object per line: ``begin`` and ``end`` of each task and backbone with its ``name``, between them the ``bytes``
of the file being downloaded. A failure is the last line of standard error, and the exit code is that of the error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine.catalog.benchmarks import find_task
from engine.errors import UserError
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
    try:
        for name in options.backbone:
            _check_name(name)
        for name in options.task:
            _fetch_task(name, _report)
        for name in options.backbone:
            _fetch_backbone(name, _report)
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _report(event: str, **about: Any) -> None:
    print(json.dumps({"event": event, **about}), flush=True)


def _fetch_task(name: str, report: Report) -> None:
    """Raises UserError when the rows cannot be downloaded, or are not those of the catalog."""
    from engine.data.loading import load_rows

    task = find_task(name)
    report("begin", name=task.key)
    files, present = _obtain(
        lambda progress, download: list(task_files(task, None, download, progress).values()), task.key, report
    )
    tables = load_rows(task, None)
    rows = {split: table.num_rows for split, table in tables.items()}
    report("end", name=task.key, here=present, bytes=sum(path.stat().st_size for path in files), rows=rows)


def _check_name(name: str) -> None:
    """Raises UserError for a name that is no backbone, before anything is downloaded."""
    try:
        backbone_folder(name)
    except NotHere:
        return


def _fetch_backbone(name: str, report: Report) -> None:
    def find(progress: Progress | None, download: bool) -> list[Path]:
        folder = backbone_folder(name, download, progress)
        return [folder / file for file in BACKBONE_FILES if (folder / file).is_file()]

    report("begin", name=name)
    files, present = _obtain(find, name, report)
    report("end", name=name, here=present, bytes=sum(path.stat().st_size for path in files))


def _obtain(find: Callable[[Progress | None, bool], list[Path]], name: str, report: Report) -> tuple[list[Path], bool]:
    """The files, downloaded if need be, and whether all were present before; damaged ones are downloaded again."""
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
