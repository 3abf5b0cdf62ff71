"""The token cache: every split of a task, tokenized once per tokenizer and read back through the page cache.

A folder of the cache is named by a hash of all that determines its content, appears by one rename and never changes.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from engine.catalog.files import data_identity
from engine.catalog.task import TaskInfo
from engine.data.loading import labels_of, load_rows
from engine.data.ragged import offsets_of, places
from engine.data.samplers import limited
from engine.data.splits import train_and_dev
from engine.data.templates import render
from engine.data.tokenizer import BackboneTokenizer
from engine.errors import UserError

log = logging.getLogger(__name__)
CODE_VERSION = 1
"""Part of every key; raised when templates, splits or tokenization change what the same files become."""
DEFINITION = (
    "key", "kind", "template", "columns", "label_column", "labels", "max_length", "truncate", "stratify", "config", "dev",
    "tests",
)  # fmt: skip


@dataclass(frozen=True)
class TokenizedSplit:
    """One split: sequences of real tokens end to end; example ``i`` owns ``options`` neighbouring sequences."""

    tokens: np.ndarray
    """int32 ``[total]``"""
    offsets: np.ndarray
    """int64 ``[sequences + 1]``"""
    second: np.ndarray
    """int32 ``[sequences]``: where within its sequence the second text begins, its length if there is none."""
    labels: np.ndarray
    """int64 ``[examples]``, float32 ``[examples]`` (regression) or float32 ``[examples, labels]`` (multi-label)."""
    options: int = 1
    groups: np.ndarray | None = None
    """int64 ``[examples]``: the question (MultiRC) or query (ReCoRD) of each example."""
    references: list[Any] | None = None
    """Per example what a grouped metric needs; ReCoRD: ``[candidate, [answer, ...]]``. Train has none: nobody scores it."""

    def __len__(self) -> int:
        return len(self.labels)

    def sequences_of(self, examples: np.ndarray) -> np.ndarray:
        """The sequences of these examples, int64 ``[len(examples) * options]``."""
        return (examples[:, None] * self.options + np.arange(self.options)).ravel()

    def select(self, examples: np.ndarray) -> TokenizedSplit:
        """These examples, in this order, as a split in memory."""
        sequences = self.sequences_of(examples)
        starts = self.offsets[sequences]
        lengths = self.offsets[sequences + 1] - starts
        return TokenizedSplit(
            self.tokens[places(starts, lengths)],
            offsets_of(lengths),
            self.second[sequences],
            self.labels[examples],
            self.options,
            None if self.groups is None else self.groups[examples],
            None if self.references is None else [self.references[example] for example in examples],
        )

    def take(self, count: int, whole_groups: bool = True) -> TokenizedSplit:
        """What a limit of ``count`` examples keeps (``samplers.limited``); this split if it has no more."""
        if count >= len(self):
            return self
        return self.select(limited(len(self), count, self.groups if whole_groups else None))


@dataclass(frozen=True)
class TaskData:
    """A task ready for training: ``train``, ``dev`` and every name in the task's ``tests``."""

    splits: dict[str, TokenizedSplit]
    split_indices: dict[str, list[int]]
    """Rows of the official training split that became ``train`` and ``dev``, before any limit; empty where dev is official."""
    identity: str
    """Generator's version, hub commit or digest of the files that the rows came from."""


def within_positions(task: TaskInfo, positions: int) -> TaskInfo:
    """``task``, cut to what a backbone has positions for."""
    if positions >= task.max_length:
        return task
    log.warning("%s: texts are cut to %d tokens, all that the backbone reads", task.key, positions)
    return replace(task, max_length=positions)


def prepare(
    task: TaskInfo, backbone_folder: Path, cache: Path, data_dir: Path | None, limits: Mapping[str, int] | None = None
) -> TaskData:
    """Tokenize the task, or read it from ``cache``; then apply ``limits`` (``train``, ``dev``, ``test``: examples to keep).

    Limits on dev and test keep whole questions of grouped tasks. Raises UserError for missing or wrong files.
    """
    tokenizer = BackboneTokenizer(backbone_folder)
    rows = data_identity(task, data_dir)
    definition = {name: getattr(task, name) for name in DEFINITION}
    card = {"version": CODE_VERSION, "tokenizer": tokenizer.digest, "rows": rows, "task": definition}
    key = hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest()
    folder = cache / f"{task.benchmark}-{task.name}-{key[:20]}"
    if not folder.is_dir():
        with _building(folder) as unfinished:
            if unfinished:
                _build(task, tokenizer, load_rows(task, data_dir), unfinished)
                (unfinished / "card.json").write_text(json.dumps(card, indent=1))
    splits = {name: _read(folder / name) for name in ("train", "dev", *(name for name, _ in task.tests))}
    for name, split in splits.items():
        limit = (limits or {}).get("test" if name.startswith("test") else name)
        if limit is not None:
            splits[name] = split.take(limit, whole_groups=name != "train")
    indices = {} if task.dev else {name: np.load(folder / name / "rows.npy").tolist() for name in ("train", "dev")}
    return TaskData(splits, indices, rows)


@contextmanager
def _building(folder: Path) -> Iterator[Path | None]:
    """A temporary folder that becomes ``folder`` by a rename if all goes well; None if another process made it meanwhile."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{folder.name}-"
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            yield None
            return
        # Whoever holds the lock is alone, so what lies here was left by a process that died.
        for left in folder.parent.glob(f"{prefix}*"):
            shutil.rmtree(left)
        unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=prefix))
        try:
            yield unfinished
            # A rename may reach the disk before the files do, and after a loss of power the folder would be taken for whole.
            for path in (*unfinished.rglob("*"), unfinished):
                _fsync(path)
            os.rename(unfinished, folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _build(task: TaskInfo, tokenizer: BackboneTokenizer, tables: Mapping[str, pa.Table], folder: Path) -> None:
    parts = {} if task.dev else train_and_dev(task, tables["train"])
    for name, rows in parts.items():
        _write(task, tokenizer, tables["train"].take(pa.array(rows)), folder / name)
        np.save(folder / name / "rows.npy", rows)
    whole = (("train", "train"), ("dev", task.dev)) if task.dev else ()
    for name, official in (*whole, *task.tests):
        _write(task, tokenizer, tables[official], folder / name)


def _write(task: TaskInfo, tokenizer: BackboneTokenizer, table: pa.Table, folder: Path) -> None:
    folder.mkdir()
    rendered = render(task, table)
    if not rendered.sequences:
        raise UserError(f"{task.key}: the {folder.name} split has no examples; give it more rows")
    arrays = tokenizer.encode(rendered.sequences, task.max_length, task.truncate, folder / "tokens.npy")
    arrays["labels"] = labels_of(task, table) if rendered.labels is None else rendered.labels
    if rendered.groups is not None:
        arrays["groups"] = rendered.groups
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    references = None if folder.name == "train" else rendered.references
    (folder / "split.json").write_text(json.dumps({"options": rendered.options, "references": references}, ensure_ascii=False))


def _read(folder: Path) -> TokenizedSplit:
    # A plain view of the mapped file: np.memmap itself is slower to index.
    arrays = {file.stem: np.asarray(np.load(file, mmap_mode="r")) for file in folder.glob("*.npy") if file.stem != "rows"}
    saved = json.loads((folder / "split.json").read_text())
    tokens, offsets, second, labels = (arrays[name] for name in ("tokens", "offsets", "second", "labels"))
    return TokenizedSplit(tokens, offsets, second, labels, saved["options"], arrays.get("groups"), saved["references"])
