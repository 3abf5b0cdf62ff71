"""The token cache: what determines a key, and what happens when processes meet, die or fill the disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from engine.catalog.catalog import BUILT_IN
from engine.catalog.task import TaskInfo
from engine.data import token_cache
from engine.data.loading import load_rows
from engine.data.prepared import prepare
from engine.errors import UserError
from tests.data.folders import entries, part, same

TOY = BUILT_IN.tasks["toy/sentiment"]


def test_the_second_time_is_a_read(data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path) -> None:
    task = BUILT_IN.tasks["superglue/boolq"]
    first = prepare(task, tokenizers["bert"], tmp_path, data_dir)
    start = time.process_time()
    second = prepare(task, tokenizers["bert"], tmp_path, data_dir)
    assert time.process_time() - start < 0.1
    assert same(first, second)
    assert len(entries(tmp_path)) == 1
    assert not list(tmp_path.glob(".*-*/"))
    with pytest.raises(ValueError, match="read-only"):
        second.splits["train"].tokens[0] = 1


def test_files_that_change_while_they_are_read_are_not_cached(
    data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_late(task: TaskInfo, folder: Path) -> dict[str, pa.Table]:
        part(data_dir / "super_glue", folder / "super_glue", "cb", train=150, validation=20)
        return load_rows(task, folder)

    part(data_dir / "super_glue", tmp_path / "super_glue", "cb", train=100, validation=20)
    monkeypatch.setattr("engine.data.loading.load_rows", read_late)
    with pytest.raises(UserError, match="the files of superglue/cb changed while they were read"):
        prepare(BUILT_IN.tasks["superglue/cb"], tokenizers["bert"], tmp_path / "cache", tmp_path)
    assert entries(tmp_path / "cache") == []


def test_a_key_covers_everything_that_determines_the_tokens(
    data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = BUILT_IN.tasks["superglue/cb"]
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
    monkeypatch.setattr(token_cache, "LAYOUT_VERSION", token_cache.LAYOUT_VERSION + 1)
    prepare(task, tokenizers["bert"], tmp_path, data_dir)
    assert len(entries(tmp_path)) == len(cases) + 1


def test_changed_rows_are_not_read_from_the_cache(data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path) -> None:
    task = BUILT_IN.tasks["superglue/cb"]
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
        "from engine.catalog.catalog import BUILT_IN\n"
        "from engine.data.prepared import prepare\n"
        "logging.basicConfig(level=logging.INFO)\n"
        "data = prepare(BUILT_IN.tasks['toy/question'], pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), None)\n"
        "print(hashlib.sha256(b''.join(split.tokens.tobytes() for split in data.splits.values())).hexdigest())\n"
    )
    command = [sys.executable, "-c", code, str(tokenizers["bert"]), str(tmp_path / "cache")]
    four = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    outputs = [process.communicate(timeout=100) for process in four]
    assert [process.returncode for process in four] == [0] * 4
    assert len({digest for digest, _ in outputs}) == 1
    assert sum("INFO:engine.data.cache_entry:tokenizing toy-question" in log for _, log in outputs) == 1
    assert len(entries(tmp_path / "cache")) == 1


def test_remains_of_a_killed_process_are_ignored_and_removed(tokenizers: dict[str, Path], tmp_path: Path) -> None:
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
from engine.catalog.catalog import BUILT_IN
from engine.data.prepared import prepare
try:
    prepare(BUILT_IN.tasks["toy/question"], Path(sys.argv[1]), Path(sys.argv[2]), None)
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


def test_the_card_describes_the_entry(tokenizers: dict[str, Path], tmp_path: Path) -> None:
    data = prepare(TOY, tokenizers["bert"], tmp_path, None)
    card = json.loads((entries(tmp_path)[0] / "card.json").read_text())
    assert card["rows"] == data.identity
    assert card["task"]["key"] == "toy/sentiment"
    assert card["task"]["labels"] == ["negative", "positive"]
