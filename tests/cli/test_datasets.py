"""Benchmarks over datasets of the hub through the command line: added with a hub, trained and used without it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.files.home import Home
from engine.plans.planner import make_plan, submit
from engine.plugins.home_catalog import load_catalog
from engine.registry.store import open_store
from engine.runs.request import Request
from tests.files.folders import ROOT
from tests.files.tiny_hub import SHA, Repository, TinyHub
from tests.own_benchmarks.hub_data import declare, write_classes, write_repository

Command = Callable[..., subprocess.CompletedProcess[str]]
LATER = "5" * 40
IMPORTS = """
import sys
from scalearn_tui.cli.app import main
code = main(sys.argv[1:])
assert not {"datasets", "pyarrow", "torch", "pandas"} & sys.modules.keys()
sys.exit(code)
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[TinyHub]:
    tiny = TinyHub({"datasets/org/data": Repository(write_repository(tmp_path / "served"))})
    yield tiny
    tiny.stop()


@pytest.fixture
def scalearn(hub: TinyHub, tmp_path: Path) -> Command:
    """A command with an empty cache and home and with that hub, which loads no library of tables itself."""
    env = {
        **os.environ,
        "HF_ENDPOINT": hub.address,
        "HF_HUB_CACHE": str(tmp_path / "hub"),
        "SCALEARN_HOME": str(tmp_path / "home"),
    }
    env.pop("HF_HUB_OFFLINE", None)

    def run(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", IMPORTS, *words]
        return subprocess.run(command, cwd=ROOT, env=env, input=stdin, capture_output=True, text=True, timeout=200)

    return run


@pytest.fixture
def added(scalearn: Command, tmp_path: Path) -> Path:
    path = declare(tmp_path / "own", 'dataset = "org/data"', 'test = "validation"')
    done = scalearn("benchmarks", "add", str(path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == [
        "own/t  classification, train 54, dev 6, test 12; labels pos, neg",
        f"  from org/data (mood) at {SHA[:12]}: train, validation as test",
    ]
    return path


def test_what_was_added_with_a_hub_is_trained_and_used_without_it(
    added: Path, scalearn: Command, hub: TinyHub, tiny_backbone: Path, tmp_path: Path
) -> None:
    hub.repositories["datasets/org/data"].move(LATER, added.parent)
    hub.stop()
    count = len(hub.asked)
    run = scalearn("run", "-m", "adapter", "-t", "own/t", "-b", str(tiny_backbone), "--epochs", "1", "--json")
    assert run.returncode == 0, run.stderr
    (listed,) = json.loads(scalearn("ls", "--json").stdout)["runs"]
    assert listed["state"] == "completed" and len(hub.asked) == count
    assert open_store(Home(tmp_path / "home")).find(listed["id"]).parsed.data == {"own/t": SHA}
    predicted = scalearn("predict", listed["id"], stdin='{"text": "first train number 7"}\n')
    assert predicted.returncode == 0 and json.loads(predicted.stdout)["label"] in ("pos", "neg"), predicted.stderr
    assert scalearn("benchmarks", "remove", "own").returncode == 0
    assert scalearn("show", listed["id"]).returncode == 0


def test_the_report_and_the_list_tell_the_commit(added: Path, scalearn: Command, hub: TinyHub, tmp_path: Path) -> None:
    source = {"dataset": "org/data", "config": "mood", "revision": SHA, "splits": {"train": "train", "test": "validation"}}
    report = json.loads(scalearn("benchmarks", "add", str(added), "--json").stdout)
    assert report["tasks"][0]["dataset"] == source and report["notices"] == []
    assert json.loads(scalearn("benchmarks", "ls", "--json").stdout)[-1]["datasets"] == {"own/t": source}
    assert f"org/data (mood) at {SHA[:12]}" in scalearn("benchmarks", "ls").stdout
    hub.repositories["datasets/org/data"].move(LATER, write_repository(tmp_path / "later", "first train"))
    again = scalearn("benchmarks", "add", str(added), "--strict")
    assert again.returncode == 0 and f"org/data (mood) at {LATER[:12]}" in again.stdout, again.stderr


def test_rows_are_listed_pruned_and_fetched(added: Path, scalearn: Command, hub: TinyHub, tmp_path: Path) -> None:
    def here() -> bool:
        tasks = json.loads(scalearn("data", "ls", "--json").stdout)["tasks"]
        return next(task["here"] and task["bytes"] > 1000 for task in tasks if task["task"] == "own/t")

    datasets = tmp_path / "home" / "datasets"
    assert here() and json.loads(scalearn("data", "prune", "--json").stdout)["freed"] == []
    shutil.rmtree(datasets)
    assert not here() and "not here: " in (listed := scalearn("data", "ls").stderr) and "own/t" in listed, listed
    fetched = scalearn("data", "fetch", "own")
    assert fetched.returncode == 0 and fetched.stdout.startswith("own/t  downloaded  "), fetched.stderr
    assert fetched.stdout.strip().endswith("train 60, test 12") and here()
    (rows,) = datasets.glob("*/train.parquet")
    rows.write_bytes(b"PAR1 nothing PAR1")
    assert scalearn("data", "fetch", "own").stdout.startswith("own/t  downloaded")
    assert scalearn("data", "fetch", "own").stdout.startswith("own/t  was here")
    assert scalearn("benchmarks", "remove", "own").returncode == 0
    (freed,) = json.loads(scalearn("data", "prune", "--json").stdout)["freed"]
    assert freed["name"].startswith("org--data-") and freed["bytes"] > 1000 and not list(datasets.glob("*/"))


def test_rows_that_a_queued_run_needs_are_kept(added: Path, scalearn: Command, tiny_backbone: Path, tmp_path: Path) -> None:
    store = open_store(Home(tmp_path / "home"))
    request = Request(methods=("adapter",), targets=("own/t",), backbone=str(tiny_backbone))
    submit(make_plan(request, store, load_catalog(store.home)), store)
    assert scalearn("benchmarks", "remove", "own").returncode == 0
    assert json.loads(scalearn("data", "prune", "--json").stdout)["freed"] == []


def test_without_a_hub_a_line_says_what_to_do(
    added: Path, scalearn: Command, hub: TinyHub, tmp_path: Path, tiny_backbone: Path
) -> None:
    shutil.rmtree(tmp_path / "home" / "datasets")
    hub.stop()
    for words, message in (
        (("run", "-m", "adapter", "-t", "own/t", "-b", str(tiny_backbone), "--dry-run"), "the data of own/t; run offline"),
        (
            ("benchmarks", "add", str(added)),
            "own/t: the dataset org/data at its newest commit is not on this machine and the",
        ),
        (("data", "fetch", "own"), f"the dataset org/data at {SHA} is not on this machine and the hub cannot be reached (http"),
    ):
        done = scalearn(*words)
        assert done.returncode == 2 and not done.stdout and message in done.stderr, done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_notices_name_split_and_row(scalearn: Command, hub: TinyHub, tmp_path: Path) -> None:
    path = declare(tmp_path / "own", 'dataset = "org/data"', 'train = "validation"', 'test = "train"')
    file = hub.repositories["datasets/org/data"].folder / "mood" / "train-00000-of-00001.parquet"
    write_classes(file, ["a", "First validation NUMBER 1", "b"], [0, 1, 0])
    done = scalearn("benchmarks", "add", str(path), "--strict")
    assert (
        done.returncode == 2 and "notice: org/data (mood) train row 2: own/t: 1 of 3 test rows have their text" in done.stderr
    )
