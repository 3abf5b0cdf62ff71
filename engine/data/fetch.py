"""Downloads and checks what a benchmark needs: ``python -m engine.data.fetch --task KEY ... --backbone NAME ...``.

Prints one JSON object per line: ``begin`` and ``end`` of each task and backbone with its ``name``, between them the ``bytes``
of the file being downloaded. A failure is the last line of standard error, and the exit code is that of the error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.catalog.catalog import Catalog
from engine.catalog.task import OwnData, TaskInfo
from engine.child_main import exit_code_of
from engine.files.backbones import Backbone, backbone_files, find_backbone
from engine.files.home import Home
from engine.files.hub import NotDownloaded, Progress, discard, is_intact
from engine.files.prepared_dataset import is_prepared
from engine.files.task_files import can_be_downloaded, stored_files, task_files
from engine.plugins.home_catalog import load_catalog

Report = Callable[..., None]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.data.fetch", description="Download and check data.")
    parser.add_argument("--task", action="append", default=[])
    parser.add_argument("--backbone", action="append", default=[])
    parser.add_argument("--home", type=Path, required=True)
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: fetch(options.task, options.backbone, load_catalog(Home(options.home))))


def fetch(tasks: Sequence[str], backbones: Sequence[str], catalog: Catalog) -> None:
    """Raises UserError for the first that cannot be downloaded."""
    checked = [_checked(name) for name in backbones]
    for name in tasks:
        _fetch_task(catalog.find_task(name), _report)
    for backbone in checked:
        _fetch_backbone(backbone, _report)


def _report(event: str, **about: Any) -> None:
    print(json.dumps({"event": event, **about}), flush=True)


def _fetch_task(task: TaskInfo, report: Report) -> None:
    """Raises UserError when the rows cannot be downloaded, or are not those of the catalog."""
    from engine.data.loading import load_rows
    from engine.data.own_dataset import obtain

    def find(progress: Progress | None, download: bool) -> list[Path]:
        if isinstance(task.data, OwnData):
            if download:
                obtain(task.data, progress)
            return stored_files(task, None)
        return list(task_files(task, None, download, progress).values())

    report("begin", name=task.key)
    prepared = isinstance(task.data, OwnData) and can_be_downloaded(task)
    files, present = _obtain(find, task.key, report, is_prepared if prepared else is_intact)
    tables = load_rows(task, None)
    rows = {split: table.num_rows for split, table in tables.items()}
    report("end", name=task.key, here=present, bytes=sum(path.stat().st_size for path in files), rows=rows)


def _checked(name: str) -> Backbone:
    """The backbone of that name. Raises UserError if there is none or its files are unusable, before anything is downloaded."""
    backbone = find_backbone(name)
    with suppress(NotDownloaded):
        backbone.folder()
    return backbone


def _fetch_backbone(backbone: Backbone, report: Report) -> None:
    def find(progress: Progress | None, download: bool) -> list[Path]:
        return backbone_files(backbone.folder(download, progress))

    report("begin", name=backbone.asked)
    files, present = _obtain(find, backbone.asked, report)
    report("end", name=backbone.asked, here=present, bytes=sum(path.stat().st_size for path in files))


def _obtain(
    find: Callable[[Progress | None, bool], list[Path]], name: str, report: Report, intact: Callable[[Path], bool] = is_intact
) -> tuple[list[Path], bool]:
    """The files, downloaded if need be, and whether all were present before; damaged ones are downloaded again."""
    try:
        files = find(None, False)
        damaged = [path for path in files if not intact(path)]
        for path in damaged:
            discard(path)
        if not damaged:
            return files, True
    except NotDownloaded:
        pass
    return find(lambda file, size: report("bytes", name=name, file=file, bytes=size), True), False


if __name__ == "__main__":
    sys.exit(main())
