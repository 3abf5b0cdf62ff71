"""HumSet's files: official splits as they are, label order fixed, unknown labels refused where they stand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.catalog.catalog import BUILT_IN
from engine.data.labels import labels_of
from engine.data.loading import load_rows
from engine.data.prepared import prepare
from engine.data.templates import render
from engine.errors import UserError
from engine.files.identity import data_identity
from tests.data.humset_rows import write_humset


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_humset(tmp_path / "data")


def rows_of(folder: Path, split: str) -> list[dict]:
    return [json.loads(line) for line in (folder / "humset" / f"{split}.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("task", BUILT_IN.benchmarks["humset"].tasks, ids=lambda task: task.name)
def test_a_targets_columns_are_the_sorted_labels_in_every_split(task, folder: Path) -> None:
    tables = load_rows(task, folder)
    assert list(tables) == ["train", "validation", "test"]
    without = 0
    for split, table in tables.items():
        rows = rows_of(folder, split)
        expected = [[float(label in row[task.name]) for label in sorted(task.labels)] for row in rows]
        assert labels_of(task, table).tolist() == expected
        assert [text for text, _ in render(task, table).sequences] == [row["excerpt"] for row in rows]
        without += sum(not row[task.name] for row in rows)
    assert without > 5, "rows without a label are kept"


LABELS = """
import sys, hashlib, pathlib
from engine.catalog.catalog import BUILT_IN
from engine.data.labels import labels_of
from engine.data.loading import load_rows
for task in BUILT_IN.benchmarks["humset"].tasks:
    for table in load_rows(task, pathlib.Path(sys.argv[1])).values():
        print(hashlib.sha256(labels_of(task, table).tobytes()).hexdigest())
"""


def test_targets_do_not_depend_on_the_hash_seed(folder: Path) -> None:
    """A label order from a Python set differs between processes, and in the released joint code between splits."""
    outputs = set()
    for seed in ("0", "1", "77"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", LABELS, str(folder)]
        outputs.add(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)
    assert len(outputs) == 1 and len(outputs.pop().split()) == 15


def test_a_label_that_the_card_lacks_is_reported_with_its_line(folder: Path) -> None:
    path = folder / "humset" / "validation.jsonl"
    rows = rows_of(folder, "validation")
    rows[6]["sectors"] = ["Health", "Technological"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(UserError, match=r"validation\.jsonl:7: column 'sectors' has the label 'Technological'; .* Agricult"):
        load_rows(BUILT_IN.tasks["humset/sectors"], folder)
    load_rows(BUILT_IN.tasks["humset/pillars_1d"], folder)
    rows[0]["subpillars_1d"] = ["Context->Technological"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(UserError, match=r"validation\.jsonl:1: .*Technological'; humset/subpillars_1d has 33 others$"):
        load_rows(BUILT_IN.tasks["humset/subpillars_1d"], folder)


def test_a_split_in_which_no_row_has_a_label_loads(folder: Path) -> None:
    rows = [{**row, "sectors": []} for row in rows_of(folder, "test")]
    (folder / "humset" / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = BUILT_IN.tasks["humset/sectors"]
    assert not labels_of(task, load_rows(task, folder)["test"]).any()


def test_dev_is_the_official_one(folder: Path, tiny_backbone: Path, tmp_path: Path) -> None:
    task = BUILT_IN.tasks["humset/pillars_2d"]
    data = prepare(task, tiny_backbone, tmp_path / "cache", folder, {"test": 5})
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 60, "dev": 20, "test": 5}
    assert data.rows == {} and data.splits["train"].labels.dtype == np.float32
    assert np.array_equal(data.splits["dev"].labels, labels_of(task, load_rows(task, folder)["validation"]))
    assert data_identity(task, folder) == data_identity(BUILT_IN.tasks["humset/sectors"], folder) == data.identity


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "humset" / "test.jsonl").unlink()
    with pytest.raises(UserError, match=r"humset/sectors needs .*humset/test\.jsonl, which does not exist; check --data-dir"):
        load_rows(BUILT_IN.tasks["humset/sectors"], folder)
