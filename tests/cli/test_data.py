"""``data``: what is fetched from a hub on this machine serves runs without one; the token cache is listed and pruned."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engine.catalog.benchmarks import SUPERGLUE_DATA
from engine.catalog.catalog import BUILT_IN
from engine.catalog.humset import HUMSET_DATA
from engine.data.cache_entry import hold_entry
from engine.data.prepared import prepare
from engine.files.disk import file_digest
from engine.own_benchmarks.declaration import read_declaration
from engine.own_benchmarks.stored import Stored, save
from engine.plans.planner import make_plan, submit
from engine.registry.store import Store
from engine.runs.request import Request
from tests.files.folders import ROOT, task_data
from tests.files.tiny_hub import Repository, TinyHub
from tests.own_benchmarks.shop import write_shop

Command = Callable[..., subprocess.CompletedProcess[str]]
TOY = BUILT_IN.tasks["toy/sentiment"]


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """CB and COPA as the hub has them."""
    for name in ("cb", "copa"):
        (tmp_path / "served" / name).mkdir(parents=True)
        for split in ("train", "validation"):
            content = (task_data() / "super_glue" / name / f"{split}.parquet").read_bytes()
            (tmp_path / "served" / name / f"{split}-00000-of-00001.parquet").write_bytes(content)
    return tmp_path / "served"


@pytest.fixture
def hub(served: Path, tiny_backbone: Path) -> Iterator[TinyHub]:
    tiny = TinyHub(
        {"datasets/aps/super_glue": Repository(served, SUPERGLUE_DATA.revision), "org/tiny": Repository(tiny_backbone)}
    )
    yield tiny
    tiny.stop()


@pytest.fixture
def scalearn(hub: TinyHub, tmp_path: Path) -> Command:
    """A command with an empty cache and home, and with that hub."""
    env = {**os.environ, "HF_ENDPOINT": hub.address, "HF_HUB_CACHE": str(tmp_path / "hub"), "SCALEARN_HOME": str(tmp_path)}
    env.pop("HF_HUB_OFFLINE", None)

    def run(*words: str, code: str = "from scalearn_tui.cli.app import main; import sys; sys.exit(main(sys.argv[1:]))"):
        return subprocess.run(
            [sys.executable, "-c", code, *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=100
        )

    return run


LOAD = """
import sys, time
from engine.catalog.catalog import BUILT_IN
from engine.files.backbones import find_backbone
from engine.files.missing import stay_offline
from engine.data.loading import load_rows
task = BUILT_IN.tasks["superglue/cb"]
backbone = find_backbone("org/tiny")
assert stay_offline(backbone, [task], None)
print(load_rows(task, None)["train"].num_rows, backbone.folder(download=True).name)
"""


def test_fetched_files_serve_runs_without_the_hub(scalearn: Command, hub: TinyHub) -> None:
    done = scalearn("data", "fetch", "superglue", "-t", "cb", "-t", "copa", "-b", "org/tiny")
    assert done.returncode == 0, done.stderr
    first, second, third = done.stdout.splitlines()
    assert first.startswith("superglue/cb  downloaded  ") and first.endswith("train 250, validation 56")
    assert second.startswith("superglue/copa  downloaded") and third.startswith("org/tiny  downloaded")
    assert "no network" in done.stderr.splitlines()[-1]
    count = len(hub.asked)
    again = scalearn("data", "fetch", "superglue", "-t", "cb", "-b", "org/tiny")
    assert again.returncode == 0 and again.stdout.count("was here") == 2 and len(hub.asked) == count
    hub.stop()
    began = time.monotonic()
    plan = scalearn("run", "-m", "adapter", "-t", "superglue/cb", "-b", "org/tiny", "--dry-run")
    assert plan.returncode == 0 and "superglue/cb" in plan.stdout, plan.stderr
    assert time.monotonic() - began < 60 and len(hub.asked) == count
    loaded = scalearn(code=LOAD)
    assert loaded.stdout.split() == ["250", hub.repositories["org/tiny"].sha], loaded.stderr


def test_a_damaged_file_is_downloaded_again(scalearn: Command, hub: TinyHub, tmp_path: Path) -> None:
    assert scalearn("data", "fetch", "superglue", "-t", "cb").returncode == 0
    (path,) = (tmp_path / "hub").rglob("cb/train-*.parquet")
    with path.open("r+b") as file:
        file.seek(200)
        file.write(b"????")
    done = scalearn("data", "fetch", "superglue", "-t", "cb")
    assert done.returncode == 0 and "downloaded" in done.stdout, done.stderr


def test_rows_that_are_not_the_catalogs_are_refused(scalearn: Command, served: Path) -> None:
    path = served / "cb" / "train-00000-of-00001.parquet"
    pq.write_table(pq.read_table(path).slice(0, 100), path)
    done = scalearn("data", "fetch", "superglue", "-t", "cb")
    assert done.returncode == 2 and not done.stdout
    assert "has 100 rows, not the 250 of superglue/cb" in done.stderr.splitlines()[-1]


def test_lines_of_json_are_read_and_counted(tmp_path: Path, scalearn: Command, hub: TinyHub) -> None:
    (tmp_path / "humset" / "data").mkdir(parents=True)
    names = {task.label_column: [] for key, task in BUILT_IN.tasks.items() if key.startswith("humset/")}
    for split in ("train", "validation", "test"):
        (tmp_path / "humset" / "data" / f"{split}.jsonl").write_text(json.dumps({"excerpt": "Roads are cut.", **names}) + "\n")
    hub.repositories = {"datasets/nlp-thedeep/humset": Repository(tmp_path / "humset", HUMSET_DATA.revision)}
    done = scalearn("data", "fetch", "humset", "-t", "sectors")
    assert done.returncode == 2 and "has 1 rows, not the 117,435 of humset/sectors" in done.stderr, done.stderr


def test_an_interrupted_fetch_resumes(scalearn: Command, hub: TinyHub, served: Path) -> None:
    late = served / "copa" / "validation-00000-of-00001.parquet"
    content = late.read_bytes()
    late.unlink()
    done = scalearn("data", "fetch", "superglue", "-t", "cb", "-t", "copa")
    assert done.returncode == 2 and done.stdout.startswith("superglue/cb  downloaded")
    assert "superglue/copa needs copa/validation-00000-of-00001.parquet, which aps/super_glue does not have" in done.stderr
    late.write_bytes(content)
    hub.asked.clear()
    done = scalearn("data", "fetch", "superglue", "-t", "cb", "-t", "copa")
    assert done.returncode == 0 and "superglue/cb  was here" in done.stdout and "superglue/copa  downloaded" in done.stdout
    assert {path.rpartition("/")[2] for path in hub.asked if path.startswith("GET datasets/")} == {late.name}


def test_a_failed_fetch_is_reported_in_a_line(scalearn: Command, hub: TinyHub) -> None:
    for words, message in (
        (("superglue", "-t", "nothing"), "no task 'nothing' in superglue"),
        (("superglue", "-t", "cb", "-b", "nothing"), "no backbone 'nothing'"),
        (("superglue", "-b", "org/other", "-t", "cb"), "the hub has no model org/other"),
    ):
        done = scalearn("data", "fetch", *words)
        assert done.returncode == 2 and message in done.stderr.splitlines()[-1], done.stderr
    hub.stop()
    began = time.monotonic()
    done = scalearn("data", "fetch", "superglue", "-t", "copa")
    assert done.returncode == 2 and "the hub cannot be reached" in done.stderr and time.monotonic() - began < 6


def test_ls_shows_what_is_on_this_machine(scalearn: Command, tiny_backbone: Path, tmp_path: Path) -> None:
    assert scalearn("data", "fetch", "superglue", "-t", "cb").returncode == 0
    data = prepare(TOY, tiny_backbone, tmp_path / "tokens", None)
    document = json.loads(scalearn("data", "ls", "--json").stdout)
    tasks = {task["task"]: task for task in document["tasks"]}
    assert document["schema"] == 1 and tasks["superglue/cb"]["here"] and tasks["superglue/cb"]["bytes"] > 10_000
    assert tasks["toy/question"] == {"task": "toy/question", "here": True, "bytes": 0} and not tasks["glue/rte"]["here"]
    (entry,) = document["tokens"]
    assert entry["task"] == "toy/sentiment" and entry["backbone"] == "tiny-bert" and entry["current"]
    assert entry["sequences"] == 900 and entry["tokens"] == sum(len(data.splits[name].tokens) for name in ("train", "test"))
    assert abs(entry["used"] - time.time()) < 60
    table = scalearn("data", "ls")
    assert "toy/sentiment" in table.stdout
    assert "not here: glue (8 tasks), superglue (7 of 8 tasks), humset (5 tasks), roberta-base, " in table.stderr


def test_ls_shows_missing_own_files(scalearn: Command, tmp_path: Path) -> None:
    path = write_shop(tmp_path / "shop")
    save(tmp_path / "benchmarks", Stored(read_declaration(path), path, file_digest(path)))
    (path.parent / "reviews.csv").unlink()
    done = scalearn("data", "ls")
    assert "files are gone: shop/mood; bring them back" in done.stderr and "shop/stars" in done.stdout


def test_prune_removes_entries_that_no_run_needs(scalearn: Command, store: Store, tiny_backbone: Path, monkeypatch) -> None:
    """Kept: an entry that is read, one that a queued run will ask for, and one used of late; freed: the rest."""
    tokens = store.home.tokens
    read = prepare(TOY, tiny_backbone, tokens, None)
    prepare(BUILT_IN.tasks["toy/topics"], tiny_backbone, tokens, None)
    prepare(BUILT_IN.tasks["toy/choice"], tiny_backbone, tokens, None)
    hold_entry(tokens / "glue-old", lambda folder: outdated(folder))
    submit(
        make_plan(Request(methods=("adapter",), targets=("toy/topics",), backbone=str(tiny_backbone)), store, BUILT_IN), store
    )
    command = ("data", "prune", "--older-than", "0d", "--json")
    monkeypatch.setenv("SCALEARN_HOME", str(store.home.root))

    def prune(*words: str) -> set[str]:
        env = {**os.environ, "SCALEARN_HOME": str(store.home.root)}
        done = subprocess.run(
            [sys.executable, "-m", "scalearn_tui", *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return {entry["task"] for entry in json.loads(done.stdout)["freed"]}

    assert prune("data", "prune", "--json", "--dry-run") == {"glue/old"}
    assert prune(*command, "--dry-run") == {"toy/choice", "glue/old"}
    assert len(list(tokens.glob("*/"))) == 4
    assert prune(*command) == {"toy/choice", "glue/old"}
    assert {path.name.rpartition("-")[0] for path in tokens.glob("*/")} == {"toy-sentiment", "toy-topics"}
    del read
    assert prune(*command) == {"toy/sentiment"}


def outdated(folder: Path) -> None:
    card = {"version": 0, "rows": "", "task": {"key": "glue/old", "max_length": 128}}
    (folder / "card.json").write_text(json.dumps(card))
