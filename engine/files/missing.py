"""Which of the files that a run needs are not on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.catalog.task import TaskInfo
from engine.files.backbones import Backbone
from engine.files.hub import NotDownloaded
from engine.files.reachability import forbid
from engine.files.task_files import task_files


@dataclass(frozen=True)
class Missing:
    """Files that are not on this machine."""

    backbone: bool
    tasks: tuple[str, ...]
    """Keys of the tasks whose rows are missing."""

    def __bool__(self) -> bool:
        return self.backbone or bool(self.tasks)


def missing_files(backbone: Backbone, tasks: Sequence[TaskInfo], data_dir: Path | None) -> Missing:
    """The files that would have to be downloaded; sends no request. Raises UserError for files that cannot be used."""
    missing_tasks = tuple(task.key for task in tasks if _is_missing(partial(task_files, task, data_dir)))
    return Missing(_is_missing(backbone.folder), missing_tasks)


def stay_offline(backbone: Backbone, tasks: Sequence[TaskInfo], data_dir: Path | None) -> bool:
    """Forbid this process requests to the hub if no file is missing; returns whether it did. Raises as ``missing_files``."""
    if missing_files(backbone, tasks, data_dir):
        return False
    forbid()
    return True


def _is_missing(find: Callable[[], object]) -> bool:
    try:
        find()
    except NotDownloaded:
        return True
    return False
