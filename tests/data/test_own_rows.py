"""A user's own rows become examples like any others, and every unusable row is reported with its line."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.catalog.task import OwnData, TaskInfo
from engine.data.labels import labels_of
from engine.data.loading import load_rows
from engine.data.own_rows import completed, read_own_rows
from engine.data.prepared import prepare
from engine.data.splits import parts_of_train
from engine.data.templates import render
from engine.errors import UserError
from engine.own_benchmarks.declaration import read_declaration

from ..own_benchmarks.shop import write_shop, write_table


def shop(folder: Path, name: str) -> TaskInfo:
    (task,) = (task for task in read_declaration(write_shop(folder)).tasks if task.name == name)
    assert isinstance(task.data, OwnData)
    return completed(task, task.data)


def declared(kind: str, path: Path, labels: tuple[str, ...] = (), **fields: Any) -> TaskInfo:
    """A task over one file with the columns ``text`` and ``label``."""
    data = OwnData((("train", str(path)),), **{"text": "{text}", "test_share": 0.2, **fields})
    columns = ("text", *(f"option{place}" for place in range(len(labels)) if data.options))
    template = "choice" if data.options else "plain"
    return TaskInfo("own", "task", "Task", kind, template, columns, ("accuracy",), labels=labels, data=data)


def rows_of(task: TaskInfo) -> pa.Table:
    assert isinstance(task.data, OwnData)
    return load_rows(completed(task, task.data), None)["train"]


def test_labels_are_collected_and_become_ids(tmp_path: Path) -> None:
    task = shop(tmp_path, "mood")
    assert task.labels == ("bad", "good")
    table = load_rows(task, None)["train"]
    assert labels_of(task, table).tolist() == [0, 1] * 20
    assert render(task, table).sequences[:2] == [("number 0", None), ("number 1", None)]


def test_a_regression_with_two_texts(tmp_path: Path) -> None:
    task = shop(tmp_path, "stars")
    table = load_rows(task, None)["train"]
    assert labels_of(task, table)[:3].tolist() == [np.float32(n / 10) for n in range(3)]
    assert render(task, table).sequences[1] == ("Title: t 1", "body, 1")


def test_options_may_be_a_column_of_lists(tmp_path: Path) -> None:
    task = shop(tmp_path, "next")
    assert (task.labels, task.columns) == (("0", "1", "2"), ("text", "option0", "option1", "option2"))
    tables = load_rows(task, None)
    rendered = render(task, tables["test"])
    assert rendered.options == 3 and len(rendered.sequences) == 12
    assert rendered.sequences[3:6] == [("it 1", "goes"), ("it 1", "went 1"), ("it 1", "is")]
    assert labels_of(task, tables["test"]).tolist() == [0, 1, 2, 0]


def test_many_labels_may_be_lists_or_separated(tmp_path: Path) -> None:
    task = shop(tmp_path, "topics")
    assert task.labels == ("food", "music")
    for table in load_rows(task, None).values():
        assert labels_of(task, table)[:3].tolist() == [[1, 0], [0, 0], [1, 1]]


@pytest.mark.parametrize(
    ("cells", "labels", "ids"),
    [
        (["no", "yes", "no"], (), [0, 1, 0]),
        (["no", "yes", "no"], ("yes", "no"), [1, 0, 1]),
        ([0, 1, 0], ("negative", "positive"), [0, 1, 0]),
        ([1.0, 0.0, 1.0], ("negative", "positive"), [1, 0, 1]),
        ([10, 9, -1], (), [2, 1, 0]),
        ([True, False, True], (), [1, 0, 1]),
        ([1, 0, 1], ("1", "0"), [0, 1, 0]),
        (["no", " yes ", "no "], (), [0, 1, 0]),
    ],
)
def test_cells_may_be_names_or_ids(cells: list[Any], labels: tuple[str, ...], ids: list[int], tmp_path: Path) -> None:
    # Truth values and floats cannot be distinguished from texts in a table of text.
    for ending in ("jsonl", "parquet", *(["csv"] if not isinstance(cells[0], bool | float) else [])):
        path = write_table(tmp_path / f"rows.{ending}", [{"text": "x", "label": cell} for cell in cells])
        assert rows_of(declared("classification", path, labels))["label"].to_pylist() == ids


def test_the_class_names_of_a_hub_file_keep_their_order(tmp_path: Path) -> None:
    features = {"label": {"names": ["yes", "no"]}}
    table = pa.table({"text": ["a", "b"], "label": [0, 1]})
    about = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    pq.write_table(table.replace_schema_metadata(about), tmp_path / "rows.parquet")
    task = declared("classification", tmp_path / "rows.parquet")
    assert isinstance(task.data, OwnData)
    assert completed(task, task.data).labels == ("yes", "no")


def test_files_with_different_class_numbers_agree_by_name(tmp_path: Path) -> None:
    for names, file in ((["1", "2"], "train"), (["2", "1"], "test")):
        about = {b"huggingface": json.dumps({"info": {"features": {"label": {"names": names}}}}).encode()}
        table = pa.table({"text": ["a", "b", "c"], "label": [0, 1, 1]})
        pq.write_table(table.replace_schema_metadata(about), tmp_path / f"{file}.parquet")
    task = declared("classification", tmp_path / "train.parquet")
    assert isinstance(task.data, OwnData)
    task = completed(task, task.data)
    assert task.labels == ("1", "2")
    assert [
        read_own_rows(task, task.data, tmp_path / f"{file}.parquet")["label"].to_pylist() for file in ("train", "test")
    ] == [
        [0, 1, 1],
        [1, 0, 0],
    ]


def test_numbers_that_are_not_labels_are_not_taken_for_ids(tmp_path: Path) -> None:
    path = write_table(tmp_path / "rows.csv", [{"text": "x", "label": stars} for stars in (0, 1, 2)])
    with pytest.raises(UserError, match=r'rows.csv:2: column "label": "0" is not one of 1, 2, 3'):
        rows_of(declared("classification", path, ("1", "2", "3")))


GOOD = {"text": "fine", "label": "a"}
OTHER = {"text": "fine", "label": "b"}
ENDINGS = {"text": "x", "ends": ["a", "b"], "label": 0}
LISTS = {"options": ("{ends}",)}


@pytest.mark.parametrize(
    ("kind", "rows", "fields", "message"),
    [
        ("classification", [{"text": "a", "label": "postive"}], {}, ':4: column "label": "postive" is not one of a, b'),
        ("classification", [{"text": "a", "label": "A"}], {}, ':4: column "label": "A" is not one of a, b (did you mean a?)'),
        ("classification", [{"text": "a", "label": "b\nc"}], {}, ':4: column "label": "b\\nc" is not one of a, b'),
        ("classification", [{"text": "a", "label": "b" * 99}], {}, f':4: column "label": "{"b" * 60}..." is not one of a, b'),
        ("classification", [{"text": "a", "label": ""}], {}, ':4: column "label" is empty; fill the cell or drop the row'),
        ("classification", [{"text": " ", "label": "a"}], {}, ':4: column "text" is empty; fill the cell or drop the row'),
        ("classification", [], {"label": "gold"}, " has no column 'gold'; it has text, label"),
        ("classification", [], {"text": "{body}"}, " has no column 'body'; it has text, label"),
        ("regression", [{"text": "a", "label": "nan"}], {}, ':2: column "label" must hold finite numbers, not "a"'),
    ],
)
def test_unusable_rows_are_reported_with_their_line(
    kind: str, rows: list[dict], fields: dict, message: str, tmp_path: Path
) -> None:
    path = write_table(tmp_path / "rows.csv", [GOOD, OTHER, *rows])
    labels = ("a", "b") if kind == "classification" else ()
    with pytest.raises(UserError, match=re.escape(f"{path}{message}")):
        rows_of(declared(kind, path, labels, **fields))


@pytest.mark.parametrize(
    ("kind", "row", "fields", "message"),
    [
        ("regression", {"text": "a", "label": float("nan")}, {}, ':1: column "label" must hold finite numbers, not NaN'),
        ("regression", {"text": "a", "label": None}, {}, ':1: column "label" must hold finite numbers, not null'),
        ("classification", {"text": None, "label": "a"}, {}, ':1: column "text" is empty'),
        ("classification", {"text": float("nan"), "label": "a"}, {}, ':1: column "text" is empty'),
        ("classification", {"text": "a", "label": float("nan")}, {}, ':1: column "label" is empty'),
        ("classification", {"text": ["a"], "label": "a"}, {}, ':1: column "text" must hold text, not list'),
        ("classification", {"text": "a", "label": ["a"]}, {}, ':1: column "label" must hold one label per row'),
        ("multilabel", {"text": "a", "label": "a,b"}, {}, ":1: column \"label\" holds text; say what stands between"),
        ("multilabel", {"text": "a", "label": None}, {}, ':1: column "label" is empty; write [] for no label'),
        ("multilabel", {"text": "a", "label": [["a"]]}, {}, ':1: column "label" must hold a list of labels'),
        ("multilabel", {"text": "a", "label": ["a", "c"]}, {}, ':1: column "label": "c" is not one of a, b'),
        ("multiple_choice", {**ENDINGS, "ends": ["a"]}, LISTS, ':1: column "ends" must hold a list of 2 options'),
        ("multiple_choice", {**ENDINGS, "ends": "a"}, LISTS, ':1: column "ends" must hold a list of 2 options'),
        ("multiple_choice", {**ENDINGS, "ends": ["a", ""]}, LISTS, ':1: column "ends" is empty'),
        ("multiple_choice", {**ENDINGS, "label": "A"}, LISTS, ':1: column "label": "A" is not one of a, b; write ids from 0'),
        ("multiple_choice", {**ENDINGS, "label": 2}, LISTS, ':1: column "label": "2" is not one of a, b'),
    ],
)  # fmt: skip
def test_unusable_lines_of_json_are_reported(kind: str, row: dict, fields: dict, message: str, tmp_path: Path) -> None:
    path = write_table(tmp_path / "rows.jsonl", [row])
    labels = () if kind == "regression" else ("a", "b")
    with pytest.raises(UserError, match=re.escape(f"{path}{message}")):
        rows_of(declared(kind, path, labels, **fields))


def test_implausible_labels_are_reported(tmp_path: Path) -> None:
    path = write_table(tmp_path / "rows.csv", [{"text": "x", "label": n / 7} for n in range(1_001)])
    with pytest.raises(UserError, match=r'column "label" has 1,001 different values; list the labels, or write kind'):
        rows_of(declared("classification", path))
    write_table(path, [GOOD, GOOD])
    with pytest.raises(UserError, match=r'column "label" has a only; two are needed'):
        rows_of(declared("classification", path))
    write_table(path, [{"text": "x", "label": label} for label in ("3.0", "3")])
    with pytest.raises(UserError, match=r'column "label" has 3 only; two are needed'):
        rows_of(declared("regression", path))
    pq.write_table(pa.table({"text": ["x", "y"], "label": [b"a", b"b"]}), tmp_path / "rows.parquet")
    with pytest.raises(UserError, match=r'rows.parquet row 1: column "label" must hold text, not bytes'):
        rows_of(declared("classification", tmp_path / "rows.parquet"))
    path.write_text("text,label\n")
    for labels in ((), ("a", "b")):
        with pytest.raises(UserError, match=r"rows.csv has no rows"):
            rows_of(declared("classification", path, labels))


def test_parts_of_the_training_file_are_disjoint_and_balanced(tmp_path: Path) -> None:
    path = write_table(tmp_path / "rows.csv", [GOOD, GOOD, OTHER] * 100)
    task = declared("classification", path, ("a", "b"))

    def labels() -> np.ndarray:
        return labels_of(task, rows_of(task))

    parts = parts_of_train(task, labels())
    assert {name: len(rows) for name, rows in parts.items()} == {"train": 216, "dev": 24, "test": 60}
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(300))
    assert [labels()[parts[name]].mean() for name in ("train", "dev", "test")] == pytest.approx([1 / 3] * 3)
    # A class with one row cannot lie on both sides.
    write_table(path, [GOOD] * 30 + [OTHER])
    assert {name: len(rows) for name, rows in parts_of_train(task, labels()).items()} == {"train": 21, "dev": 3, "test": 7}
    write_table(path, [GOOD])
    with pytest.raises(UserError, match=r"too small to set 0.2 of it aside as test"):
        parts_of_train(task, labels())


def test_the_token_cache_knows_contents_and_definition(tmp_path: Path, tiny_backbone: Path) -> None:
    task = shop(tmp_path, "mood")
    first = prepare(task, tiny_backbone, tmp_path / "cache", None)
    assert {name: len(split) for name, split in first.splits.items()} == {"train": 28, "dev": 4, "test": 8}
    assert sorted(np.concatenate(list(first.rows.values())).tolist()) == list(range(40))

    def folders() -> int:
        return len([path for path in (tmp_path / "cache").iterdir() if path.is_dir()])

    assert isinstance(task.data, OwnData)
    larger = replace(task, data=replace(task.data, test_share=0.5))
    moved = write_shop(tmp_path / "moved").parent / "reviews.csv"
    prepare(replace(task, data=replace(task.data, files=(("train", str(moved)),))), tiny_backbone, tmp_path / "cache", None)
    assert folders() == 1, "where a file lies changes nothing"
    assert len(prepare(larger, tiny_backbone, tmp_path / "cache", None).splits["test"]) == 20
    assert folders() == 1, "splits are views of the same entry"
    prepare(replace(task, data=replace(task.data, text="So: {review}")), tiny_backbone, tmp_path / "cache", None)
    assert folders() == 2
    write_shop(tmp_path, rows=50)
    assert len(prepare(task, tiny_backbone, tmp_path / "cache", None).splits["test"]) == 10
    assert folders() == 3
    moved.unlink()
    with pytest.raises(UserError, match=r"shop/mood needs .*reviews.csv, which does not exist"):
        prepare(replace(task, data=replace(task.data, files=(("train", str(moved)),))), tiny_backbone, tmp_path / "cache", None)


def test_given_dev_and_test_files_are_taken_whole(tmp_path: Path, tiny_backbone: Path) -> None:
    data = prepare(shop(tmp_path, "topics"), tiny_backbone, tmp_path / "cache", None)
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 40, "dev": 6, "test": 5}
    assert data.rows == {}
