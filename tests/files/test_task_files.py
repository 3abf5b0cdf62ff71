"""Files of tasks, and what identifies them: in the hub's cache and in a data folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalog.benchmarks import GENERATOR_VERSION, SUPERGLUE_DATA
from engine.catalog.catalog import BUILT_IN
from engine.catalog.humset import HUMSET_DATA
from engine.errors import UserError
from engine.files.hub import NotDownloaded
from engine.files.identity import data_identity
from engine.files.task_files import task_files
from tests.files.folders import task_data


def test_files_of_a_task(cache: Path) -> None:
    assert task_files(BUILT_IN.find_task("toy/question"), None) == {}
    assert data_identity(BUILT_IN.find_task("toy/question"), None) == GENERATOR_VERSION
    task = BUILT_IN.find_task("superglue/cb")
    with pytest.raises(NotDownloaded, match="superglue/cb"):
        task_files(task, None)
    assert data_identity(task, None) == SUPERGLUE_DATA.revision
    folder = cache / "datasets--aps--super_glue" / "snapshots" / SUPERGLUE_DATA.revision / "cb"
    folder.mkdir(parents=True)
    for split in ("train", "validation"):
        (folder / f"{split}-00000-of-00001.parquet").write_bytes(b"PAR1....PAR1")
    assert task_files(task, None) == {split: folder / f"{split}-00000-of-00001.parquet" for split in ("train", "validation")}


def test_all_tasks_of_humset_read_the_same_lines(cache: Path) -> None:
    folder = cache / "datasets--nlp-thedeep--humset" / "snapshots" / HUMSET_DATA.revision / "data"
    folder.mkdir(parents=True)
    files = {split: folder / f"{split}.jsonl" for split in ("train", "validation", "test")}
    for path in files.values():
        path.write_text("{}\n")
    for name in ("sectors", "subpillars_2d"):
        assert task_files(BUILT_IN.find_task(name, "humset"), None) == files


def test_files_of_a_data_folder(tmp_path: Path) -> None:
    files = task_files(BUILT_IN.find_task("glue/mnli"), task_data())
    assert list(files) == ["train", "validation_matched", "validation_mismatched"]
    assert data_identity(BUILT_IN.find_task("glue/rte"), task_data()) != data_identity(
        BUILT_IN.find_task("glue/cola"), task_data()
    )
    with pytest.raises(UserError, match=r"glue/rte needs .*glue/rte/train.parquet, which does not exist; check --data-dir"):
        task_files(BUILT_IN.find_task("glue/rte"), tmp_path)
