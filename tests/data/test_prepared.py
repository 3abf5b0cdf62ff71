"""From rows to the splits of a run: which rows are train and dev, and what limits keep."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.catalog.catalog import BUILT_IN
from engine.catalog.task import HubData
from engine.data import splits
from engine.data.labels import labels_of
from engine.data.loading import load_rows
from engine.data.prepared import prepare
from tests.data.folders import entries, part, same

LARGE = {"glue/mnli", "glue/qqp", "glue/qnli", "glue/sst2"}


HERE = {task.key for name in ("glue", "superglue", "toy") for task in BUILT_IN.benchmarks[name].tasks}


@pytest.mark.parametrize("key", sorted(HERE - LARGE))
def test_every_task_is_prepared(key: str, data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path) -> None:
    task = replace(BUILT_IN.tasks[key], max_length=48)
    data = prepare(task, tokenizers["bert"], tmp_path, data_dir)
    assert list(data.splits) == ["train", "dev", *(name for name, _ in task.tests)]
    tables = load_rows(task, data_dir)
    every = range(tables["train"].num_rows)
    # Without entries where dev is a split of its own.
    drawn, held_out = (data.rows.get(part, rest) for part, rest in (("train", every), ("dev", ())))
    assert sorted([*drawn, *held_out]) == list(every)
    for split in data.splits.values():
        lengths = split.lengths
        assert len(split) * split.options == len(split.second) == len(split.starts) == len(lengths)
        assert (split.starts + lengths).max() <= len(split.tokens)
        assert lengths.max() <= 48 and lengths.min() >= 3
        assert ((split.second > 0) & (split.second <= lengths)).all()
        assert (split.groups is not None) == (task.template in ("multirc", "record"))
        assert split.tokens.dtype == split.second.dtype == np.int32 and split.starts.dtype == lengths.dtype == np.int64
        assert split.ids is not None and split.clusters is not None and len(split.clusters) == len(split)
        assert len(np.unique(split.ids, axis=0)) == len(split)
        assert split.labels.dtype == (np.float32 if task.kind in ("regression", "multilabel") else np.int64)
    if task.kind != "entity_ranking":
        assert np.array_equal(data.splits["test"].labels, labels_of(task, tables[task.tests[0][1]]))
        train = labels_of(task, tables["train"])[drawn]
        assert np.array_equal(data.splits["train"].labels, train)
    else:
        assert all(len(values) == len(data.splits["test"]) for values in (data.splits["test"].candidates or {"": []}).values())
        assert data.splits["train"].candidates is None


def test_both_tests_of_mnli_are_prepared(data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path) -> None:
    small = tmp_path / "glue" / "mnli"
    small.mkdir(parents=True)
    for split, count in (("train", 400), ("validation_matched", 30), ("validation_mismatched", 20)):
        pq.write_table(
            pq.read_table(data_dir / "glue" / "mnli" / f"{split}.parquet").slice(0, count), small / f"{split}.parquet"
        )
    data = prepare(BUILT_IN.tasks["glue/mnli"], tokenizers["roberta"], tmp_path / "cache", tmp_path, {"test": 25})
    assert {name: len(split) for name, split in data.splits.items()} == {
        "train": 360, "dev": 40, "test": 25, "test_mismatched": 20,
    }  # fmt: skip


def test_an_official_dev_split_is_taken_as_it_is(tokenizers: dict[str, Path], tmp_path: Path) -> None:
    data = HubData("org/name", "main", "mine", local_file="{split}.jsonl.parquet")
    task = replace(
        BUILT_IN.tasks["glue/cola"], data=data, dev="validation", tests=(("test", "test"),), label_column="acceptable"
    )
    (tmp_path / "mine").mkdir()
    for split, count in (("train", 9), ("validation", 4), ("test", 3)):
        rows = [{"sentence": f"{split} {row}", "acceptable": row % 2} for row in range(count)]
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "mine" / f"{split}.jsonl.parquet")
    prepared = prepare(task, tokenizers["bert"], tmp_path / "cache", tmp_path)
    assert {name: split.labels.tolist() for name, split in prepared.splits.items()} == {
        "train": [0, 1] * 4 + [0], "dev": [0, 1, 0, 1], "test": [0, 1, 0],
    }  # fmt: skip
    assert prepared.rows == {} and replace(task, dev_size=4).split_sizes == {"train": 8_551, "dev": 4, "test": 1_043}


def test_rows_that_are_given_are_taken_from_the_same_folder(
    data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("superglue/copa", "superglue/record"):
        task = BUILT_IN.tasks[key]
        drawn = prepare(task, tokenizers["bert"], tmp_path, data_dir)
        with monkeypatch.context() as patch:
            patch.setattr(splits, "SPLIT_SEED", 7)
            moved = prepare(task, tokenizers["bert"], tmp_path, data_dir)
            again = prepare(task, tokenizers["bert"], tmp_path, data_dir, rows=drawn.rows)
        assert not np.array_equal(moved.rows["dev"], drawn.rows["dev"]) and not same(moved, drawn)
        assert same(again, drawn)
        for name, values in (drawn.splits["dev"].candidates or {}).items():
            assert np.array_equal((again.splits["dev"].candidates or {})[name], values)
    assert len(entries(tmp_path)) == 2


def test_limits_keep_nested_parts_and_whole_questions(data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path) -> None:
    task = BUILT_IN.tasks["superglue/multirc"]
    part(data_dir, tmp_path, "super_glue/multirc", train=2_000, validation=200)
    cache = tmp_path / "cache"
    full = prepare(task, tokenizers["bert"], cache, tmp_path)
    limited = prepare(task, tokenizers["bert"], cache, tmp_path, {"train": 500, "dev": 100, "test": 10**6})
    assert len(limited.splits["train"]) == 500
    assert len(limited.splits["test"]) == 200
    assert all(np.array_equal(limited.rows[part], full.rows[part]) for part in ("train", "dev"))
    dev, all_dev = limited.splits["dev"], full.splits["dev"]
    assert dev.groups is not None and all_dev.groups is not None
    assert 80 < len(dev) <= 100
    names, sizes = np.unique(dev.groups, return_counts=True)
    assert sizes.tolist() == [int((all_dev.groups == name).sum()) for name in names]
    assert len(entries(cache)) == 1


def test_a_limit_keeps_examples_with_their_options_and_candidates(
    data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path
) -> None:
    copa = prepare(BUILT_IN.tasks["superglue/copa"], tokenizers["bert"], tmp_path, data_dir).splits["train"]
    few = copa.select(np.array([5, 2]))
    assert len(few) == 2 and len(few.second) == 4
    for place, example in enumerate((5, 2)):
        for option in range(2):
            ours, theirs = 2 * place + option, 2 * example + option
            assert few.starts[ours] == copa.starts[theirs] and few.lengths[ours] == copa.lengths[theirs] > 2
    assert few.labels.tolist() == copa.labels[[5, 2]].tolist()
    record = prepare(BUILT_IN.tasks["superglue/record"], tokenizers["bert"], tmp_path, data_dir, {"test": 50}).splits["test"]
    assert record.groups is not None and record.candidates is not None
    assert all(len(values) == len(record) == len(record.groups) <= 50 for values in record.candidates.values())
    assert record.candidates["em"][record.labels == 1].all()
