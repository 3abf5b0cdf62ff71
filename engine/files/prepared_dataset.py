"""Rows of hub datasets as parquet, one file a split, in a folder for each repository, configuration and commit.

The library that reads a repository's files is asked once; from then on the rows are tables like a user's own.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.catalog.task import DatasetSource
from engine.files.disk import atomic_write, file_digest, folder_bytes, locked, try_lock

CARD = "card.json"
LOCK = ".preparing.lock"
"""Held in the folder of all datasets while rows are prepared; preparations follow each other."""
UNFINISHED = ".unfinished-"


@dataclass(frozen=True)
class Card:
    """What a folder holds."""

    dataset: str
    config: str
    default: bool
    """Whether the configuration is the one that is read where none is named."""
    revision: str
    splits: tuple[str, ...]
    """All that the configuration has."""
    sha256: dict[str, str]
    """Of the splits whose rows are here."""


def prepared_folder(datasets: Path, name: str, config: str, commit: str) -> Path:
    """The folder below ``datasets`` for the rows of one configuration at one commit."""
    key = hashlib.sha256(json.dumps([name, config, commit]).encode()).hexdigest()
    return datasets / f"{name.replace('/', '--')}-{key[:16]}"


def prepared_file(folder: Path, split: str) -> Path:
    """The rows of one split."""
    return folder / f"{split}.parquet"


def read_card(folder: Path) -> Card | None:
    """None where the folder does not exist or is unfinished."""
    try:
        record = json.loads((folder / CARD).read_text(encoding="utf-8"))
        return Card(**{**record, "splits": tuple(record["splits"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_card(folder: Path, card: Card) -> None:
    with atomic_write(folder / CARD) as draft:
        draft.write_text(json.dumps(asdict(card), indent=1), encoding="utf-8")


def find_card(datasets: Path, source: DatasetSource) -> tuple[Path, Card] | None:
    """The folder of ``source`` at its commit, if rows of it were prepared before; without a configuration, of the default."""
    for folder in sorted(datasets.glob(f"{source.name.replace('/', '--')}-*/")):
        card = read_card(folder)
        if card is None or (card.dataset, card.revision) != (source.name, source.revision):
            continue
        if card.config == source.config or (card.default and not source.config):
            return folder, card
    return None


def is_prepared(path: Path) -> bool:
    """Whether a split's rows are here and as they were written."""
    card = read_card(path.parent)
    return path.is_file() and card is not None and card.sha256.get(path.stem) == file_digest(path)


@contextmanager
def preparing(datasets: Path) -> Iterator[Path]:
    """An empty folder for the time of the block, in which no other process prepares or frees rows below ``datasets``."""
    with locked(datasets / LOCK):
        for remains in datasets.glob(f"{UNFINISHED}*"):
            shutil.rmtree(remains, ignore_errors=True)
        with TemporaryDirectory(dir=datasets, prefix=UNFINISHED) as scratch:
            yield Path(scratch)


def free_unused(datasets: Path, used: Collection[Path], dry_run: bool = False) -> list[tuple[str, int]]:
    """Remove the folders that are not ``used``; name and bytes of each. Removes nothing while a process prepares rows."""
    lock = try_lock(datasets / LOCK) if datasets.is_dir() else None
    if lock is None:
        return []
    try:
        unused = [folder for folder in sorted(datasets.glob("*/")) if folder not in used]
        freed = [(folder.name, folder_bytes(folder)) for folder in unused]
        for folder in () if dry_run else unused:
            shutil.rmtree(folder, ignore_errors=True)
        return freed
    finally:
        os.close(lock)
