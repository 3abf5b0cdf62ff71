"""The dev split is the papers' code's, and no passage lies in both parts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from datasets import ClassLabel, Dataset, Features, Value

from engine.catalog.catalog import BUILT_IN
from engine.data.labels import labels_of
from engine.data.loading import load_rows
from engine.data.splits import grouped_part, numbered, plain_part, stratified_part, train_and_dev
from engine.data.templates import render
from engine.errors import UserError

COMPLETE = {
    "glue/sst2": (60_614, 6_735, 872), "glue/stsb": (5_174, 575, 1_500), "glue/mrpc": (3_301, 367, 408),
    "glue/rte": (2_241, 249, 277), "glue/cola": (7_695, 856, 1_043), "superglue/cb": (225, 25, 56),
    "superglue/copa": (360, 40, 100), "superglue/wsc": (498, 56, 104), "superglue/wic": (4_885, 543, 638),
    "superglue/rte": (2_241, 249, 277), "superglue/multirc": (24_523, 2_720, 4_848),
}  # fmt: skip
"""The papers' split of the tasks whose files are complete here; MultiRC's is of whole passages, and ours."""
PUBLISHED = {
    "glue/mnli": (353_431, 39_271, 9_815), "glue/qqp": (327_461, 36_385, 40_430), "glue/qnli": (94_268, 10_475, 5_463),
    "superglue/boolq": (8_484, 943, 3_270), "humset/sectors": (117_435, 16_039, 15_147),
}  # fmt: skip
"""The papers' split of others, counted from official sizes; HumSet's is official."""


@pytest.mark.parametrize("key", COMPLETE)
def test_reported_sizes_are_those_of_the_files(key: str, data_dir: Path) -> None:
    task = BUILT_IN.tasks[key]
    tables = load_rows(task, data_dir)
    parts = split_of(key, tables["train"])
    assert (len(parts["train"]), len(parts["dev"]), tables["validation"].num_rows) == COMPLETE[key]
    assert tuple(task.split_sizes.values()) == COMPLETE[key]


@pytest.mark.parametrize("key", PUBLISHED)
def test_reported_sizes_of_tasks_with_missing_rows_are_the_papers(key: str) -> None:
    assert tuple(BUILT_IN.tasks[key].split_sizes.values()) == PUBLISHED[key]


def split_of(key: str, table: pa.Table) -> dict[str, np.ndarray]:
    rendered = render(BUILT_IN.tasks[key], table)
    labels = labels_of(BUILT_IN.tasks[key], table) if rendered.labels is None else rendered.labels
    return train_and_dev(BUILT_IN.tasks[key], labels, None if rendered.passages is None else numbered(rendered.passages))


@pytest.mark.parametrize("classes", [1, 2, 3, 7])
@pytest.mark.parametrize("count", [70, 71, 99, 250, 1_003])
def test_rows_are_those_of_datasets_own_split(classes: int, count: int) -> None:
    labels = np.random.default_rng(count).integers(classes, size=count) ** 2
    features = Features({"row": Value("int64"), "label": ClassLabel(num_classes=int(labels.max()) + 1)})
    rows = Dataset.from_dict({"row": range(count), "label": labels}, features=features)
    for ours, column in ((stratified_part(labels), "label"), (plain_part(count), None)):
        theirs = rows.train_test_split(test_size=0.1, seed=42, stratify_by_column=column)
        assert ours[0].tolist() == theirs["train"]["row"][:]
        assert ours[1].tolist() == theirs["test"]["row"][:]


def test_a_draw_imports_nothing() -> None:
    draw = (
        "import sys, numpy as np; from engine.data.splits import stratified_part; known = set(sys.modules);"
        "stratified_part(np.arange(100) % 3); print(sorted(set(sys.modules) - known))"
    )
    assert subprocess.check_output([sys.executable, "-c", draw], text=True) == "[]\n"


def test_too_few_rows_are_reported() -> None:
    for labels in ([0, 1], [0] * 20 + [1]):
        with pytest.raises(UserError, match="the training split is too small"):
            train_and_dev(BUILT_IN.tasks["glue/rte"], np.array(labels))
    with pytest.raises(UserError, match="the training split is too small"):
        train_and_dev(BUILT_IN.tasks["superglue/multirc"], np.zeros(30), np.repeat([0, 1], 15))


def test_stratified_dev_keeps_the_class_balance(data_dir: Path) -> None:
    table = load_rows(BUILT_IN.tasks["glue/cola"], data_dir)["train"]
    labels = labels_of(BUILT_IN.tasks["glue/cola"], table)
    assert labels[split_of("glue/cola", table)["dev"]].mean() == pytest.approx(labels.mean(), abs=0.001)


@pytest.mark.parametrize(("key", "field"), [("superglue/multirc", "paragraph"), ("superglue/record", "passage")])
def test_passages_stay_whole(key: str, field: str, data_dir: Path) -> None:
    table = load_rows(BUILT_IN.tasks[key], data_dir)["train"]
    parts = split_of(key, table)
    passages = np.array([index[field] for index in table["idx"].to_pylist()])
    assert not set(passages[parts["train"]]) & set(passages[parts["dev"]])
    assert sorted([*parts["train"], *parts["dev"]]) == list(range(table.num_rows))


def test_dev_has_a_tenth_of_the_rows_where_passages_are_small() -> None:
    """ReCoRD's official training split: 100,730 queries about 65,709 passages, most of them with one query."""
    random = np.random.default_rng(0)
    passages = np.concatenate([np.arange(65_709), random.integers(65_709, size=100_730 - 65_709)])
    train, dev = grouped_part(passages)
    assert (len(train), len(dev)) == (90_657, 10_073)
    sizes = BUILT_IN.tasks["superglue/record"].split_sizes
    assert sizes == {"train": 90_657, "dev": 10_073, "test": 10_000}
