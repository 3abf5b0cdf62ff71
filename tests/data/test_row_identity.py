"""Examples are known by what they say, not by their place."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from engine.catalog.catalog import BUILT_IN
from engine.catalog.task import TaskInfo
from engine.data.loading import load_rows
from engine.data.row_identity import RowIdentities
from engine.data.templates import render


def identities(task: TaskInfo, table: pa.Table, folder: Path, at_once: int = 1000) -> tuple[list[str], np.ndarray]:
    """The ids in hexadecimal, and the clusters."""
    collected = RowIdentities(task)
    for start in range(0, table.num_rows, at_once):
        part = table.slice(start, at_once)
        collected.append(render(task, part), part)
    collected.write(folder)
    ids = np.load(folder / "ids.npy")
    assert ids.dtype == np.uint8 and ids.shape[1] == 16
    return [row.tobytes().hex() for row in ids], np.load(folder / "clusters.npy")


@pytest.mark.parametrize(
    ("key", "repeated", "clusters"),
    [
        ("glue/cola", 4, 1_039),
        ("glue/stsb", 2, 1_498),
        ("glue/rte", 0, 277),
        ("superglue/wsc", 3, 41),
        ("superglue/multirc", 1, 83),
    ],
)
def test_test_rows_have_ids_of_their_own_and_share_clusters(
    key: str, repeated: int, clusters: int, data_dir: Path, tmp_path: Path
) -> None:
    task = BUILT_IN.tasks[key]
    table = load_rows(task, data_dir)[task.tests[0][1]]
    ids, numbers = identities(task, table, tmp_path)
    rows = [tuple(row[name] for name in task.columns) for row in table.to_pylist()]
    assert sum(count - 1 for count in Counter(rows).values()) == repeated
    assert len(set(ids)) == len(ids) == table.num_rows
    expected_clusters = len(set(ids)) if not task.cluster and key != "superglue/multirc" else clusters
    assert len(set(numbers.tolist())) == expected_clusters
    seen: Counter[tuple[object, ...]] = Counter()
    for row, row_id in zip(rows, ids, strict=True):
        text = json.dumps([key, list(row), seen[row]], ensure_ascii=False, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest()[:32] == row_id
        seen[row] += 1


def test_ids_stay_when_rows_move(data_dir: Path, tmp_path: Path) -> None:
    task = BUILT_IN.tasks["glue/rte"]
    table = load_rows(task, data_dir)["validation"]
    ids, _ = identities(task, table, tmp_path)
    moved = np.random.default_rng(0).permutation(table.num_rows)[:100]
    assert identities(task, table.take(moved), tmp_path, at_once=7)[0] == [ids[place] for place in moved]


def test_each_candidate_is_an_example_of_its_passage(data_dir: Path, tmp_path: Path) -> None:
    task = BUILT_IN.tasks["superglue/record"]
    table = load_rows(task, data_dir)["validation"].slice(0, 60)
    ids, clusters = identities(task, table, tmp_path)
    counts = [len(entities) for entities in table["entities"].to_pylist()]
    assert len(set(ids)) == len(ids) == sum(counts)
    passages = np.repeat([index["passage"] for index in table["idx"].to_pylist()], counts)
    assert all(len(set(passages[clusters == number])) == 1 for number in set(clusters.tolist()))
    assert len(set(clusters.tolist())) == len(set(passages.tolist()))
    without = table.set_column(table.column_names.index("answers"), "answers", pa.array([["x"]] * table.num_rows))
    assert identities(task, without, tmp_path)[0] == ids, "what is right is no part of which example it is"


@pytest.mark.parametrize("key", [task.key for name in ("glue", "superglue") for task in BUILT_IN.benchmarks[name].tasks])
def test_a_cluster_is_a_column_that_the_task_reads(key: str) -> None:
    task = BUILT_IN.tasks[key]
    assert not task.cluster or task.cluster in task.columns
