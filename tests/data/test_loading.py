"""Rows are loaded as the catalog declares them, and a problem with a file is reported in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.catalog.catalog import BUILT_IN
from engine.catalog.task import HubData
from engine.data.labels import labels_of
from engine.data.loading import load_rows, read_rows
from engine.data.schema import needed_columns
from engine.errors import UserError

FILED = [*BUILT_IN.benchmarks["glue"].tasks, *BUILT_IN.benchmarks["superglue"].tasks]
SUBSETS = {"glue/mnli": ("train", "validation_matched", "validation_mismatched"), "glue/qqp": ("train", "validation"),
           "glue/qnli": ("train",), "superglue/boolq": ("train",), "superglue/record": ("train", "validation")}  # fmt: skip


@pytest.mark.parametrize("task", FILED, ids=lambda task: task.key)
def test_every_task_loads_with_its_official_size_and_labels(task: Any, data_dir: Path) -> None:
    tables = load_rows(task, data_dir)
    assert list(tables) == ["train", *(official for _, official in task.tests)]
    for size, (split, table) in zip((*task.sizes, table_rows_of_second_test(task)), tables.items(), strict=False):
        assert set(table.column_names) == set(needed_columns(task))
        if split in SUBSETS.get(task.key, ()):
            assert 0 < table.num_rows < size
        else:
            assert table.num_rows == size
        if task.kind == "classification":
            assert set(np.unique(labels_of(task, table))) <= set(range(len(task.labels)))


def table_rows_of_second_test(task: Any) -> int:
    return 9_832 if len(task.tests) > 1 else 0


def test_the_plain_wsc_loads_as_well(data_dir: Path) -> None:
    tables = load_rows(replace(BUILT_IN.tasks["superglue/wsc"], config="wsc"), data_dir)
    assert [table.num_rows for table in tables.values()] == [554, 104]


@pytest.mark.parametrize("task", [*BUILT_IN.benchmarks["toy"].tasks], ids=lambda task: task.key)
def test_toy_rows_have_the_columns_of_their_task(task: Any) -> None:
    tables = load_rows(task, None)
    assert tuple(table.num_rows for table in tables.values()) == tuple(task.official_sizes[split] for split in task.official_splits)
    assert set(tables["train"].column_names) == set(needed_columns(task))


def write(folder: Path, columns: dict[str, list[Any]], names: list[str] | None = None) -> Path:
    """The task ``glue/rte`` in ``folder`` with these columns in both splits."""
    table = pa.table(columns)
    if names:
        feature = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": str(feature).replace("'", '"')})
    for split in ("train", "validation"):
        path = folder / "glue" / "rte" / f"{split}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path)
    return folder


GOOD = {"sentence1": ["a", "b"], "sentence2": ["c", "d"], "label": [0, 1]}


def test_rows_without_class_names_are_taken_at_their_ids(tmp_path: Path) -> None:
    tables = load_rows(BUILT_IN.tasks["glue/rte"], write(tmp_path, GOOD))
    assert labels_of(BUILT_IN.tasks["glue/rte"], tables["train"]).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("changes", "names", "message"),
    [
        ({}, ["not_entailment", "entailment"], "column 'label' numbers its classes not_entailment, entailment"),
        ({"sentence2": None}, None, "train.parquet has no column 'sentence2'"),
        ({"label": None}, None, "train.parquet has no column 'label'"),
        ({"label": [0, -1]}, None, "column 'label' has the class id -1; glue/rte has 0 to 1"),
        ({"label": [0, 2]}, None, "column 'label' has the class id 2"),
        ({"label": ["0", "1"]}, None, "column 'label' must hold class ids 0 to 1, not string"),
        ({"sentence1": ["a", None]}, None, "column 'sentence1' has empty cells"),
        ({"sentence1": [1, 2]}, None, "column 'sentence1' must hold text, not int64"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(
    tmp_path: Path, changes: dict[str, Any], names: list[str] | None, message: str
) -> None:
    columns = {name: values for name, values in {**GOOD, **changes}.items() if values is not None}
    with pytest.raises(UserError) as caught:
        load_rows(BUILT_IN.tasks["glue/rte"], write(tmp_path, columns, names))
    assert message in str(caught.value)
    assert "train.parquet" in str(caught.value)
    assert "\n" not in str(caught.value)


RECORD = {
    "passage": ["p", "q"], "query": ["@placeholder", "@placeholder"], "entities": [["a", "b"], ["c"]],
    "answers": [["a"], ["c"]], "idx": [{"passage": 0}, {"passage": 1}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "columns", "message"),
    [
        ("record", {"entities": ["ab", "c"]}, "column 'entities' must hold lists of texts, not string"),
        ("record", {"query": ["@placeholder", "the gap"]}, "train.parquet row 2: column 'query' has no @placeholder"),
        ("record", {"entities": [[], ["c"]]}, "column 'entities' has an empty list or an empty text"),
        ("record", {"answers": [["a"], []]}, "column 'answers' has an empty list or an empty text"),
        ("record", {"answers": [["a"], [None]]}, "column 'answers' has an empty list or an empty text"),
        ("record", {"idx": [0, 1]}, "column 'idx' must hold the number of the passage, not int64"),
        ("wsc", {"text": ["a"], "span1_text": ["a"], "span2_index": ["0"], "label": [0]},
         "column 'span2_index' must hold whole numbers, not string"),
        ("multirc", {"paragraph": ["a"], "question": ["a"], "answer": ["a"], "label": [0], "idx": [{"paragraph": 0}]},
         "column 'idx' must hold the number of the question, not struct"),
    ],
)  # fmt: skip
def test_columns_of_lists_and_positions_are_checked(tmp_path: Path, key: str, columns: dict[str, Any], message: str) -> None:
    task = replace(BUILT_IN.tasks[f"superglue/{key}"], data=HubData("", "", "glue"), config="rte")
    if key == "record":
        assert load_rows(task, write(tmp_path, RECORD))["train"].num_rows == 2
        columns = RECORD | columns
    with pytest.raises(UserError, match=message):
        load_rows(task, write(tmp_path, columns))


def test_missing_empty_and_broken_files_are_reported(tmp_path: Path) -> None:
    task = BUILT_IN.tasks["glue/rte"]
    with pytest.raises(UserError, match=r"train\.parquet"):
        load_rows(task, tmp_path)
    folder = write(tmp_path, {name: pa.array(values).slice(0, 0) for name, values in GOOD.items()})
    with pytest.raises(UserError, match="has no rows"):
        load_rows(task, folder)
    broken = tmp_path / "glue" / "rte" / "train.parquet"
    broken.write_bytes(b"PAR1 this is not one")
    with pytest.raises(UserError, match="cannot be read as parquet"):
        read_rows(task, broken)


def test_regression_and_multilabel_columns_are_checked(tmp_path: Path) -> None:
    stsb = replace(BUILT_IN.tasks["glue/stsb"], config="rte")
    write(tmp_path, {**GOOD, "label": [0.5, float("nan")]})
    with pytest.raises(UserError, match="must hold finite numbers"):
        load_rows(stsb, tmp_path)
    topics = replace(BUILT_IN.tasks["toy/topics"], data=HubData("", "", "glue"), config="rte", columns=("sentence1",))
    write(tmp_path, {**GOOD, "label": [["food"], ["cooking"]]})
    with pytest.raises(UserError, match="has the label 'cooking'; toy/topics has food"):
        load_rows(topics, tmp_path)
    write(tmp_path, {**GOOD, "label": [["food", "travel"], []]})
    assert labels_of(topics, load_rows(topics, tmp_path)["train"]).tolist() == [[1, 0, 0, 0, 1, 0], [0] * 6]
    write(tmp_path, GOOD)
    with pytest.raises(UserError, match="must hold lists of label names, not int64"):
        load_rows(topics, tmp_path)
