"""Completed runs with evidence: generated answers, written and recorded the way a worker does."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.catalog.catalog import BUILT_IN
from engine.catalog.task import TaskInfo
from engine.files.evidence import Arrays, write_logits, write_rows
from engine.metrics.scoring import score
from engine.registry.records import Evidence, Run, RunState
from engine.registry.store import Store
from engine.runs.spec import RunSpec

from .rows import PROVENANCE, spec, start

NOTHING: Mapping[str, Any] = {}


def row_ids(task: TaskInfo, count: int) -> np.ndarray:
    digests = (hashlib.sha256(f"{task.key} {number}".encode()).digest()[:16] for number in range(count))
    return np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(count, 16)


def examples(task: TaskInfo, count: int, cluster_size: int = 1) -> dict[str, np.ndarray]:
    """Labels that the task can have, of more examples the same and others; groups of two for tasks that score groups."""
    random = np.random.default_rng(3)
    rows: dict[str, np.ndarray] = {"row_id": row_ids(task, count), "cluster": np.arange(count) // cluster_size}
    if task.kind == "regression":
        return rows | {"label": np.round(random.uniform(0, 5, count), 1).astype(np.float32)}
    if task.kind == "multilabel":
        return rows | {"label": (random.random((count, len(task.labels))) < 0.3).astype(np.float32)}
    rows["label"] = random.integers(len(task.labels), size=count)
    if "exact_match" in task.metrics:
        rows["group"] = np.arange(count) // 2
    if task.kind == "entity_ranking":
        rows |= {"f1": random.random(count), "em": random.integers(2, size=count).astype(np.uint8),
                 "rank": (np.arange(count) % 2).astype(np.int32)}  # fmt: skip
    return rows


def answers(task: TaskInfo, rows: Arrays, skill: float, seed: int) -> np.ndarray:
    """Logits of a model that is better the larger ``skill`` is; runs share which examples are hard."""
    hard, own = np.random.default_rng(7), np.random.default_rng(1000 + seed)
    labels, width = rows["label"], len(task.labels) or 1
    truth = labels[:, None] if labels.ndim == 1 and width == 1 else labels
    if labels.ndim == 1 and width > 1:
        truth = np.eye(width)[labels]
    noise = 0.9 * hard.normal(size=(len(labels), width)) + 0.45 * own.normal(size=(len(labels), width))
    return np.asarray(skill * (truth - truth.mean()) + noise, dtype=np.float32)


def answer(
    store: Store,
    run: RunSpec,
    logits: Mapping[str, np.ndarray],
    rows: Mapping[str, Arrays],
    split: str = "test",
    provenance: Mapping[str, Any] = NOTHING,
    trainable: int | None = None,
) -> Run:
    """A completed run whose results are those of ``logits`` on ``rows``, both by task key."""
    attempt = start(store, run)
    results = {}
    for key, of_task in logits.items():
        task, arrays = BUILT_IN.tasks[key], rows[key]
        candidates = {name: arrays[name] for name in ("em", "f1", "rank")} if "rank" in arrays else None
        results[key] = {split: score(task, of_task, arrays["label"], arrays.get("group"), candidates)}
        keep(store, run, attempt, task, split, arrays, of_task)
    facts = {"provenance": PROVENANCE | dict(provenance), "trainable": trainable}
    assert store.finish(run.run_id, attempt, RunState.COMPLETED, results=results, **facts)
    return store.find(run.run_id)


def answer_all(store: Store, skills: Mapping[str, float], tasks: Sequence[str], seeds: int, count: int = 120) -> None:
    """Runs of methods with these skills on these tasks, that train 1,000 parameters, 2,000 and so on."""
    for key in tasks:
        task, rows = BUILT_IN.tasks[key], examples(BUILT_IN.tasks[key], count)
        for number, (method, skill) in enumerate(skills.items()):
            for seed in range(seeds):
                of_run = spec(method, key, seed, backbone="minilm")
                logits = {key: answers(task, rows, skill, 100 * number + seed)}
                answer(store, of_run, logits, {key: rows}, trainable=1000 * (number + 1))


def keep(store: Store, run: RunSpec, attempt: int, task: TaskInfo, split: str, rows: Arrays, logits: np.ndarray) -> None:
    rows_sha256 = write_rows(store.home, rows)

    def record(sha256: str, size: int) -> None:
        row = Evidence(run_id=run.run_id, task=task.key, split=split, epoch=2, rows_sha256=rows_sha256,
                       logits_sha256=sha256, bytes=size)  # fmt: skip
        store.answered(run.run_id, attempt, row)

    header = {"run": run.fingerprint, "task": task.key, "split": split, "kind": task.kind, "epoch": "2", "rows": rows_sha256}
    write_logits(store.home.evidence(run.run_id, task.key, split), logits, header, record)
