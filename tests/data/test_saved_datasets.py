"""Own tasks whose rows are a folder that ``save_to_disk`` wrote: identified by its contents, like a table."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value, disable_progress_bars

from engine.catalog.records import entry_record, task_from
from engine.data.loading import load_rows
from engine.errors import UserError
from engine.files.disk import file_digest
from engine.files.identity import data_identity
from engine.files.task_files import stored_files, task_files
from engine.own_benchmarks.declaration import read_declaration
from engine.own_benchmarks.stored import Stored, save
from engine.plans.planner import make_plan, submit
from engine.plugins.home_catalog import load_catalog
from engine.registry.store import Store
from engine.runs.definition import definition_of
from engine.runs.request import Request
from engine.worker_exit import WorkerExit
from tests.own_benchmarks.hub_data import check, declare, task_of
from tests.training.runs import work_on

FEATURES = Features({"text": Value("string"), "label": ClassLabel(names=["pos", "neg"])})
disable_progress_bars()


def rows(count: int, word: str = "train") -> Dataset:
    texts = [f"{word} number {n}" for n in range(count)]
    return Dataset.from_dict({"text": texts, "label": [n % 2 for n in range(count)]}, features=FEATURES)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A folder beside the declaration with a split for each of train, dev and test."""
    DatasetDict(train=rows(40), validation=rows(8, "dev"), test=rows(6, "test")).save_to_disk(tmp_path / "own" / "saved")
    return tmp_path / "own"


SAVED = 'dataset = "saved"'


def test_splits_and_class_names_are_read(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(saved)
    result = check(saved, SAVED)
    task, data = task_of(result)
    assert task.labels == ("pos", "neg") and task.split_sizes == {"train": 40, "dev": 8, "test": 6}
    assert dict(data.files) == {
        "train": f"{saved}/saved/train",
        "dev": f"{saved}/saved/validation",
        "test": f"{saved}/saved/test",
    }
    assert load_rows(task, None)["test"].to_pylist()[1] == {"text": "test number 1", "label": 1}
    assert [path.name for path in stored_files(task, None)] == ["data-00000-of-00001.arrow"] * 3
    assert task_from(json.loads(json.dumps(entry_record(task)))) == task
    rows(30, "other").save_to_disk(saved / "one")
    task, _ = task_of(check(saved, 'dataset = "one"', "test = 0.2"))
    assert task.split_sizes == {"train": 21, "dev": 3, "test": 6}


def test_where_it_lies_and_when_it_was_saved_changes_nothing_but_its_rows_and_classes_do(saved: Path, tmp_path: Path) -> None:
    def identity(dataset: DatasetDict) -> str:
        shutil.rmtree(saved / "saved")
        dataset.save_to_disk(saved / "saved")
        return data_identity(task, None)

    task, _ = task_of(check(saved, SAVED))
    first = data_identity(task, None)
    shutil.copytree(saved, tmp_path / "copy")
    copy, _ = task_of(check(tmp_path / "copy", SAVED))
    assert data_identity(copy, None) == first and definition_of(copy) == definition_of(task)
    parts = {"validation": rows(8, "dev"), "test": rows(6, "test")}
    assert identity(DatasetDict(train=rows(40), **parts)) == first
    assert identity(DatasetDict(train=rows(41), **parts)) != first
    renamed = rows(40).cast_column("label", ClassLabel(names=["neg", "pos"]))
    assert identity(DatasetDict(train=renamed, **parts)) != first, "classes in another order are other labels"


def test_lists_of_classes_and_options(saved: Path) -> None:
    lists = {"topics": List(ClassLabel(names=["music", "food"])), "ends": List(Value("string"))}
    cells = {"topics": [[n % 2] for n in range(40)], "ends": [["a", "b"]] * 40}
    many = Dataset.from_dict({**rows(40).to_dict(), **cells}, features=Features({**FEATURES, **lists, "label": Value("int64")}))
    many.save_to_disk(saved / "many")
    source = 'dataset = "many"'
    task, _ = task_of(check(saved, source, 'kind = "multilabel"', 'label = "topics"', "test = 0.2"))
    assert task.labels == ("music", "food") and load_rows(task, None)["train"]["label"].to_pylist()[1] == ["food"]
    task, _ = task_of(check(saved, source, 'kind = "multiple_choice"', 'options = "{ends}"', "test = 0.2"))
    options = {"option0": "a", "option1": "b", "label": 1}
    assert load_rows(task, None)["train"].to_pylist()[1] == {"text": "train number 1", **options}


def cut(folder: Path) -> None:
    path = folder / "train" / "data-00000-of-00001.arrow"
    path.write_bytes(path.read_bytes()[:300])


def write(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (cut, "saved/train cannot be read as a saved dataset: "),
        (write("train/state.json", "{"), "saved/train/state.json is not what save_to_disk writes; save the dataset again"),
        (write("train/state.json", '{"_data_files": [{"filename": "../../secret"}]}'), "state.json names no files of rows"),
        (write("dataset_dict.json", '{"splits": ["../train"]}'), "saved/dataset_dict.json names no splits"),
        (lambda folder: (folder / "train" / "data-00000-of-00001.arrow").unlink(), "data-00000-of-00001.arrow is missing"),
        (lambda folder: shutil.rmtree(folder / "train"), "saved/train, which does not exist; bring it back"),
        (write("train/state.json", '{"_data_files": 3}'), "state.json names no files of rows"),
    ],
)  # fmt: skip
def test_damage_is_one_line(
    spoil: Callable[[Path], object], message: str, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(saved)
    spoil(saved / "saved")
    with pytest.raises(UserError) as caught:
        check(saved, SAVED)
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["config", "revision"])
def test_keys_of_the_hub_are_refused(key: str, saved: Path) -> None:
    with pytest.raises(UserError, match=rf"tasks.t.{key} is for a dataset of the hub, and saved is a folder; leave it out"):
        read_declaration(declare(saved, SAVED, f'{key} = "x"'))


def test_a_queued_run_refuses_a_folder_that_changed(saved: Path, store: Store, tiny_backbone: Path) -> None:
    path = declare(saved, SAVED)
    result = check(saved, SAVED)
    save(store.home.benchmarks, Stored(result.benchmark, path, file_digest(path)))
    request = Request(methods=("adapter",), targets=("own/t",), backbone=str(tiny_backbone), epochs=1, seeds=(0, 1))
    plan = make_plan(request, store, load_catalog(store.home))
    first, second = submit(plan, store)
    assert work_on(store, first) == WorkerExit.COMPLETED, store.find(first).cause
    shutil.rmtree(saved / "saved" / "train")
    rows(30, "new").save_to_disk(saved / "saved" / "train")
    assert work_on(store, second) == WorkerExit.FAILED
    assert "the rows of own/t changed since the run was queued; ask for it again" in str(store.find(second).cause)
    shutil.rmtree(saved / "saved")
    task, _ = task_of(result)
    with pytest.raises(
        UserError, match=r"own/t needs .*train, which does not exist; bring it back, or add the benchmark again"
    ):
        task_files(task, None)
