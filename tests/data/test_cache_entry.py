"""Entries of the token cache and the processes that build, read and free them at the same time."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from engine.catalog.catalog import BUILT_IN
from engine.data.cache_entry import free_entry
from engine.data.prepared import prepare

TOY = BUILT_IN.tasks["toy/sentiment"]
READER = """
import sys
from pathlib import Path
from engine.catalog.catalog import BUILT_IN
from engine.data.prepared import prepare
data = prepare(BUILT_IN.tasks["toy/sentiment"], Path(sys.argv[1]), Path(sys.argv[2]), None)
print(sum(int(split.tokens.sum()) for split in data.splits.values()), flush=True)
sys.stdin.read()
print(sum(int(split.tokens.sum()) for split in data.splits.values()), flush=True)
"""
BUSY = """
import sys
from pathlib import Path
from engine.catalog.catalog import BUILT_IN
from engine.data.prepared import prepare
sums = set()
for _ in range(12):
    data = prepare(BUILT_IN.tasks["toy/sentiment"], Path(sys.argv[1]), Path(sys.argv[2]), None)
    sums.add(sum(int(split.tokens.sum()) for split in data.splits.values()))
    del data
print(*sums)
"""


def entry(cache: Path) -> Path:
    (folder,) = (path for path in cache.iterdir() if path.is_dir())
    return folder


def test_an_entry_is_freed_when_its_last_reader_has_ended(tokenizers: dict[str, Path], tmp_path: Path) -> None:
    command = [sys.executable, "-c", READER, str(tokenizers["bert"]), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        first = reader.stdout.readline()
        folder = entry(tmp_path)
        assert not free_entry(folder, dry_run=True) and not free_entry(folder) and folder.is_dir()
        assert reader.communicate(timeout=30)[0] == first
    assert free_entry(folder, dry_run=True) and folder.is_dir()
    assert free_entry(folder) and not [path for path in tmp_path.iterdir() if path.is_dir()]
    assert not free_entry(folder)


def test_an_entry_deleted_by_hand_stays_readable_and_is_rebuilt_at_once(tokenizers: dict[str, Path], tmp_path: Path) -> None:
    data = prepare(TOY, tokenizers["bert"], tmp_path, None)
    before = np.array(data.splits["train"].tokens)
    shutil.rmtree(entry(tmp_path))
    again = prepare(TOY, tokenizers["bert"], tmp_path, None)
    assert np.array_equal(data.splits["train"].tokens, before)
    assert np.array_equal(again.splits["train"].tokens, before)


def test_an_entry_that_lost_its_card_is_built_again(tokenizers: dict[str, Path], tmp_path: Path) -> None:
    """A copy of a cache may break off before it."""
    before = prepare(TOY, tokenizers["bert"], tmp_path, None).splits["train"].tokens
    (entry(tmp_path) / "card.json").unlink()
    (entry(tmp_path) / "train" / "tokens.npy").unlink()
    build = "import sys; from pathlib import Path; from engine.data.prepared import prepare\n"
    build += "from engine.catalog.catalog import BUILT_IN\n"
    build += "prepare(BUILT_IN.tasks['toy/sentiment'], Path(sys.argv[1]), Path(sys.argv[2]), None)"
    subprocess.run([sys.executable, "-c", build, str(tokenizers["bert"]), str(tmp_path)], check=True, timeout=60)
    assert np.array_equal(prepare(TOY, tokenizers["bert"], tmp_path, None).splits["train"].tokens, before)


@pytest.mark.parametrize("name", ["train/tokens.npy", "validation/labels.npy", "card.json", "digests.json"])
def test_a_damaged_entry_is_built_again(name: str, tokenizers: dict[str, Path], tmp_path: Path) -> None:
    before = np.array(prepare(TOY, tokenizers["bert"], tmp_path, None).splits["train"].tokens)
    path = entry(tmp_path) / name
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)
    build = READER.replace("sys.stdin.read()", "")
    damaged = subprocess.run(
        [sys.executable, "-c", build, str(tokenizers["bert"]), str(tmp_path)],
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    )
    assert np.array_equal(prepare(TOY, tokenizers["bert"], tmp_path, None).splits["train"].tokens, before)
    assert bytes(content) != path.read_bytes() and "is damaged; its texts are tokenized again" in damaged.stderr


def test_processes_that_need_an_entry_survive_one_that_frees_it(tokenizers: dict[str, Path], tmp_path: Path) -> None:
    command = [sys.executable, "-c", BUSY, str(tokenizers["bert"]), str(tmp_path)]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    freed = 0
    while any(worker.poll() is None for worker in workers):
        freed += sum(free_entry(path) for path in tmp_path.glob("toy-*"))
        time.sleep(0.005)
    outputs = [worker.communicate() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], outputs
    assert len({sums for sums, _ in outputs}) == 1 and len(outputs[0][0].split()) == 1
    assert freed > 0
