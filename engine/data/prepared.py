"""From the rows of a task to the splits that a run trains and is evaluated on."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from engine.catalog.task import TaskInfo
from engine.data.cache_entry import Hold
from engine.data.splits import parts_of_train
from engine.data.subsets import few_shot
from engine.data.token_cache import cached_tokens
from engine.data.tokenized_split import TokenizedSplit
from engine.data.tokenizer import BackboneTokenizer, check_vocabulary
from engine.files.identity import data_identity

log = logging.getLogger(__name__)
Rows = Mapping[str, np.ndarray]
"""Rows of the official training split by the split that they became, int64; empty where it is ``train`` as a whole."""


@dataclass(frozen=True)
class TaskData:
    """A task ready for training: ``train``, ``dev`` and every name in the task's ``tests``."""

    splits: dict[str, TokenizedSplit]
    rows: Rows
    """Before any limit."""
    identity: str
    """Generator's version, hub commit or digest of the files that the rows came from."""
    official_rows: Mapping[str, int] = field(default_factory=dict)
    """Rows of the official splits that were read."""
    hold: Hold | None = field(default=None, repr=False, compare=False)
    """Keeps the cache entry while the arrays are in use."""


def within_positions(task: TaskInfo, positions: int) -> TaskInfo:
    """``task`` with texts cut to the tokens that a backbone has positions for."""
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
    *,
    rows: Rows | None = None,
    shots: int | None = None,
    seed: int = 0,
    identity: str | None = None,
    vocab_size: int | None = None,
) -> TaskData:
    """Tokenized official splits, read from ``cache`` or made now; of these the rows of train and dev; of these what limits and
    shots keep.

    Args:
        task: its texts cut to what the backbone reads (``within_positions``).
        backbone_folder: the folder with the tokenizer.
        limits: examples to keep of ``train``, ``dev`` and ``test``; dev and test keep whole questions of grouped tasks.
        rows: those of train and dev that an earlier attempt was given; drawn if None.
        shots: training examples of a few-shot run, drawn by ``seed``.
        identity: what ``data_identity`` gives for the task's files, where the caller knows it.
        vocab_size: embeddings of the backbone; None accepts all token ids.

    Raises:
        UserError: files are missing, wrong or changed while they were read, there are too few rows, or the tokenizer has ids
            that the backbone lacks.
    """
    identity = identity or data_identity(task, data_dir)
    folder, hold = cached_tokens(task, BackboneTokenizer(backbone_folder), cache, data_dir, identity)
    official = {name: TokenizedSplit.open(folder / name) for name in dict.fromkeys(task.official_splits)}
    rows = _draw_rows(task, official["train"], folder / "train") if rows is None else rows
    splits = _splits(task, official, rows)
    for name, split in splits.items():
        limit = (limits or {}).get("test" if name.startswith("test") else name)
        if limit is not None:
            splits[name] = split.limit(limit, whole_groups=name != "train")
    if shots:
        train = splits["train"]
        splits["train"] = train.select(few_shot(np.asarray(train.labels), shots, seed))
    if vocab_size is not None:
        for split in official.values():
            check_vocabulary(split.tokens, vocab_size, backbone_folder)
    official_rows = {name: json.loads((folder / name / "split.json").read_text())["rows"] for name in official}
    return TaskData(splits, rows, identity, official_rows, hold)


def _draw_rows(task: TaskInfo, train: TokenizedSplit, folder: Path) -> Rows:
    passages = folder / "passages.npy"
    return parts_of_train(task, train.labels, np.load(passages) if passages.is_file() else None)


def _splits(task: TaskInfo, official: Mapping[str, TokenizedSplit], rows: Rows) -> dict[str, TokenizedSplit]:
    """The splits of a run by name, each an official split or the rows of the training split that became it."""
    sources = {"train": "train", "dev": task.dev or "train", **dict(task.tests)}
    splits = {
        name: official[source].select_rows(rows[name]) if name in rows else official[source] for name, source in sources.items()
    }
    return {**splits, "train": replace(splits["train"], candidates=None)}
