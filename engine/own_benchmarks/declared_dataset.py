"""A task's ``dataset``: a folder that ``save_to_disk`` of ``datasets`` wrote, or a repository of the hub."""

from __future__ import annotations

import re
from pathlib import Path

from engine.catalog.task import DatasetSource
from engine.files.saved_dataset import is_saved
from engine.own_benchmarks.keys import Keys, shown

DATASET_KEYS = ("dataset", "config", "revision")
REPOSITORY = re.compile(r"\w[\w.-]{0,95}/\w[\w.-]{0,95}")
TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".json", ".parquet")


def declared_dataset(keys: Keys) -> DatasetSource | None:
    """The dataset with the splits that are named, or None where the task reads tables. Raises UserError that names the key.

    Which splits and configurations there are is only known to the library, which the data room asks.
    """
    if "dataset" not in keys.values:
        for key in ("config", "revision"):
            if key in keys.values:
                keys.fail(key, 'is for dataset = "org/name"; leave it out')
        return None
    splits = tuple((split, _split(keys, split)) for split in ("train", "dev", "test") if _names_split(keys, split))
    name = keys.text("dataset").strip()
    if folder := _folder(keys, name):
        for key in ("config", "revision"):
            if key in keys.values:
                keys.fail(key, f"is for a dataset of the hub, and {name} is a folder; leave it out")
        return DatasetSource(str(folder), splits=splits)
    optional = {key: keys.text(key).strip() for key in ("config", "revision") if key in keys.values}
    return DatasetSource(name, splits=splits, **optional)


def _names_split(keys: Keys, split: str) -> bool:
    return split in keys.values if split == "train" else isinstance(keys.values.get(split), str)


def _split(keys: Keys, key: str) -> str:
    name = keys.text(key).strip()
    if "/" in name or Path(name).suffix.lower() in TABLE_SUFFIXES:
        keys.fail(key, f"names a split of the dataset, not a file such as {shown(name)}; leave out dataset or give a split")
    return name


def _folder(keys: Keys, name: str) -> Path | None:
    """The saved dataset of that name beside the declaration; None for the name of a repository without such a folder."""
    try:
        path = (keys.file.parent / Path(name).expanduser()).resolve()
        exists = path.exists()
    except (OSError, ValueError, RuntimeError):
        # Too long, a null byte, or the home of an unknown user.
        keys.fail("dataset", f"cannot be the name of a folder: {shown(name)[:80]}")
    if exists and is_saved(path):
        return path
    if exists:
        advice = "name a table with train" if path.is_file() else "save_to_disk of datasets writes such a folder"
        keys.fail("dataset", f"is {path}, which is no saved dataset; {advice}")
    if not REPOSITORY.fullmatch(name):
        keys.fail("dataset", f"is {shown(name)}: neither a folder beside the file nor org/name of a dataset on the hub")
    return None
