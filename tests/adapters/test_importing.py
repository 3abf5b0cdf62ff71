"""An exported adapter comes in as a completed run of the same identity, which other runs use."""

from __future__ import annotations

from pathlib import Path

from engine.adapters.__main__ import main
from engine.adapters.card import read_artefact
from engine.adapters.exporting import export_adapter
from engine.adapters.importing import import_adapter
from engine.catalog.catalog import BUILT_IN
from engine.plans.planner import make_plan, submit
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.reports.leaderboard import build
from engine.training.checkpoints import load_checkpoint, tensors_digest
from tests.adapters.artefacts import foreign, parts_of, request, write
from tests.training.runs import trained


def test_it_is_imported_as_the_same_run(trainer: Store, artefact: Path, store: Store) -> None:
    there = trainer.find("@1")
    imported = import_adapter(store, artefact)
    here = store.find("@1")
    assert imported == {"run": there.id, "task": "toy/choice", "file": str(artefact), "new": True}
    for name in (
        "id",
        "fingerprint",
        "group_id",
        "method",
        "target",
        "seed",
        "state",
        "metric",
        "best",
        "trainable",
        "transfer",
    ):
        assert getattr(here, name) == getattr(there, name), name
    assert here.imported and not there.imported
    assert store.results([here.id]) == trainer.results([there.id]) != {}
    tensors, card = load_checkpoint(store.home.checkpoint(here.id, "best"), store.checkpoints(here.id)["best"].sha256)
    original, about = load_checkpoint(trainer.home.checkpoint(there.id, "best"))
    assert tensors_digest(tensors) == tensors_digest(original)
    assert {card[name] == about[name] for name in ("format", "method", "backbone_revision", "tasks", "fingerprint")} == {True}
    assert import_adapter(store, artefact)["new"] is False
    assert store.count() == 1


def test_an_imported_adapter_can_be_passed_on(artefact: Path, store: Store, tmp_path: Path) -> None:
    import_adapter(store, artefact)
    again = export_adapter(store, "@1", tmp_path / "again.safetensors")["file"]
    assert read_artefact(Path(again))[1] == read_artefact(artefact)[1]
    assert Path(again).read_bytes() == artefact.read_bytes()


def test_the_same_adapter_is_not_trained_again(artefact: Path, store: Store, tiny_backbone: Path) -> None:
    import_adapter(store, artefact)
    plan = make_plan(
        request(tiny_backbone, methods=("scalearn++",), targets=("toy/question",), sources=("choice",)), store, BUILT_IN
    )
    assert [(run.spec.method, run.existing is not None) for run in plan.runs] == [("adapter", True), ("scalearn++", False)]


def test_it_completes_a_queued_or_failed_run(artefact: Path, store: Store, tiny_backbone: Path) -> None:
    (run_id,) = submit(make_plan(request(tiny_backbone), store, BUILT_IN), store)
    attempt = store.claim(run_id, "local", "cpu")
    assert attempt == 1
    assert main(["--home", str(store.home.root), "import", str(artefact)]) == 2
    store.finish(run_id, attempt, RunState.FAILED, "no data")
    assert import_adapter(store, artefact)["new"]
    run = store.find(run_id)
    assert (run.state, run.attempt, run.cause) == (RunState.COMPLETED, 2, None)
    assert not store.finish(run_id, 1, RunState.FAILED, "too late")


def test_a_lost_file_is_put_back(artefact: Path, store: Store) -> None:
    run_id = import_adapter(store, artefact)["run"]
    path = store.home.checkpoint(run_id, "best")
    before = path.read_bytes()
    path.unlink()
    assert import_adapter(store, artefact)["new"]
    assert path.read_bytes() == before and store.count() == 1


def test_an_adapter_of_a_task_unknown_here_serves_transfer(
    artefact: Path, store: Store, tiny_backbone: Path, tmp_path: Path
) -> None:
    path = write(tmp_path / "own.safetensors", foreign(parts_of(artefact)))
    source = import_adapter(store, path)["run"]
    plan = make_plan(
        request(tiny_backbone, methods=("scalearn",), targets=("toy/question",), sources=(source,)), store, BUILT_IN
    )
    assert [run.id for run in plan.named_sources] == [source]
    (run_id,) = submit(plan, store)
    trained(store, run_id)
    _, card = load_checkpoint(store.home.checkpoint(run_id, "best"))
    assert [(entry["task"], entry["run"]) for entry in card["sources"]] == [("lab/own-task", source)]
    (table,) = build(store, BUILT_IN).tables
    assert [row.settings.get("sources") for row in table.rows] == ["lab/own-task"] or table.shared["sources"] == "lab/own-task"
