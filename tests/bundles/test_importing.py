"""Runs of a bundle become runs of another home: all or none, what is here stays, other answers stand beside it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.bundles.importing import Imported, import_bundle
from engine.bundles.opening import open_bundle
from engine.bundles.writing import Wanted, write_bundle
from engine.catalog.catalog import BUILT_IN
from engine.errors import UserError
from engine.files.home import Home
from engine.registry.records import Run, RunState
from engine.registry.retention import surplus
from engine.registry.store import Store, open_store
from engine.reports.evidence import evidence_of, recompute
from engine.reports.leaderboard import build
from engine.runs.spec import RunSpec
from tests.bundles.forging import Parts


@pytest.fixture
def imported(store: Store, bundled: Path) -> Imported:
    return import_bundle(bundled, store, BUILT_IN)


def target(parts: Parts) -> dict:
    return next(run for run in parts.runs if run["role"] == "target")


def replicate(parts: Parts, path: Path) -> Path:
    """The bundle of somebody who trained one of the runs with another outcome."""
    run = target(parts)
    (key,) = run["spec"]["targets"]
    parts.change_answers(run["id"], "test", lambda logits: logits[::-1])
    answers = {kept["split"]: kept for line in parts.runs if line["id"] == run["id"] for kept in line["evidence"]}
    with open_bundle(parts.signed().write(path), BUILT_IN) as bundle:
        record = bundle.contents.by_id[run["id"]]
        kept = next(kept for kept in record.evidence if kept.logits == answers["test"]["logits"])
        numbers = recompute(BUILT_IN.tasks[key], bundle.contents.answers(record, kept))

    def rescored(runs: list[dict]) -> None:
        for line in runs:
            if line["id"] == run["id"]:
                line["results"][key]["test"].update(numbers)

    parts.change_runs(rescored)
    path.unlink()
    return parts.signed().write(path)


def test_all_that_was_kept_of_a_run_arrives(imported: Imported, store: Store, trainer: Store) -> None:
    assert len(imported.new) == 6 and not (imported.here or imported.replicates)
    for there in trainer.runs():
        here = store.find(there.id)
        assert here.imported and here.state is RunState.COMPLETED
        kept = (
            "fingerprint",
            "group_id",
            "seed",
            "created_at",
            "ended_at",
            "seconds",
            "best",
            "trainable",
            "command",
            "device",
        )
        assert [getattr(here, name) for name in kept] == [getattr(there, name) for name in kept]
        assert store.results([there.id]) == trainer.results([there.id])
        assert store.sources(there.id) == trainer.sources(there.id)
        points = [(point.name, point.step, point.value, point.epoch) for point in store.metrics(there.id)]
        assert points == [(point.name, point.step, point.value, point.epoch) for point in trainer.metrics(there.id)]
        for kept_there, kept_here in zip(trainer.evidence(there.id), store.evidence(there.id), strict=True):
            assert kept_here.logits_sha256 == kept_there.logits_sha256
            again = evidence_of(store, here, kept_there.task, kept_there.split)
            assert (again.logits == evidence_of(trainer, there, kept_there.task, kept_there.split).logits).all()
        best, original = store.checkpoints(there.id)["best"], trainer.checkpoints(there.id)["best"]
        assert (best.sha256, best.bytes) == (original.sha256, original.bytes)
        assert store.home.checkpoint(there.id, "best").read_bytes() == trainer.home.checkpoint(there.id, "best").read_bytes()


def test_imported_runs_count_in_the_table(imported: Imported, store: Store, trainer: Store) -> None:
    (there,), (here,) = build(trainer, BUILT_IN).tables, build(store, BUILT_IN).tables
    assert [row.cells for row in here.rows] == [row.cells for row in there.rows]


def test_an_imported_home_writes_the_same_bundle(imported: Imported, store: Store, bundled: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    asked = [run for run in store.runs() if run.method == "scalearn++"]
    write_bundle(store, BUILT_IN, Wanted(asked, checkpoints=True), again, "0")
    assert again.read_bytes() == bundled.read_bytes()


def test_a_second_import_changes_nothing(imported: Imported, store: Store, bundled: Path) -> None:
    version = {run.id: run.version for run in store.runs()}
    again = import_bundle(bundled, store, BUILT_IN)
    assert (again.new, len(again.here), again.replicates, again.checkpoints) == ([], 6, [], [])
    assert {run.id: run.version for run in store.runs()} == version


def test_other_answers_of_a_run_are_a_replicate(imported: Imported, store: Store, parts: Parts, tmp_path: Path) -> None:
    run_id = target(parts)["id"]
    before = build(store, BUILT_IN).tables[0].rows
    path = replicate(parts, tmp_path / "other.zip")
    again = import_bundle(path, store, BUILT_IN)
    assert (again.new, again.replicates, len(again.here)) == ([], [run_id], 5)
    (kept,) = store.replicates(run_id)
    assert kept.origin.startswith("other.zip, ") and kept.record["id"] == run_id
    files = [store.home.replicate(run_id, kept.digest) / f"{one['logits']}.safetensors" for one in kept.record["evidence"]]
    assert all(file.is_file() for file in files)
    assert build(store, BUILT_IN).tables[0].rows == before
    assert import_bundle(path, store, BUILT_IN).replicates == [], "it is here by now"
    assert len(store.replicates()) == 1
    sources = {source.source_id for source in store.sources(run_id)}
    store.delete([run.id for run in store.runs() if run.id == run_id or run.id not in sources])
    assert store.replicates() == [] and not store.home.run(run_id).exists()


def test_nothing_is_surplus_behind_an_import(imported: Imported, store: Store, parts: Parts, tmp_path: Path) -> None:
    import_bundle(replicate(parts, tmp_path / "other.zip"), store, BUILT_IN)
    assert surplus(store) == []


def test_a_checkpoint_that_was_lost_comes_back(imported: Imported, store: Store, bundled: Path, parts: Parts) -> None:
    path = store.home.checkpoint(target(parts)["id"], "best")
    content = path.read_bytes()
    path.unlink()
    assert import_bundle(bundled, store, BUILT_IN).checkpoints == [target(parts)["id"]]
    assert path.read_bytes() == content


def test_a_queued_run_gives_way_and_a_live_one_does_not(store: Store, bundled: Path, parts: Parts) -> None:
    source = next(run for run in parts.runs if run["role"] == "source")
    with_run = Run.of(_spec(source))
    store.add([with_run], [])
    attempt = store.claim(with_run.id, "local", "cpu")
    with pytest.raises(UserError, match=f"{with_run.id} is being trained here; stop that first"):
        import_bundle(bundled, store, BUILT_IN)
    assert [run.id for run in store.runs()] == [with_run.id] and attempt is not None
    store.finish(with_run.id, attempt, RunState.STOPPED)
    assert with_run.id in import_bundle(bundled, store, BUILT_IN).new
    assert store.find(with_run.id).state is RunState.COMPLETED


def test_a_bundle_with_wrong_numbers_is_not_imported(store: Store, parts: Parts, tmp_path: Path) -> None:
    run = target(parts)
    (key,) = run["spec"]["targets"]
    run["results"][key]["test"] = dict.fromkeys(run["results"][key]["test"], 0.5)
    parts.change_runs(lambda runs: [run if one["id"] == run["id"] else one for one in runs])
    with pytest.raises(UserError, match=rf"forged.zip: run {run['id']}, test of {key}: .*`scalearn verify` lists"):
        import_bundle(parts.signed().write(tmp_path / "forged.zip"), store, BUILT_IN)
    assert store.runs() == [] and not store.home.runs.exists()


def test_a_killed_import_leaves_all_or_nothing(home: Home, bundled: Path) -> None:
    open_store(home).close()
    command = [sys.executable, "-m", "engine.bundles", "import", "--home", str(home.root), str(bundled)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        while not home.runs.is_dir() and child.poll() is None:
            time.sleep(0.001)
        child.kill()
    store = open_store(home)
    assert len(store.runs()) in (0, 6)
    imported = import_bundle(bundled, store, BUILT_IN)
    assert len(imported.new) + len(imported.here) == 6
    for run in store.runs():
        for kept in store.evidence(run.id):
            evidence_of(store, run, kept.task, kept.split)


def _spec(line: dict) -> RunSpec:
    return RunSpec(**line["spec"])
