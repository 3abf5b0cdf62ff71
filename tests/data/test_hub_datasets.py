"""Own tasks whose rows are a dataset of the hub: read by the library at one commit, with its class names and splits."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from engine.catalog.records import benchmark_from
from engine.catalog.task import OwnData
from engine.data.loading import load_rows
from engine.errors import UserError
from engine.files import reachability
from engine.files.home import Home
from engine.files.hub import NotDownloaded
from engine.files.identity import data_identity
from engine.files.task_files import task_files
from engine.runs.definition import definition_of
from tests.files.tiny_hub import SHA, Repository, TinyHub
from tests.own_benchmarks.hub_data import (
    check,
    declare,
    task_of,
    write_classes,
    write_lines_repository,
    write_repository,
    write_table_repository,
)

HubOf = Callable[[dict[str, Repository]], TinyHub]
MOOD = ('dataset = "org/data"', 'test = "validation"')


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(write_repository(tmp_path / "served"))


@pytest.fixture
def hub(hub_of: HubOf, repository: Repository, home: Home) -> TinyHub:
    return hub_of({"datasets/org/data": repository})


def refused(folder: Path, *keys: str) -> str:
    with pytest.raises(UserError) as caught:
        check(folder, *keys)
    assert "\n" not in str(caught.value) and caught.value.exit_code == 2
    return str(caught.value)


def test_splits_and_class_names_are_the_datasets_own(hub: TinyHub, tmp_path: Path) -> None:
    result = check(tmp_path, *MOOD)
    task, data = task_of(result)
    assert data.dataset and (data.dataset.name, data.dataset.config, data.dataset.revision) == ("org/data", "mood", SHA)
    assert dict(data.dataset.splits) == {"train": "train", "test": "validation"}
    assert task.labels == ("pos", "neg") and task.split_sizes == {"train": 54, "dev": 6, "test": 12}
    assert result.tasks[0].classes["test"] == {"pos": 6, "neg": 6} and result.notices == ()
    rows = load_rows(task, None)
    assert rows["train"]["text"][1].as_py() == "first train number 1" and rows["train"]["label"][1].as_py() == 1
    asked = {path.rpartition("/")[2] for path in hub.asked if "/resolve/" in path}
    assert asked == {"README.md", "train-00000-of-00001.parquet", "validation-00000-of-00001.parquet"}


def test_validation_is_dev_and_test_is_test_unless_named(hub: TinyHub, tmp_path: Path, repository: Repository) -> None:
    message = refused(tmp_path, 'dataset = "org/data"')
    assert message.startswith('org/data (mood) test: column "label" has no gold label in each of 8 rows')
    assert message.endswith('write test = "validation", or a share of train as in test = 0.2')
    repository.move("1" * 40, write_repository(tmp_path / "open", hidden=False))
    task, data = task_of(check(tmp_path, 'dataset = "org/data"'))
    assert data.dataset and dict(data.dataset.splits) == {"train": "train", "dev": "validation", "test": "test"}
    assert (task.dev, task.tests, data.dev_share) == ("dev", (("test", "test"),), 0.0)
    assert task.split_sizes == {"train": 60, "dev": 12, "test": 8}
    task, data = task_of(check(tmp_path, 'dataset = "org/data"', "dev = 0.25", "test = 0.2"))
    assert data.dataset and dict(data.dataset.splits) == {"train": "train"}
    assert task.split_sizes == {"train": 36, "dev": 12, "test": 12}


def test_scores_lists_and_fields_of_objects(hub_of: HubOf, home: Home, tmp_path: Path) -> None:
    table, lines = write_table_repository(tmp_path / "table"), write_lines_repository(tmp_path / "lines")
    hub_of({"datasets/org/table": Repository(table), "datasets/org/lines": Repository(lines)})
    keys = ('dataset = "org/table"', 'kind = "regression"', 'text = "{title}"', 'label = "stars"', "test = 0.2")
    task, _ = task_of(check(tmp_path, *keys))
    assert load_rows(task, None)["train"]["label"].to_pylist()[:3] == [0.0, 0.25, 0.5]
    source = 'dataset = "org/lines"'
    assert "has several configs; name one, as in config" in refused(tmp_path, source, "test = 0.2")
    task, _ = task_of(check(tmp_path, source, 'config = "topics"', 'kind = "multilabel"', 'label = "labels"', "test = 0.2"))
    assert task.labels == ("music", "food")
    assert load_rows(task, None)["train"]["label"].to_pylist()[:2] == [["music", "food"], ["food"]]
    keys = ('kind = "multiple_choice"', 'text = "{q}"', 'options = "{choices.text}"', 'label = "answer"')
    task, data = task_of(check(tmp_path, source, 'config = "choice"', *keys, 'labels = ["A", "B", "C"]', "test = 0.2"))
    assert data.dataset and dict(data.dataset.splits) == {"train": "train", "dev": "dev"}
    rows = load_rows(task, None)["train"].slice(0, 2).to_pylist()
    assert rows[1] == {"text": "choice 1", "option0": "one", "option1": "two", "option2": "three", "label": 1}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (['config = "modo"'], 'org/data has no config "modo" (did you mean mood?); there are mood, half'),
        (
            ['test = "vallidation"'],
            'test = "vallidation" is no split of org/data (mood) (did you mean validation?); there',
        ),
        (['config = "half"'], "org/data (half) has no split test; there are train; write a share of train as in test ="),
        (
            ['train = "test"'],
            'has no split test left; there are train, validation, test; write test = "validation"',
        ),
        (['revision = "v9"'], "own/t: org/data has no revision v9; leave it out for the newest"),
        (['test = "train"'], 'own/t: train and test are both "train"; there are train, validation, test, or take a share'),
        (['test = "validation"', 'dev = "validation"'], 'own/t: test and dev are both "validation"'),
        (["test = 0.5", "dev = 0.5"], "tasks.t.test and dev together leave nothing to train on"),
        (
            ['train = "rows.csv"'],
            'train names a split of the dataset, not a file such as "rows.csv"; leave out dataset',
        ),
        (["quoted = true", "test = 0.2"], "tasks.t.quoted is for CSV and TSV; leave it out"),
        (['group = "text"', 'dev = "validation"'], "own/t: group is for shares drawn from train, and dev and test are splits"),
        (['label = "mood"', "test = 0.2"], "org/data (mood) train has no column 'mood'; it has text, label"),
        (['text = "{txt}"', "test = 0.2"], "org/data (mood) train has no column 'txt'; it has text, label"),
    ],
)
def test_what_does_not_fit_the_dataset_is_refused(keys: list[str], message: str, hub: TinyHub, tmp_path: Path) -> None:
    assert message in refused(tmp_path, 'dataset = "org/data"', *keys)


def test_names_of_other_things_are_refused(hub: TinyHub, tmp_path: Path) -> None:
    assert "the hub has no dataset org/date, or it is private" in refused(tmp_path, 'dataset = "org/date"', "test = 0.2")
    (tmp_path / "folder").mkdir()
    assert "folder, which is no saved dataset; save_to_disk" in refused(tmp_path, 'dataset = "folder"', "test = 0.2")
    assert 'is "data": neither a folder beside the file nor org/name' in refused(tmp_path, 'dataset = "data"', "test = 0.2")
    for key in ("config", "revision"):
        assert f'tasks.t.{key} is for dataset = "org/name"' in refused(
            tmp_path, 'train = "a.csv"', f'{key} = "x"', "test = 0.2"
        )


def test_rows_without_a_gold_label_are_named_by_split_and_row(hub: TinyHub, tmp_path: Path, repository: Repository) -> None:
    texts, labels = [f"text {n}" for n in range(40)], [-1 if n == 6 else n % 2 for n in range(40)]
    write_classes(repository.folder / "mood" / "train-00000-of-00001.parquet", texts, labels)
    message = refused(tmp_path, *MOOD)
    assert message.startswith('org/data (mood) train row 7: column "label": "-1" is not one of pos, neg; if it means "no gold')
    result = check(tmp_path, *MOOD, 'drop_labels = "-1"')
    assert result.tasks[0].dropped == {"train": 1} and sum(result.tasks[0].rows.values()) == 39 + 12
    write_classes(repository.folder / "mood" / "train-00000-of-00001.parquet", ["same"] * 40, labels)
    write_classes(repository.folder / "mood" / "validation-00000-of-00001.parquet", ["a", "SAME"], [0, 1])
    shutil.rmtree(Home.default().datasets)
    repository.move("2" * 40, repository.folder)
    (notice,) = (one for one in check(tmp_path, *MOOD, 'drop_labels = "-1"').notices if "test rows" in one.message)
    assert (notice.code, notice.file, notice.line) == ("leak", "org/data (mood) validation", 2)
    assert notice.message.endswith("take shares of train instead")


def test_a_benchmark_stays_at_its_commit_when_the_revision_moves(
    hub: TinyHub, tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = task_of(check(tmp_path, *MOOD))
    repository.move("3" * 40, write_repository(tmp_path / "later", "second"))
    assert load_rows(first, None)["train"]["text"][0].as_py() == "first train number 0"
    second, _ = task_of(check(tmp_path, *MOOD))
    assert load_rows(second, None)["train"]["text"][0].as_py() == "second train number 0"
    assert (data_identity(first, None), data_identity(second, None)) == (SHA, "3" * 40)
    assert definition_of(first) == definition_of(second), "only the rows differ"
    pinned, _ = task_of(check(tmp_path, *MOOD, f'revision = "{SHA}"'))
    assert pinned == first
    asked = len(hub.asked)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert task_of(check(tmp_path, *MOOD, f'revision = "{SHA}"'))[0] == first and len(hub.asked) == asked
    message = refused(tmp_path, *MOOD)
    assert "the dataset org/data at its newest commit is not on this machine and HF_HUB_OFFLINE forbids asking" in message


def test_config_and_splits_are_part_of_the_definition(hub: TinyHub, tmp_path: Path) -> None:
    definitions = [definition_of(task_of(check(tmp_path, 'dataset = "org/data"', *keys))[0]) for keys in (
        ('test = "validation"',), ('config = "mood"', 'test = "validation"'), ('train = "validation"', 'test = "train"'),
    )]  # fmt: skip
    assert definitions[0] == definitions[1] != definitions[2]
    assert definitions[0]["own"]["dataset"] == {"config": "mood", "splits": (("train", "train"), ("test", "validation"))}


def test_rows_that_are_gone_come_back_at_their_commit(
    hub: TinyHub, tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = check(tmp_path, *MOOD)
    task, _ = task_of(result)
    stored = benchmark_from(json.loads(json.dumps(asdict(result.benchmark)))).tasks[0]
    assert stored == task
    before = load_rows(task, None)
    train = task_files(task, None)["train"]
    train.write_bytes(train.read_bytes()[:-30] + b"?" * 26 + b"PAR1")
    repository.move("4" * 40, tmp_path)
    assert load_rows(stored, None) == before, "damaged rows are read again from the hub's cache"
    shutil.rmtree(Home.default().datasets)
    with pytest.raises(NotDownloaded, match="the data of own/t is not on this machine"):
        task_files(task, None)
    assert load_rows(task, None) == before
    shutil.rmtree(Home.default().datasets)
    hub.stop()
    monkeypatch.setattr(reachability, "_answers", {})
    with pytest.raises(
        NotDownloaded, match=r"org/data at 0{0}0123456789abcdef\w+ is not on this machine and the hub cannot be"
    ):
        load_rows(task, None)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "data.py",
            "import os",
            "org/data is a script, data.py, and scripts of the hub are never run; give a folder",
        ),
        ("train.pkl", "x", "cannot be read by the datasets library: No (supported) data files found in org/data"),
        ("train.xml", "<a/>", "holds files for the reader xml; rows are read from parquet, json, csv, arrow, text only"),
        ("train.csv", 'text,label\n"a,b\n', "org/data cannot be read by the datasets library: "),
        (
            "README.md",
            "---\nconfigs:\n- config_name: a\n  data_files: /etc/host*\n---\n",
            "No (supported) data files found in org/data",
        ),
        ("README.md", "---\nconfigs: {\n---\n", "org/data cannot be read by the datasets library: "),
        ("README.md", "nothing here", "The directory at org/data doesn't contain any data files"),
    ],
)
def test_repositories_that_are_no_tables_are_refused(
    name: str,
    content: str,
    message: str,
    hub_of: HubOf,
    home: Home,
    tmp_path: Path,
) -> None:
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / name).write_text(content)
    hub_of({"datasets/org/data": Repository(tmp_path / "served")})
    assert message in refused(tmp_path, 'dataset = "org/data"', "test = 0.2")
    assert not list(home.datasets.glob("*/")), "nothing is left behind"


@pytest.mark.parametrize(("trouble", "message"), [("gated", "accept its terms"), ("broken", "cannot download org/data: ")])
def test_refusals_of_the_hub_are_one_line(
    trouble: str, message: str, hub: TinyHub, repository: Repository, tmp_path: Path
) -> None:
    repository.trouble = trouble
    assert message in refused(tmp_path, *MOOD)


def test_a_read_declaration_names_no_files_yet(tmp_path: Path) -> None:
    from engine.own_benchmarks.declaration import read_declaration

    (task,) = read_declaration(declare(tmp_path, 'dataset = "org/data"')).tasks
    assert isinstance(task.data, OwnData) and task.data.files == () and task.data.dataset
