"""The dev split is the papers' code's, and no passage lies in both parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from datasets import ClassLabel, Dataset, Features, Value

from engine.catalog.benchmarks import TASKS
from engine.data.loading import labels_of, load_rows
from engine.data.splits import plain_tenth, stratified_tenth, train_and_dev
from engine.errors import UserError

PUBLISHED = {
    "glue/sst2": (60_614, 6_735), "glue/stsb": (5_174, 575), "glue/mrpc": (3_301, 367), "glue/rte": (2_241, 249),
    "glue/cola": (7_695, 856), "superglue/cb": (225, 25), "superglue/copa": (360, 40), "superglue/wsc": (498, 56),
    "superglue/wic": (4_885, 543), "superglue/rte": (2_241, 249),
}  # fmt: skip


@pytest.mark.parametrize("key", PUBLISHED)
def test_sizes_are_the_published_ones(key: str, data_dir: Path) -> None:
    task = TASKS[key]
    table = load_rows(task, data_dir)["train"]
    parts = train_and_dev(task, table)
    assert (len(parts["train"]), len(parts["dev"])) == PUBLISHED[key]
    assert (task.split_sizes["train"], task.split_sizes["dev"]) == PUBLISHED[key]


@pytest.mark.parametrize("classes", [1, 2, 3, 7])
@pytest.mark.parametrize("count", [70, 71, 99, 250, 1_003])
def test_rows_are_those_of_datasets_own_split(classes: int, count: int) -> None:
    labels = np.random.default_rng(count).integers(classes, size=count) ** 2
    features = Features({"row": Value("int64"), "label": ClassLabel(num_classes=int(labels.max()) + 1)})
    rows = Dataset.from_dict({"row": range(count), "label": labels}, features=features)
    for ours, column in ((stratified_tenth(labels), "label"), (plain_tenth(count), None)):
        theirs = rows.train_test_split(test_size=0.1, seed=42, stratify_by_column=column)
        assert ours[0].tolist() == theirs["train"]["row"][:]
        assert ours[1].tolist() == theirs["test"]["row"][:]


def test_too_few_rows_are_told() -> None:
    for labels in ([0, 1], [0] * 20 + [1]):
        table = pa.table({"sentence1": ["x"] * len(labels), "sentence2": ["y"] * len(labels), "label": labels})
        with pytest.raises(UserError, match="the training split is too small"):
            train_and_dev(TASKS["glue/rte"], table)


def test_stratified_dev_keeps_the_class_balance(data_dir: Path) -> None:
    task = TASKS["glue/cola"]
    table = load_rows(task, data_dir)["train"]
    labels = labels_of(task, table)
    parts = train_and_dev(task, table)
    assert labels[parts["dev"]].mean() == pytest.approx(labels.mean(), abs=0.001)


@pytest.mark.parametrize(("key", "field"), [("superglue/multirc", "paragraph"), ("superglue/record", "passage")])
def test_passages_stay_whole(key: str, field: str, data_dir: Path) -> None:
    table = load_rows(TASKS[key], data_dir)["train"]
    parts = train_and_dev(TASKS[key], table)
    passages = np.array([index[field] for index in table["idx"].to_pylist()])
    assert not set(passages[parts["train"]]) & set(passages[parts["dev"]])
    assert sorted([*parts["train"], *parts["dev"]]) == list(range(table.num_rows))
    assert len(set(passages[parts["dev"]])) == -(-len(set(passages)) // 10)
