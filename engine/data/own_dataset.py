"""The splits of a task whose rows are a dataset: chosen when a benchmark is added, downloaded again where a run lacks them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from engine.catalog.task import DatasetSource, OwnData, TaskInfo
from engine.errors import UserError, did_you_mean
from engine.files.home import Home
from engine.files.hub import Progress
from engine.files.prepared_dataset import is_prepared
from engine.files.saved_dataset import saved_splits
from engine.own_benchmarks.declaration import DEV_SHARE, with_data

DEV_NAMES = ("validation", "dev", "valid")
"""The split that is dev where none is named, the first that there is."""


def located(task: TaskInfo) -> TaskInfo:
    """The task with the files of its splits; a dataset of the hub is pinned to the commit that its revision is now.

    Raises UserError naming task and key for splits and configurations that there are not.
    """
    if not isinstance(task.data, OwnData) or task.data.dataset is None:
        return task
    try:
        return with_data(task, _located(task.data, task.data.dataset))
    except UserError as error:
        raise UserError(f"{task.key}: {error}", error.exit_code) from error


def _located(data: OwnData, source: DatasetSource) -> OwnData:
    choose = partial(_chosen, data)
    if source.on_hub:
        from engine.data.hub_rows import prepared_source

        source, files = prepared_source(source, Home.default().datasets, choose)
    else:
        folders = saved_splits(Path(source.name))
        source = replace(source, splits=tuple(choose(source, list(folders)).items()))
        files = {split: folders[name] for split, name in source.splits}
    data = replace(data, dataset=source, files=tuple((split, str(path)) for split, path in files.items()))
    if "dev" not in files and not data.dev_share:
        data = replace(data, dev_share=DEV_SHARE)
    if data.group and not (data.dev_share or data.test_share):
        raise UserError("group is for shares drawn from train, and dev and test are splits; leave it out")
    if data.dev_share + data.test_share >= 1:
        raise UserError("dev and test together leave nothing to train on; lower the shares")
    return data


def obtain(data: OwnData, progress: Progress | None = None) -> None:
    """Bring the rows of a dataset of the hub here that are not, at the commit that is stored. Raises UserError."""
    source = data.dataset
    paths = [Path(path) for _, path in data.files]
    if source is None or not source.on_hub or all(map(is_prepared, paths)):
        return
    from engine.data.hub_rows import prepared_source

    prepared_source(source, paths[0].parent.parent, lambda known, _splits: dict(known.splits), progress)


def _chosen(data: OwnData, source: DatasetSource, splits: Sequence[str]) -> dict[str, str]:
    """Split of a run and the dataset's name of it: what the declaration names, else what is usual."""
    named = dict(source.splits)
    there = f"there are {', '.join(splits)}"
    for key, name in named.items():
        if name not in splits:
            close = did_you_mean(name, splits)
            raise UserError(f'{key} = "{name}" is no split of {source.title}{close}; {there}')
    chosen = {"train": named.get("train") or ("train" if "train" in splits else splits[0] if len(splits) == 1 else "")}
    if not chosen["train"]:
        raise UserError(f'{source.title} has no split train; {there}; name one, as in train = "{splits[0]}"')
    if "test" in named or (not data.test_share and "test" in splits and "test" not in named.values()):
        chosen["test"] = named.get("test", "test")
    elif not data.test_share:
        others = [name for name in DEV_NAMES if name in splits]
        left = " left" if "test" in splits else ""
        advice = f'test = "{others[0]}", or ' if others else ""
        advice += "a share of train as in test = 0.2"
        raise UserError(f"{source.title} has no split test{left}; {there}; write {advice}")
    dev = named.get("dev") or next((name for name in DEV_NAMES if name in splits and name not in chosen.values()), None)
    if dev and ("dev" in named or not data.dev_share):
        chosen["dev"] = dev
    for split, name in chosen.items():
        if twice := next((other for other in ("dev", "test") if other != split and chosen.get(other) == name), None):
            raise UserError(f'{split} and {twice} are both "{name}"; {there}, or take a share as in {twice} = 0.2')
    return {split: chosen[split] for split in ("train", "dev", "test") if split in chosen}
