"""The token cache: the official splits of a task, tokenized once per tokenizer and read back through the page cache.

A folder of the cache is named by a hash of all that determines its content, appears by one rename and never changes. It holds
official rows in official order; train and dev are views by row number, so no rule of splitting is part of the cache.
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
from engine.data.samplers import limited
from engine.data.splits import train_and_dev
from engine.data.templates import render
from engine.data.tokenizer import BackboneTokenizer
from engine.errors import UserError

log = logging.getLogger(__name__)
CODE_VERSION = 2
"""Part of every key; raised when templates or tokenization change what the same files become."""
DEFINITION = (
    "key", "kind", "template", "columns", "label_column", "labels", "max_length", "truncate", "config", "official_splits",
)  # fmt: skip
PARTS = ("train", "dev")
Rows = Mapping[str, np.ndarray]
"""Rows of the official training split that are ``train`` and ``dev``, int64; empty for a task with an official dev split."""


@dataclass(frozen=True)
class TokenizedSplit:
    """One split: sequences of real tokens; example ``i`` owns ``options`` neighbouring sequences."""

    tokens: np.ndarray
    """int32 ``[total]``: all sequences of the official split, end to end."""
    starts: np.ndarray
    """int64 ``[sequences]``: where in ``tokens`` each sequence of this split begins."""
    lengths: np.ndarray
    """int64 ``[sequences]``"""
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
        """These examples, in this order; the tokens are shared."""
        sequences = self.sequences_of(examples)
        return TokenizedSplit(
            self.tokens,
            self.starts[sequences],
            self.lengths[sequences],
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
    rows: Rows
    """Before any limit."""
    identity: str
    """Generator's version, hub commit or digest of the files that the rows came from."""


def within_positions(task: TaskInfo, positions: int) -> TaskInfo:
    """``task``, cut to what a backbone has positions for."""
    if positions >= task.max_length:
        return task
    log.warning("%s: texts are cut to %d tokens, all that the backbone reads", task.key, positions)
    return replace(task, max_length=positions)


def prepare(
    task: TaskInfo,
    backbone_folder: Path,
    cache: Path,
    data_dir: Path | None,
    limits: Mapping[str, int] | None = None,
    rows: Rows | None = None,
) -> TaskData:
    """Tokenize the task, or read it from ``cache``; then apply ``limits`` (``train``, ``dev``, ``test``: examples to keep).

    ``rows`` are those of an earlier start; train and dev are drawn without them. Limits on dev and test keep whole questions of
    grouped tasks. Raises UserError for missing or wrong files.
    """
    tokenizer = BackboneTokenizer(backbone_folder)
    identity = data_identity(task, data_dir)
    definition = {name: getattr(task, name) for name in DEFINITION}
    card = {"version": CODE_VERSION, "tokenizer": tokenizer.digest, "rows": identity, "task": definition}
    key = hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest()
    folder = cache / f"{task.benchmark}-{task.name}-{key[:20]}"
    if not folder.is_dir():
        with _building(folder) as unfinished:
            if unfinished:
                for official, table in load_rows(task, data_dir).items():
                    _write(task, tokenizer, table, unfinished / official)
                (unfinished / "card.json").write_text(json.dumps(card, indent=1))
    rows = _split(task, folder / "train") if rows is None else rows
    splits = {name: _read(folder / (task.dev or "train" if name == "dev" else "train"), rows.get(name), name) for name in PARTS}
    splits |= {name: _read(folder / official, None, name) for name, official in task.tests}
    for name, split in splits.items():
        limit = (limits or {}).get("test" if name.startswith("test") else name)
        if limit is not None:
            splits[name] = split.take(limit, whole_groups=name != "train")
    return TaskData(splits, rows, identity)


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


def _write(task: TaskInfo, tokenizer: BackboneTokenizer, table: pa.Table, folder: Path) -> None:
    folder.mkdir()
    rendered = render(task, table)
    if not rendered.sequences:
        raise UserError(f"{task.key}: the {folder.name} split has no examples; give it more rows")
    arrays = tokenizer.encode(rendered.sequences, task.max_length, task.truncate, folder / "tokens.npy")
    arrays["labels"] = labels_of(task, table) if rendered.labels is None else rendered.labels
    for name in ("groups", "passages"):
        if (array := getattr(rendered, name)) is not None:
            arrays[name] = array
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    (folder / "split.json").write_text(json.dumps({"options": rendered.options}))
    if rendered.references is not None:
        (folder / "references.json").write_text(json.dumps(rendered.references, ensure_ascii=False))


def _split(task: TaskInfo, folder: Path) -> Rows:
    if task.dev:
        return {}
    passages = folder / "passages.npy"
    return train_and_dev(task, np.load(folder / "labels.npy"), np.load(passages) if passages.is_file() else None)


def _read(folder: Path, rows: np.ndarray | None, name: str) -> TokenizedSplit:
    """The official split in ``folder``, or these rows of it. Train has no references: nobody scores it."""
    # A plain view of the mapped file: np.memmap itself is slower to index.
    arrays = {file.stem: np.asarray(np.load(file, mmap_mode="r")) for file in folder.glob("*.npy")}
    tokens, offsets, second, labels = (arrays[name] for name in ("tokens", "offsets", "second", "labels"))
    options = json.loads((folder / "split.json").read_text())["options"]
    groups = arrays.get("groups")
    whole = TokenizedSplit(tokens, offsets[:-1], np.diff(offsets), second, labels, options, groups)
    references = folder / "references.json"
    if not references.is_file():
        return whole if rows is None else whole.select(rows)
    assert groups is not None
    # Several examples are made of a row, and their group is its number.
    examples = np.arange(len(whole)) if rows is None else np.flatnonzero(np.isin(groups, rows))
    split = whole.select(examples)
    if name == "train":
        return split
    firsts = examples - np.searchsorted(groups, groups[examples])
    by_row = json.loads(references.read_text())
    chosen = zip(groups[examples].tolist(), firsts.tolist(), strict=True)
    return replace(split, references=[[by_row[row][0][place], by_row[row][1]] for row, place in chosen])
