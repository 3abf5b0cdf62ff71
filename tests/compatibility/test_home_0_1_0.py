"""A home made by version 0.1.0: it opens, what is in it is found again, and its adapters serve.

``home-0.1.0/`` is what that version left: the registry as SQL with ``{FOLDER}`` for where the files lay, a benchmark of the
user's own with its tables, a backbone of two layers, and an adapter that was exported there.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.adapters.card import read_artefact
from engine.adapters.exporting import export_adapter
from engine.adapters.importing import import_adapter
from engine.files.home import Home
from engine.plans.planner import Plan, make_plan, submit
from engine.plugins.home_catalog import load_catalog
from engine.registry.choosing import read_selection, select
from engine.registry.records import Run, RunState
from engine.registry.schema import HEAD
from engine.registry.store import Store, open_store
from engine.reports.leaderboard import build
from engine.reports.query import Query
from engine.runs.request import Request

LEFT = Path(__file__).parent / "home-0.1.0"
BUDGET = {"limits": {"train": 32, "dev": 16, "test": 16}, "epochs": 1}
ASKED = (
    {"methods": ("scalearn++",), "targets": ("shop/mood",)},
    {"methods": ("adapter-m",), "benchmark": "shop", "settings": {"steps_per_epoch": 2}},
    {"methods": ("lora",), "targets": ("shop/mood",), "seeds": (0, 1)},
    {"methods": ("lora",), "targets": ("shop/rating",)},
    {"methods": ("scalearn",), "targets": ("toy/topics",), "sources": ("choice", "topics"), "shots": 8},
    {"methods": ("scalearn",), "targets": ("toy/question",), "sources": ("shop/mood", "topics", "question")},
    {"methods": ("pals",), "targets": ("toy/question", "toy/topics"), "settings": {"steps_per_epoch": 2}},
    {"methods": ("lora",), "targets": ("shop/mood",), "shots": 4, "seeds": (1,)},
    {"methods": ("adapter-m",), "targets": ("shop/mood", "toy/question"), "settings": {"steps_per_epoch": 2}},
)
"""What that version was asked for."""
KEYS = ("shop/mood", "shop/rating")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of that version, with their registry at ``home/registry.sqlite``."""
    shutil.copytree(LEFT, tmp_path, dirs_exist_ok=True)
    for file in (tmp_path / "registry.sql", *tmp_path.glob("home/benchmarks/*.json")):
        file.write_text(file.read_text(encoding="utf-8").replace("{FOLDER}", str(tmp_path)), encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "home" / "registry.sqlite")) as database:
        database.executescript((tmp_path / "registry.sql").read_text(encoding="utf-8"))
    return tmp_path


@pytest.fixture
def old(folder: Path) -> Store:
    return open_store(Home(folder / "home"))


def plan(store: Store, folder: Path, **fields: object) -> Plan:
    request = Request(**{**BUDGET, **fields, "backbone": str(folder / "tiny-bert")})
    return make_plan(request, store, load_catalog(store.home))


def by_id(store: Store) -> dict[str, Run]:
    return {run.id: run for run in store.runs()}


def test_all_runs_are_listed_with_their_results(folder: Path, old: Store) -> None:
    with closing(sqlite3.connect(folder / "home" / f"registry.before-{HEAD}.sqlite")) as backup:
        before = backup.execute("SELECT id, state, target, best FROM run").fetchall()
        numbers = backup.execute("SELECT count(*) FROM result").fetchone()[0]
    assert sorted(before) == sorted((run.id, str(run.state), run.target, run.best) for run in old.runs())
    results = old.results([run.id for run in old.runs()])
    assert numbers == sum(len(of) for tasks in results.values() for task in tasks.values() for of in task.values())


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: f"{asked['methods'][0]}-{asked.get('targets', ['shop'])[0]}")
def test_a_repeated_request_trains_nothing(old: Store, folder: Path, asked: dict[str, object]) -> None:
    again = plan(old, folder, **asked)
    assert again.runs and not again.new and len(again.done) == len(again.runs)


def test_another_metric_of_an_own_benchmark_trains_nothing(old: Store, folder: Path) -> None:
    stored = folder / "home" / "benchmarks" / "shop.json"
    stored.write_text(stored.read_text(encoding="utf-8").replace('"macro_f1"', '"matthews"'), encoding="utf-8")
    assert not plan(old, folder, **ASKED[0]).new


def test_a_run_without_the_headline_metric_of_today_is_not_left_out_in_silence(old: Store, folder: Path) -> None:
    stored = folder / "home" / "benchmarks" / "shop.json"
    text = stored.read_text(encoding="utf-8").replace('"accuracy",', '"matthews",')
    stored.write_text(text, encoding="utf-8")
    catalog = load_catalog(old.home)
    assert not plan(old, folder, **ASKED[2]).new
    board = build(old, catalog, Query(benchmark="shop"))
    runs = [run for run in old.runs() if "shop/mood" in run.tasks]
    assert len(board.left_out) == len(runs) > 1
    assert all(any(line.startswith(run.id) and "not scored by matthews" in line for line in board.left_out) for run in runs)


def test_every_run_is_known_by_its_current_fingerprint(old: Store) -> None:
    catalog = load_catalog(old.home)
    for run in old.runs():
        spec = run.parsed.completed_from(catalog)
        if (spec.method, spec.target, spec.seed, spec.shots) != ("lora", "shop/mood", 0, None):  # there are two
            assert old.is_known_as(run, spec.fingerprint), run.target
            assert (run.group_id, run.target) == (spec.group_id, spec.target)


def test_its_runs_can_be_chosen_tagged_and_noted(old: Store) -> None:
    catalog = load_catalog(old.home)
    for run in old.runs():
        words = f"id:{run.id} method:{run.method} target:{run.target} seed:{run.seed} -tag:*"
        assert [found.id for found in select(read_selection([words], old, catalog), old)] == [run.id]
    (few_shot,) = select(read_selection(["shots:8 source:topics"], old, catalog), old)
    old.tag([few_shot.id], add=["old"])
    old.note(few_shot.id, "of 0.1.0")
    assert [run.note for run in select(read_selection(["tag:old"], old, catalog), old)] == ["of 0.1.0"]


def test_a_new_seed_joins_the_group_of_the_old_ones(old: Store, folder: Path) -> None:
    asked = {**ASKED[2], "seeds": (0, 1, 2)}
    wanted = plan(old, folder, **asked)
    assert [len(wanted.new), len(wanted.done)] == [1, 2]
    assert len({planned.existing.group_id if planned.existing else planned.spec.group_id for planned in wanted.runs}) == 1


def test_its_adapters_are_sources_of_new_runs(old: Store, folder: Path) -> None:
    wanted = plan(old, folder, methods=("scalearn",), targets=("shop/rating",))
    assert [planned.spec.method for planned in wanted.new] == ["scalearn"]
    ids = {source.run_id for source in wanted.new[0].spec.sources}
    assert ids == {run.id for run in old.runs() if run.method == "adapter" and run.epochs == 1 and run.target in KEYS}


def test_its_exported_adapter_is_imported_and_reused(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    store = open_store(Home(tmp_path_factory.mktemp("other") / "home"))
    shutil.copytree(folder / "home" / "benchmarks", store.home.benchmarks)
    run_id = import_adapter(store, folder / "mood.safetensors")["run"]
    assert import_adapter(store, folder / "mood.safetensors") == {
        "run": run_id, "task": "shop/mood", "file": str(folder / "mood.safetensors"), "new": False,
    }  # fmt: skip
    wanted = plan(store, folder, methods=("adapter",), targets=("shop/mood",))
    assert [planned.run_id for planned in wanted.done] == [run_id] and not wanted.new
    again = export_adapter(store, run_id, folder / "again")
    assert read_artefact(Path(again["file"]))[1] == read_artefact(folder / "mood.safetensors")[1]
    assert f"scalearn adapters import {Path(again['file']).name}" in Path(again["card"]).read_text()


def test_a_stopped_run_is_requested_again_under_its_id(folder: Path) -> None:
    database = folder / "home" / "registry.sqlite"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE run SET state = 'stopped' WHERE method = 'lora' AND target = 'shop/rating'")
    store = open_store(Home(folder / "home"))
    before = by_id(store)
    (run_id,) = submit(plan(store, folder, **ASKED[3]), store)
    after = by_id(store)
    assert before.keys() == after.keys() and before[run_id].fingerprint == after[run_id].fingerprint
    assert (before[run_id].state, after[run_id].state) == (RunState.STOPPED, RunState.QUEUED)


def test_runs_that_differed_in_metrics_alone_are_one_run_today(old: Store, folder: Path) -> None:
    pair = [run for run in old.runs(method="lora", target="shop/mood") if run.seed == 0]
    assert len(pair) == 2 and len({run.group_id for run in pair}) == 2
    (planned,) = plan(old, folder, methods=("lora",), targets=("shop/mood",)).done
    assert planned.run_id in {run.id for run in pair}
    assert sum(old.is_known_as(run, run.parsed.fingerprint) for run in pair) == 1


def test_an_adapter_imported_then_is_found_by_its_task(old: Store, folder: Path) -> None:
    (imported,) = [run for run in old.runs() if run.imported]
    (planned,) = plan(old, folder, methods=("adapter",), targets=("shop/mood",), epochs=2).done
    assert planned.run_id == imported.id
    assert old.find(imported.id).group_id == planned.spec.group_id


def test_importing_a_card_of_then_takes_the_place_of_the_run_that_waits_for_it(folder: Path, tmp_path: Path) -> None:
    store = open_store(Home(tmp_path / "new"))
    shutil.copytree(folder / "home" / "benchmarks", store.home.benchmarks)
    wanted = plan(store, folder, methods=("scalearn++",), targets=("shop/mood",))
    submit(wanted, store)
    queued = {planned.run_id for planned in wanted.runs}
    run_id = import_adapter(store, folder / "mood.safetensors")["run"]
    assert run_id in queued and {run.id for run in store.runs()} == queued
    assert store.find(run_id).state == RunState.COMPLETED
    again = plan(store, folder, methods=("scalearn++",), targets=("shop/mood",))
    assert {planned.run_id for planned in again.runs} == queued and not again.new


def test_a_row_that_cannot_be_understood_keeps_no_other_from_being_opened(folder: Path) -> None:
    database = folder / "home" / "registry.sqlite"
    with closing(sqlite3.connect(database)) as connection, connection:
        change = "UPDATE run SET spec = json_set(spec, '$.own.\"shop/mood\".metrics', json('[]')) WHERE method = 'scalearn++'"
        assert connection.execute(change).rowcount == 1
    store = open_store(Home(folder / "home"))
    assert plan(store, folder, **ASKED[3]).done


def test_a_failed_run_that_is_asked_for_with_another_metric_is_scored_by_that(folder: Path) -> None:
    database = folder / "home" / "registry.sqlite"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE run SET state = 'failed' WHERE method = 'scalearn++'")
    store = open_store(Home(folder / "home"))
    stored = folder / "home" / "benchmarks" / "shop.json"
    stored.write_text(stored.read_text(encoding="utf-8").replace('"accuracy",', '"matthews",'), encoding="utf-8")
    submit(plan(store, folder, **ASKED[0]), store)
    (run,) = store.runs(method="scalearn++")
    assert (run.state, run.metric, run.parsed.tasks[0].headline) == (RunState.QUEUED, "matthews", "matthews")
