"""From rows to splits: what determines a key of the token cache, what happens when processes meet, and what limits keep."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.catalog.benchmarks import BENCHMARKS, TASKS
from engine.catalog.task import HubData, TaskInfo
from engine.data import splits, token_cache
from engine.data.batches import Batch, gather
from engine.data.labels import labels_of
from engine.data.loading import load_rows
from engine.data.prepared import TaskData, prepare
from engine.data.tokenized_split import TokenizedSplit
from engine.errors import UserError

TOY = TASKS["toy/sentiment"]


def entries(cache: Path) -> list[Path]:
    return sorted(path for path in cache.iterdir() if path.is_dir())


def same(one: TaskData, two: TaskData) -> bool:
    return all(np.array_equal(rows, two.rows[part]) for part, rows in one.rows.items()) and all(
        np.array_equal(getattr(whole(split), name), getattr(whole(two.splits[key]), name))
        for key, split in one.splits.items()
        for name in ("tokens", "lengths", "segments", "labels")
    )


def whole(split: TokenizedSplit) -> Batch:
    return gather(split, np.arange(len(split)))


def part(data_dir: Path, folder: Path, config: str, **counts: int) -> None:
    """The first rows of each split as a data directory of its own."""
    (folder / config).mkdir(parents=True, exist_ok=True)
    for split, count in counts.items():
        pq.write_table(
            pq.read_table(data_dir / config / f"{split}.parquet").slice(0, count), folder / config / f"{split}.parquet"
        )


LARGE = {"glue/mnli", "glue/qqp", "glue/qnli", "glue/sst2"}
HERE = {task.key for name in ("glue", "superglue", "toy") for task in BENCHMARKS[name].tasks}


@pytest.mark.parametrize("key", sorted(HERE - LARGE))
def test_every_task_is_prepared(key: str, data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path) -> None:
    task = replace(TASKS[key], max_length=48)
    data = prepare(task, tokenizers["bert"], tmp_path, data_dir)
    assert list(data.splits) == ["train", "dev", *(name for name, _ in task.tests)]
    tables = load_rows(task, data_dir)
    assert sorted([*data.rows["train"], *data.rows["dev"]]) == list(range(tables["train"].num_rows))
    for split in data.splits.values():
        lengths = split.lengths
        assert len(split) * split.options == len(split.second) == len(split.starts) == len(lengths)
        assert (split.starts + lengths).max() <= len(split.tokens)
        assert lengths.max() <= 48 and lengths.min() >= 3
        assert ((split.second > 0) & (split.second <= lengths)).all()
        assert (split.groups is not None) == (task.template in ("multirc", "record"))
        assert split.tokens.dtype == split.second.dtype == np.int32 and split.starts.dtype == lengths.dtype == np.int64
        assert split.labels.dtype == (np.float32 if task.kind in ("regression", "multilabel") else np.int64)
    if task.kind != "entity_ranking":
        assert np.array_equal(data.splits["test"].labels, labels_of(task, tables[task.tests[0][1]]))
        train = labels_of(task, tables["train"])[data.rows["train"]]
        assert np.array_equal(data.splits["train"].labels, train)
    else:
        assert len(data.splits["test"].candidates or []) == len(data.splits["test"])
        assert data.splits["train"].candidates is None


def test_both_tests_of_mnli_are_prepared(data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path) -> None:
    small = tmp_path / "glue" / "mnli"
    small.mkdir(parents=True)
    for split, count in (("train", 400), ("validation_matched", 30), ("validation_mismatched", 20)):
        pq.write_table(
            pq.read_table(data_dir / "glue" / "mnli" / f"{split}.parquet").slice(0, count), small / f"{split}.parquet"
        )
    data = prepare(TASKS["glue/mnli"], tokenizers["roberta"], tmp_path / "cache", tmp_path, {"test": 25})
    assert {name: len(split) for name, split in data.splits.items()} == {
        "train": 360, "dev": 40, "test": 25, "test_mismatched": 20,
    }  # fmt: skip


def test_an_official_dev_split_is_taken_as_it_is(tokenizers: dict[str, Path], tmp_path: Path) -> None:
    data = HubData("org/name", "main", "mine", local_file="{split}.jsonl.parquet")
    task = replace(TASKS["glue/cola"], data=data, dev="validation", tests=(("test", "test"),), label_column="acceptable")
    (tmp_path / "mine").mkdir()
    for split, count in (("train", 9), ("validation", 4), ("test", 3)):
        rows = [{"sentence": f"{split} {row}", "acceptable": row % 2} for row in range(count)]
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "mine" / f"{split}.jsonl.parquet")
    found = prepare(task, tokenizers["bert"], tmp_path / "cache", tmp_path)
    assert {name: split.labels.tolist() for name, split in found.splits.items()} == {
        "train": [0, 1] * 4 + [0], "dev": [0, 1, 0, 1], "test": [0, 1, 0],
    }  # fmt: skip
    assert found.rows == {} and replace(task, dev_size=4).split_sizes == {"train": 8_551, "dev": 4, "test": 1_043}


def test_rows_that_are_given_are_taken_from_the_same_folder(
    data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("superglue/copa", "superglue/record"):
        task = TASKS[key]
        drawn = prepare(task, tokenizers["bert"], tmp_path, data_dir)
        with monkeypatch.context() as patch:
            patch.setattr(splits, "SPLIT_SEED", 7)
            moved = prepare(task, tokenizers["bert"], tmp_path, data_dir)
            again = prepare(task, tokenizers["bert"], tmp_path, data_dir, rows=drawn.rows)
        assert not np.array_equal(moved.rows["dev"], drawn.rows["dev"]) and not same(moved, drawn)
        assert same(again, drawn)
        assert list(again.splits["dev"].candidates or ()) == list(drawn.splits["dev"].candidates or ())
    assert len(entries(tmp_path)) == 2


def test_the_second_time_is_a_read(data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path) -> None:
    task = TASKS["superglue/boolq"]
    first = prepare(task, tokenizers["bert"], tmp_path, data_dir)
    start = time.process_time()
    second = prepare(task, tokenizers["bert"], tmp_path, data_dir)
    assert time.process_time() - start < 0.1
    assert same(first, second)
    assert len(entries(tmp_path)) == 1
    assert not list(tmp_path.glob(".*-*/"))
    with pytest.raises(ValueError, match="read-only"):
        second.splits["train"].tokens[0] = 1


def test_files_that_change_while_they_are_read_are_not_kept(
    data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_late(task: TaskInfo, folder: Path) -> dict[str, pa.Table]:
        part(data_dir / "super_glue", folder / "super_glue", "cb", train=150, validation=20)
        return load_rows(task, folder)

    part(data_dir / "super_glue", tmp_path / "super_glue", "cb", train=100, validation=20)
    monkeypatch.setattr(token_cache, "load_rows", read_late)
    with pytest.raises(UserError, match="the files of superglue/cb changed while they were read"):
        prepare(TASKS["superglue/cb"], tokenizers["bert"], tmp_path / "cache", tmp_path)
    assert entries(tmp_path / "cache") == []


def test_a_key_holds_what_determines_the_tokens(
    data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = TASKS["superglue/cb"]
    cases = [
        (task, "bert"),
        (task, "roberta"),
        (replace(task, max_length=100), "bert"),
        (replace(task, truncate="first"), "bert"),
        (replace(task, columns=("hypothesis", "premise")), "bert"),
        (replace(task, config="cb"), "bert"),
        (replace(task, benchmark="mine"), "bert"),
    ]
    for changed, tokenizer in cases:
        prepare(changed, tokenizers[tokenizer], tmp_path, data_dir)
    assert len(entries(tmp_path)) == len(cases)
    prepare(replace(task, title="CommitmentBank", metrics=("accuracy",), stratify=True), tokenizers["bert"], tmp_path, data_dir)
    assert len(entries(tmp_path)) == len(cases)
    monkeypatch.setattr(token_cache, "CODE_VERSION", token_cache.CODE_VERSION + 1)
    prepare(task, tokenizers["bert"], tmp_path, data_dir)
    assert len(entries(tmp_path)) == len(cases) + 1


def test_changed_rows_are_not_read_from_the_cache(data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path) -> None:
    task = TASKS["superglue/cb"]
    copy = tmp_path / "data" / "super_glue" / "cb"
    copy.mkdir(parents=True)
    for split in ("train", "validation"):
        (copy / f"{split}.parquet").write_bytes((data_dir / f"super_glue/cb/{split}.parquet").read_bytes())
    before = prepare(task, tokenizers["bert"], tmp_path / "cache", tmp_path / "data")
    assert same(before, prepare(task, tokenizers["bert"], tmp_path / "cache", data_dir))
    assert len(entries(tmp_path / "cache")) == 1
    (copy / "validation.parquet").write_bytes((data_dir / "super_glue/cb/train.parquet").read_bytes())
    after = prepare(task, tokenizers["bert"], tmp_path / "cache", tmp_path / "data")
    assert len(after.splits["test"]) == 250
    assert after.identity != before.identity


def test_of_four_processes_that_meet_one_tokenizes(tokenizers: dict[str, Path], tmp_path: Path) -> None:
    code = (
        "import sys, json, hashlib, logging, pathlib\n"
        "from engine.catalog.benchmarks import TASKS\n"
        "from engine.data.prepared import prepare\n"
        "logging.basicConfig(level=logging.INFO)\n"
        "data = prepare(TASKS['toy/question'], pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), None)\n"
        "print(hashlib.sha256(b''.join(split.tokens.tobytes() for split in data.splits.values())).hexdigest())\n"
    )
    command = [sys.executable, "-c", code, str(tokenizers["bert"]), str(tmp_path / "cache")]
    four = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    told = [process.communicate(timeout=100) for process in four]
    assert [process.returncode for process in four] == [0] * 4
    assert len({digest for digest, _ in told}) == 1
    assert sum("INFO:engine.data.cache_entry:tokenizing toy-question" in log for _, log in told) == 1
    assert len(entries(tmp_path / "cache")) == 1


def test_what_a_killed_process_left_is_ignored_and_removed(tokenizers: dict[str, Path], tmp_path: Path) -> None:
    prepare(TOY, tokenizers["bert"], tmp_path / "one", None)
    name = entries(tmp_path / "one")[0].name
    left = tmp_path / "two" / f".{name}-abc"
    (left / "train").mkdir(parents=True)
    (left / "train" / "tokens.npy").write_bytes(b"half")
    data = prepare(TOY, tokenizers["bert"], tmp_path / "two", None)
    assert same(data, prepare(TOY, tokenizers["bert"], tmp_path / "one", None))
    assert [path.name for path in entries(tmp_path / "two")] == [name]


def test_everything_is_on_disk_before_the_folder_appears(
    tokenizers: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    fsync, rename = os.fsync, os.rename

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        synced.add(os.fstat(descriptor).st_ino)

    def checked(source: Path, target: Path) -> None:
        assert {path.stat().st_ino for path in (source, *source.rglob("*"))} <= synced
        rename(source, target)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(os, "rename", checked)
    prepare(TOY, tokenizers["bert"], tmp_path, None)
    assert len(entries(tmp_path)) == 1


PREPARE = """
import errno, os, sys
from pathlib import Path
from engine.catalog.benchmarks import TASKS
from engine.data.prepared import prepare
try:
    prepare(TASKS["toy/question"], Path(sys.argv[1]), Path(sys.argv[2]), None)
except OSError as error:
    assert error.errno == errno.ENOSPC, error
    assert not [path for path in Path(sys.argv[2]).iterdir() if path.is_dir()]
    print("the disk is full")
"""


def test_a_full_disk_is_an_error_and_leaves_nothing_behind(tokenizers: dict[str, Path], tmp_path: Path) -> None:
    command = f'mount -t tmpfs -o size=64k none {tmp_path} && exec {sys.executable} -c "$0" "$@"'
    try:
        subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", str(tmp_path)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine lets nobody make a small disk")
    words = ["unshare", "-rm", "/bin/sh", "-c", command, PREPARE, str(tokenizers["bert"]), str(tmp_path / "cache")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, "the disk is full"), done.stderr


def test_the_card_tells_what_a_folder_holds(tokenizers: dict[str, Path], tmp_path: Path) -> None:
    data = prepare(TOY, tokenizers["bert"], tmp_path, None)
    card = json.loads((entries(tmp_path)[0] / "card.json").read_text())
    assert card["rows"] == data.identity
    assert card["task"]["key"] == "toy/sentiment"
    assert card["task"]["labels"] == ["negative", "positive"]


def test_limits_keep_nested_parts_and_whole_questions(data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path) -> None:
    task = TASKS["superglue/multirc"]
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
    copa = prepare(TASKS["superglue/copa"], tokenizers["bert"], tmp_path, data_dir).splits["train"]
    few = copa.select(np.array([5, 2]))
    assert len(few) == 2 and len(few.second) == 4
    for place, example in enumerate((5, 2)):
        for option in range(2):
            ours, theirs = 2 * place + option, 2 * example + option
            assert few.starts[ours] == copa.starts[theirs] and few.lengths[ours] == copa.lengths[theirs] > 2
    assert few.labels.tolist() == copa.labels[[5, 2]].tolist()
    record = prepare(TASKS["superglue/record"], tokenizers["bert"], tmp_path, data_dir, {"test": 50}).splits["test"]
    assert record.groups is not None and record.candidates is not None
    assert len(record.candidates) == len(record) == len(record.groups) <= 50
    for candidate, answers in record.candidates:
        assert isinstance(candidate, str) and isinstance(answers, list)
    assert np.array_equal([candidate in answers for candidate, answers in record.candidates], record.labels)
