"""The files of a task's rows: the user's own, in a data folder, or from the hub."""

from __future__ import annotations

from pathlib import Path

from engine.catalog.task import DatasetSource, HubData, OwnData, TaskInfo
from engine.errors import UserError
from engine.files.hub import NotDownloaded, Progress, cached, fetch
from engine.files.saved_dataset import is_saved, saved_files


def task_files(
    task: TaskInfo, data_dir: Path | None, download: bool = False, progress: Progress | None = None
) -> dict[str, Path]:
    """The file of each official split that ``task`` reads; empty for a task whose rows are generated.

    Below ``data_dir`` they are ``<benchmark>/<config>/<split>.parquet``, unless the data is laid out otherwise; without it they
    come from the hub at the pinned revision. Raises NotDownloaded when they would have to be downloaded, UserError when
    ``data_dir`` lacks one. Of a saved dataset they are the folders of its splits.
    """
    if task.data is None:
        return {}
    if isinstance(task.data, OwnData):
        files = {split: Path(path) for split, path in task.data.files}
        if task.data.dataset:
            return _dataset_files(files, task, task.data.dataset)
        return _existing(files, task, "bring it back, or add the benchmark again")
    if data_dir is not None:
        folder = data_dir / task.data.folder
        files = {split: folder / name for split, name in _names(task, task.data.local_file).items()}
        return _existing(files, task, "check --data-dir")
    return _hub_files(task, task.data, download, progress)


def stored_files(task: TaskInfo, data_dir: Path | None) -> list[Path]:
    """The files that hold the rows of ``task_files``, several where a split is a folder. Raises as ``task_files``."""
    paths = task_files(task, data_dir).values()
    return [file for path in paths for file in (saved_files(path) if path.is_dir() else [path])]


def can_be_downloaded(task: TaskInfo) -> bool:
    """Whether the rows come from the hub, not from files of the user's own."""
    if isinstance(task.data, OwnData):
        return task.data.dataset is not None and task.data.dataset.on_hub
    return task.data is not None


def _dataset_files(files: dict[str, Path], task: TaskInfo, source: DatasetSource) -> dict[str, Path]:
    """The parquet file of each split of a hub dataset, or the folder of each split of a saved one."""
    absent = [path for path in files.values() if not (path.is_file() if source.on_hub else is_saved(path))]
    if absent and source.on_hub:
        raise NotDownloaded(f"the data of {task.key} is not on this machine")
    if absent:
        raise UserError(f"{task.key} needs {absent[0]}, which does not exist; bring it back, or add the benchmark again")
    return files


def _existing(files: dict[str, Path], task: TaskInfo, advice: str) -> dict[str, Path]:
    if absent := [path for path in files.values() if not path.is_file()]:
        raise UserError(f"{task.key} needs {absent[0]}, which does not exist; {advice}")
    return files


def _hub_files(task: TaskInfo, data: HubData, download: bool, progress: Progress | None) -> dict[str, Path]:
    names = _names(task, data.hub_file)
    cached_files = {split: cached(data.repo, name, data.revision, "dataset") for split, name in names.items()}
    if all(cached_files.values()):
        return {split: path for split, path in cached_files.items() if path}
    if not download:
        raise NotDownloaded(f"the data of {task.key} is not on this machine")
    folder = fetch(data.repo, list(names.values()), data.revision, "dataset", progress)
    if absent := [name for name in names.values() if not (folder / name).is_file()]:
        raise UserError(f"{task.key} needs {absent[0]}, which {data.repo} does not have at {data.revision[:12]}")
    return {split: folder / name for split, name in names.items()}


def _names(task: TaskInfo, pattern: str) -> dict[str, str]:
    """The file name of each official split, from a pattern with ``{config}`` and ``{split}``."""
    return {split: pattern.format(config=task.config or task.name, split=split) for split in task.official_splits}
