"""Runs on a user's own benchmark: whatever becomes of the benchmark, and never on other rows than were asked for."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.exporting import export_adapter
from engine.adapters.importing import import_adapter
from engine.data.check_benchmark import checked
from engine.files.disk import file_digest
from engine.files.home import Home
from engine.own_benchmarks.declaration import read_declaration
from engine.own_benchmarks.stored import Stored, remove, save
from engine.plans.planner import make_plan, submit
from engine.plugins.home_catalog import load_catalog
from engine.registry.records import RunState
from engine.registry.store import Store, open_store
from engine.runs.request import Request
from engine.worker_exit import WorkerExit
from tests.own_benchmarks.shop import write_shop
from tests.training.runs import work_on

KEYS = ["shop/mood", "shop/stars", "shop/next", "shop/topics"]


@pytest.fixture
def shop(store: Store, tmp_path: Path) -> Path:
    """The folder of an added benchmark's files."""
    path = write_shop(tmp_path / "shop")
    save(store.home.benchmarks, Stored(checked(read_declaration(path)).benchmark, path, file_digest(path)))
    return path.parent


def queued(store: Store, backbone: Path, method: str, settings: dict[str, Any] | None = None, **fields: Any) -> list[str]:
    """Ids in the order in which they can be trained."""
    request = Request(methods=(method,), backbone=str(backbone), epochs=1, settings=settings or {}, **fields)
    plan = make_plan(request, store, load_catalog(store.home))
    submit(plan, store)
    return [planned.spec.run_id for planned in plan.runs]


def test_two_stages_and_a_joint_run_outlive_the_benchmark(shop: Path, store: Store, tiny_backbone: Path) -> None:
    runs = queued(store, tiny_backbone, "scalearn", targets=("shop/topics",), sources=("shop/next",), shots=8)
    runs += queued(store, tiny_backbone, "adapter-m", {"steps_per_epoch": 8}, benchmark="shop")
    remove(store.home.benchmarks, "shop")
    for run_id in runs:
        assert work_on(store, run_id) == WorkerExit.COMPLETED, store.find(run_id).cause
    results = store.results(runs)
    assert results[runs[-2]]["shop/topics"]["test"].keys() == {"loss", "macro_f1", "micro_f1", "accuracy"}
    assert list(store.find(runs[-1]).tasks) == KEYS and results[runs[-1]].keys() == {*KEYS, "mean"}
    assert (store.find(runs[-1]).provenance or {})["labels"]["shop/mood"] == ["bad", "good"]
    exported = export_adapter(store, runs[0], shop)
    assert str(shop).encode() not in Path(exported["file"]).read_bytes(), "a portable adapter names no path of this machine"
    assert import_adapter(open_store(Home(shop / "elsewhere")), Path(exported["file"]))["new"]


def test_adaptersoup_compares_texts_of_own_tasks_in_a_worker_that_knows_none(
    shop: Path, store: Store, tiny_backbone: Path, tmp_path: Path
) -> None:
    there = open_store(Home(tmp_path / "there"))
    shutil.copytree(store.home.benchmarks, there.home.benchmarks)
    for run_id in queued(there, tiny_backbone, "adapter", targets=("shop/next",)):
        assert work_on(there, run_id) == WorkerExit.COMPLETED
        import_adapter(store, Path(export_adapter(there, run_id, tmp_path / "next.safetensors")["file"]))
    settings = {"similarity_model": "backbone", "similarity_texts": 8, "top_k": 1}
    sources = (run_id, "shop/mood")
    runs = queued(store, tiny_backbone, "adaptersoup", settings, targets=("shop/topics",), sources=sources)
    remove(store.home.benchmarks, "shop")
    for run_id in runs:
        assert work_on(store, run_id) == WorkerExit.COMPLETED, store.find(run_id).cause
    assert (store.find(runs[-1]).provenance or {})["similarities"].keys() == {"shop/next", "shop/mood"}


def test_rows_are_hashed_before_and_after_they_are_tokenized_and_once_when_they_are_cached(
    shop: Path, store: Store, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    file_digest = hashlib.file_digest

    def traced(file: Any, name: str) -> Any:
        hashed.append(Path(file.name).name)
        return file_digest(file, name)

    runs = queued(store, tiny_backbone, "adapter", targets=("shop/mood",), seeds=(0, 1))
    monkeypatch.setattr(hashlib, "file_digest", traced)
    for run_id, expected in zip(runs, (2, 1), strict=True):
        hashed.clear()
        assert work_on(store, run_id) == WorkerExit.COMPLETED
        assert hashed.count("reviews.csv") == expected


def test_a_source_whose_rows_changed_and_what_waits_for_it_have_the_same_advice(
    shop: Path, store: Store, tiny_backbone: Path
) -> None:
    """Resuming both, as the waiting run said, failed again."""
    command = f"scalearn run -m scalearn -t shop/topics --sources mood,topics -b {tiny_backbone} --epochs 1"
    fields = {"targets": ("shop/topics",), "sources": ("mood", "topics"), "command": command}
    source, other, waiting = queued(store, tiny_backbone, "scalearn", **fields)
    table = shop / "reviews.csv"
    table.write_text(table.read_text() + "one more,good\n")
    assert work_on(store, source) == WorkerExit.FAILED and work_on(store, other) == WorkerExit.COMPLETED
    assert store.fail_blocked() == [waiting]
    advice = f"the rows of shop/mood changed since the run was queued; ask for it again: {command}"
    assert store.find(source).cause == advice
    assert store.find(waiting).cause == f"its source {source} (adapter on shop/mood): {advice}"
    again = [run_id for run_id in queued(store, tiny_backbone, "scalearn", **fields) if run_id != other]
    assert len(again) == 2 and not {source, waiting} & set(again)
    assert [work_on(store, run_id) for run_id in again] == [WorkerExit.COMPLETED] * 2


def test_rows_other_than_the_planned_ones_are_refused(shop: Path, store: Store, tiny_backbone: Path) -> None:
    (run_id,) = queued(store, tiny_backbone, "adapter", targets=("shop/mood",))
    table = shop / "reviews.csv"
    table.write_text(table.read_text() + "one more,good\n")
    assert work_on(store, run_id) == WorkerExit.FAILED
    assert store.find(run_id).state == RunState.FAILED
    cause = "the rows of shop/mood changed since the run was queued; ask for it again: scalearn run ..."
    assert store.find(run_id).cause == cause
    table.write_text(table.read_text() + "one more,goood\n")
    (run_id,) = queued(store, tiny_backbone, "adapter", targets=("shop/mood",))
    assert work_on(store, run_id) == WorkerExit.FAILED
    assert store.find(run_id).cause == f'{table}:43: column "label": "goood" is not one of bad, good (did you mean good?)'
    store.requeue([run_id])
    table.unlink()
    assert work_on(store, run_id) == WorkerExit.FAILED
    cause = f"shop/mood needs {table}, which does not exist; bring it back, or add the benchmark again"
    assert store.find(run_id).cause == cause
