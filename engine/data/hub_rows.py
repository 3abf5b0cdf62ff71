"""Rows of a dataset repository of the hub: found, downloaded and written as parquet by the ``datasets`` library.

Only names of files decide which of them a configuration's splits are read from. So the library first sees empty files of those
names beside the real description of the repository, and only the files that it picks are downloaded. It runs no code of the
repository and unpickles nothing: tables and text are read, anything else is refused.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.catalog.task import DatasetSource
from engine.errors import UserError, did_you_mean
from engine.files.dataset_repository import COMMIT, Repository, find_repository
from engine.files.disk import atomic_write, file_digest
from engine.files.hub import Progress
from engine.files.prepared_dataset import (
    Card,
    find_card,
    is_prepared,
    prepared_file,
    prepared_folder,
    preparing,
    read_card,
    write_card,
)

DESCRIPTIONS = ("README.md", ".huggingface.yaml", "dataset_infos.json")
"""Files that describe configurations, splits and features."""
READERS = ("parquet", "json", "csv", "arrow", "text")
"""Modules of the library whose files are tables or text."""
Splits = Mapping[str, str]
"""Split of a run and the dataset's name of it."""
Choose = Callable[[DatasetSource, Sequence[str]], Splits]
"""Given a source at its commit and the names of its splits."""


def prepared_source(
    source: DatasetSource, datasets: Path, choose: Choose, progress: Progress | None = None
) -> tuple[DatasetSource, dict[str, Path]]:
    """The source at its commit, and the parquet file of each split of a run below ``datasets``.

    ``choose`` says which of its splits are read. Rows that are here at the commit are read without asking the hub.
    Raises UserError for a repository, revision, configuration or file that cannot be read.
    """
    found = find_card(datasets, source) if COMMIT.fullmatch(source.revision) else None
    if found:
        folder, card = found
        complete = _complete(source, card.config, card.revision, choose, card.splits)
        files = _files(folder, complete)
        if all(map(is_prepared, files.values())):
            return complete, files
    repository = find_repository(source.name, source.revision)
    with preparing(datasets) as scratch, _library_errors(source.name, scratch):
        tree = scratch / "rows"
        _outline(repository, tree, progress)
        config, default = _config(source, tree)
        builder = _builder(repository, tree, config)
        splits = tuple(map(str, builder.config.data_files))
        complete = _complete(source, config, repository.commit, choose, splits)
        folder = prepared_folder(datasets, source.name, config, repository.commit)
        files = _files(folder, complete)
        card = Card(source.name, config, config == default, repository.commit, splits, {})
        if absent := [path.stem for path in files.values() if not is_prepared(path)]:
            _download(repository, builder, absent, tree, progress)
            _write(builder, absent, folder, card)
    return complete, files


def _complete(source: DatasetSource, config: str, commit: str, choose: Choose, splits: Sequence[str]) -> DatasetSource:
    pinned = replace(source, config=config, revision=commit)
    return replace(pinned, splits=tuple(choose(pinned, splits).items()))


def _files(folder: Path, source: DatasetSource) -> dict[str, Path]:
    return {split: prepared_file(folder, name) for split, name in source.splits}


def _outline(repository: Repository, tree: Path, progress: Progress | None) -> None:
    """The repository's descriptions, and an empty file for each other one."""
    script = f"{repository.name.rpartition('/')[2]}.py"
    if script in repository.files:
        raise UserError(
            f"{repository.name} is a script, {script}, and scripts of the hub are never run; "
            "give a folder that save_to_disk of datasets wrote, or a dataset of parquet, JSON or CSV"
        )
    descriptions = repository.fetch([name for name in DESCRIPTIONS if name in repository.files], progress)
    for name in repository.files:
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name in descriptions:
            path.symlink_to(descriptions[name])
        else:
            path.touch()


def _config(source: DatasetSource, tree: Path) -> tuple[str, str | None]:
    """The configuration that is read and the one that is the default, if there is one. Raises UserError."""
    from datasets import get_dataset_config_names, get_dataset_default_config_name

    names = list(map(str, get_dataset_config_names(str(tree))))
    default = get_dataset_default_config_name(str(tree))
    if source.config and source.config not in names:
        close = did_you_mean(source.config, names)
        raise UserError(f'{source.name} has no config "{source.config}"{close}; there are {", ".join(names)}')
    if not source.config and default is None:
        example = f'name one, as in config = "{names[0]}"'
        raise UserError(f"{source.name} has several configs; {example}; there are {', '.join(names)}")
    return source.config or str(default), default


def _builder(repository: Repository, tree: Path, config: str) -> Any:
    from datasets import disable_progress_bars, load_dataset_builder

    disable_progress_bars()
    builder = load_dataset_builder(str(tree), name=config, cache_dir=str(tree.parent / "cache"))
    module = type(builder).__module__.rpartition(".")[2]
    if module not in READERS:
        raise UserError(f"{repository.name} holds files for the reader {module}; rows are read from {', '.join(READERS)} only")
    return builder


def _download(repository: Repository, builder: Any, splits: Sequence[str], tree: Path, progress: Progress | None) -> None:
    """Put the real files of these splits in the place of the empty ones."""
    names = []
    for split in splits:
        for path in map(str, builder.config.data_files[split]):
            name = os.path.relpath(os.path.normpath(path), tree)
            if not Path(path).is_absolute() or name not in repository.files:
                raise UserError(f"{repository.name} reads {path} for its split {split}, which is no file of the repository")
            names.append(name)
    for name, file in repository.fetch(names, progress).items():
        (tree / name).unlink()
        (tree / name).symlink_to(file)


def _write(builder: Any, splits: Sequence[str], folder: Path, card: Card) -> None:
    builder.config.data_files = {split: builder.config.data_files[split] for split in splits}
    # Their numbers are those of all splits, and may be out of date; what was read is counted by the caller.
    builder.download_and_prepare(verification_mode="no_checks")
    known = read_card(folder)
    digests = dict(known.sha256) if known else {}
    for split in splits:
        path = prepared_file(folder, split)
        with atomic_write(path) as draft:
            plain_rows(builder.as_dataset(split=split)).to_parquet(draft)
        digests[split] = file_digest(path)
    write_card(folder, replace(card, sha256=digests))


def plain_rows(dataset: Any) -> Any:
    """A ``Dataset`` with its columns of text, numbers, classes and lists of them; fields of objects become ``column.field``."""
    from datasets import ClassLabel, Features, LargeList, List, Value

    def is_plain(feature: Any) -> bool:
        if isinstance(feature, List | LargeList):
            return is_plain(feature.feature)
        if isinstance(feature, dict):
            return all(map(is_plain, feature.values()))
        return isinstance(feature, Value | ClassLabel)

    features: Features = dataset.features
    return dataset.select_columns([name for name, feature in features.items() if is_plain(feature)]).flatten()


@contextmanager
def _library_errors(name: str, scratch: Path) -> Iterator[None]:
    """Say in one line why the library cannot read a dataset."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        cause = error
        while isinstance(cause.__cause__, Exception):
            cause = cause.__cause__
        if isinstance(cause, OSError) and cause.errno == errno.ENOSPC:
            raise UserError(f"the disk is full: the rows of {name} do not fit; free some space") from error
        first = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
        # The library names its own copy of the repository, which is gone by now.
        first = first.replace(str(scratch / "rows"), name)
        raise UserError(f"{name} cannot be read by the datasets library: {first[:200]}") from error
