"""The token cache: the official splits of a task, tokenized once per tokenizer and read back through the page cache.

A folder of the cache is named by a hash of all that determines its content, appears by one rename and never changes. It holds
official rows in official order; train and dev are views by row number, so no rule of splitting is part of the cache.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from engine.catalog.task import TaskInfo
from engine.data.build_tokens import tokenize
from engine.data.cache_entry import CARD, CODE_VERSION, Hold, definition_of, hold_entry
from engine.data.candidates import References
from engine.data.loading import load_rows
from engine.data.samplers import limited
from engine.data.splits import parts_of_train
from engine.data.tokenizer import BackboneTokenizer
from engine.errors import UserError
from engine.files.identity import data_identity

log = logging.getLogger(__name__)
PARTS = ("train", "dev")
Rows = Mapping[str, np.ndarray]
"""Rows of the official training split by the split that they became, int64; empty where it is ``train`` as a whole."""


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
    references: References | None = None
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
            None if self.references is None else self.references.select(examples),
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
    hold: Hold | None = field(default=None, repr=False, compare=False)
    """Keeps the cache entry while the arrays are in use."""


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

    ``rows`` are those of an earlier start; without them they are drawn. Limits on dev and test keep whole questions of
    grouped tasks. Raises UserError for missing or wrong files.
    """
    tokenizer = BackboneTokenizer(backbone_folder)
    identity = data_identity(task, data_dir)
    card = {"version": CODE_VERSION, "tokenizer": tokenizer.digest, "rows": identity, "task": definition_of(task)}
    key = hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest()
    folder = cache / f"{task.benchmark}-{task.name}-{key[:20]}"

    def build(unfinished: Path) -> None:
        sizes = {
            split: tokenize(task, tokenizer, table, unfinished / split) for split, table in load_rows(task, data_dir).items()
        }
        if data_identity(task, data_dir) != identity:
            raise UserError(f"the files of {task.key} changed while they were read; start again")
        about = {**card, "backbone": str(backbone_folder), "splits": sizes}
        (unfinished / CARD).write_text(json.dumps(about, indent=1))

    hold = hold_entry(folder, build)
    rows = _split(task, folder / "train") if rows is None else rows
    splits = {name: _read(folder / (task.dev or "train" if name == "dev" else "train"), rows.get(name), name) for name in PARTS}
    splits |= {name: _read(folder / official, rows.get(name), name) for name, official in task.tests}
    for name, split in splits.items():
        limit = (limits or {}).get("test" if name.startswith("test") else name)
        if limit is not None:
            splits[name] = split.take(limit, whole_groups=name != "train")
    return TaskData(splits, rows, identity, hold)


def _split(task: TaskInfo, folder: Path) -> Rows:
    passages = folder / "passages.npy"
    return parts_of_train(task, np.load(folder / "labels.npy"), np.load(passages) if passages.is_file() else None)


def _read(folder: Path, rows: np.ndarray | None, name: str) -> TokenizedSplit:
    """The official split in ``folder``, or these rows of it. Train has no references: nobody scores it."""
    # A plain view of the mapped file: np.memmap itself is slower to index.
    arrays = {file.stem: np.asarray(np.load(file, mmap_mode="r")) for file in folder.glob("*.npy")}
    tokens, offsets, second, labels = (arrays[name] for name in ("tokens", "offsets", "second", "labels"))
    options = json.loads((folder / "split.json").read_text())["options"]
    groups = arrays.get("groups")
    ranked = folder / "references"
    references = References.open(ranked, groups) if groups is not None and ranked.is_dir() and name != "train" else None
    whole = TokenizedSplit(tokens, offsets[:-1], np.diff(offsets), second, labels, options, groups, references)
    if rows is None:
        return whole
    if groups is not None and ranked.is_dir():
        # Several examples are made of a row, and their group is its number.
        rows = np.flatnonzero(np.isin(groups, rows, kind="table"))
    return whole.select(rows)
