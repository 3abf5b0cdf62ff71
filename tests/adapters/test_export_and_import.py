"""A source adapter goes out as one file and comes in as the same run; what is not such a file is refused in one line."""

from __future__ import annotations

import json
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.adapters.__main__ import main
from engine.adapters.card import AdapterCard, read_artefact
from engine.adapters.exporting import export_adapter
from engine.adapters.importing import import_adapter
from engine.catalog.backbones import BACKBONES
from engine.catalog.catalog import BUILT_IN
from engine.files.home import Home
from engine.plans.planner import make_plan, submit
from engine.registry.store import Store, open_store
from engine.registry.tables import RunState
from engine.reports.leaderboard import build
from engine.runs.request import Request
from engine.runs.spec import RunSpec, fingerprint_of
from engine.training.checkpoints import load_checkpoint, tensors_digest
from tests.registry.rows import run as queued_row
from tests.training.runs import trained

BUDGET = {"epochs": 1, "limits": {"train": 16, "dev": 8, "test": 8}}
Parts = tuple[dict[str, Tensor], dict[str, Any]]


@pytest.fixture(scope="module")
def trainer(tiny_backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A registry with one trained adapter, of toy/choice."""
    store = open_store(Home(tmp_path_factory.mktemp("trainer") / "home"))
    (run_id,) = submit(make_plan(request(tiny_backbone), store, BUILT_IN), store)
    trained(store, run_id)
    return store


def request(backbone: Path, **fields: Any) -> Request:
    return Request(**{"methods": ("adapter",), "targets": ("toy/choice",), "backbone": str(backbone), **BUDGET, **fields})


@pytest.fixture(scope="module")
def artefact(trainer: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(export_adapter(trainer, "@1", tmp_path_factory.mktemp("files"))["file"])


def parts_of(path: Path) -> Parts:
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, json.loads(file.metadata()["card"])  # noqa: SIM118


def write(path: Path, parts: Parts) -> Path:
    tensors, card = parts
    save_file(tensors, path, metadata={"card": json.dumps(card)})
    return path


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


def test_the_file_names_no_path_and_no_host(artefact: Path, tiny_backbone: Path, trainer: Store) -> None:
    content = artefact.read_bytes()
    for secret in (str(tiny_backbone), str(trainer.home.root), trainer.find("@1").provenance["host"]):
        assert secret.encode() not in content
    assert artefact.stat().st_mode & 0o044


def test_a_folder_called_like_a_backbone_of_the_catalog_is_not_taken_for_it(
    tiny_backbone: Path, store: Store, tmp_path: Path
) -> None:
    there = open_store(Home(tmp_path / "there"))
    (run_id,) = submit(make_plan(request(shutil.copytree(tiny_backbone, tmp_path / "roberta-base")), there, BUILT_IN), there)
    trained(there, run_id)
    import_adapter(store, Path(export_adapter(there, run_id, tmp_path)["file"]))
    assert store.find(run_id).backbone == "roberta-base-folder"


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


def foreign(parts: Parts) -> Parts:
    """The adapter as that of a task which only its trainers have."""
    tensors, card = parts
    tensors = {name.replace("toy/choice", "lab/own-task"): tensor for name, tensor in tensors.items()}
    card["task"]["key"] = "lab/own-task"
    card["spec"] |= {"targets": ["lab/own-task"], "data": {"lab/own-task": "sha256:" + "0" * 64}}
    card["results"] = {"lab/own-task": card["results"]["toy/choice"]}
    return tensors, signed(card) | {"tensors_sha256": tensors_digest(tensors)}


def signed(card: dict[str, Any]) -> dict[str, Any]:
    return card | {"fingerprint": fingerprint_of(RunSpec(**card["spec"]), [card["task"]])}


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


def changed(**values: Any) -> Callable[[Parts], Parts]:
    return lambda parts: (parts[0], parts[1] | values)


def of_spec(**values: Any) -> Callable[[Parts], Parts]:
    def change(parts: Parts) -> Parts:
        return parts[0], signed(parts[1] | {"spec": parts[1]["spec"] | values})

    return change


def of_setting(name: str, value: Any) -> Callable[[Parts], Parts]:
    return lambda parts: of_spec(hyperparameters=parts[1]["spec"]["hyperparameters"] | {name: value})(parts)


def levels(count: int) -> Any:
    return [levels(count - 1)] if count else []


def of_tensor(change: Callable[[Tensor], Tensor], sign: bool = True) -> Callable[[Parts], Parts]:
    def altered(parts: Parts) -> Parts:
        name = "adapter.layer.0.down.weight"
        tensors = {**parts[0], name: change(parts[0][name])}
        return tensors, parts[1] | ({"tensors_sha256": tensors_digest(tensors)} if sign else {})

    return altered


def without(parts: Parts) -> Parts:
    return {name: tensor for name, tensor in parts[0].items() if "layer.1.up" not in name}, parts[1]


def minilm(**shape: Any) -> Callable[[Parts], Parts]:
    revision = f"sha256:{BACKBONES['minilm'].sha256}"
    return lambda parts: of_spec(backbone="minilm", backbone_revision=revision)((parts[0], parts[1] | shape))


MALFORMED: list[tuple[str, Callable[[Parts], Parts], str]] = [
    ("another version's format", changed(format="scalearn-adapter-9"), "update scalearn-tui"),
    ("a checkpoint", changed(format=1), "no exported adapter"),
    ("a field missing", lambda parts: (parts[0], {k: v for k, v in parts[1].items() if k != "spec"}), "spec is missing"),
    (
        "a field of another type",
        changed(results={"toy/choice": {"test": {"accuracy": "good"}}}),
        "accuracy must be a number, not 'good'",
    ),
    ("a field too many", changed(run="rm"), "run is not known"),
    ("not a source method", of_spec(method="lora"), "'lora' is no source adapter"),
    ("settings of another version", of_spec(hyperparameters={"epochs": 3}), "settings are not those of this version"),
    ("an edited card", lambda parts: (parts[0], parts[1] | {"spec": parts[1]["spec"] | {"seed": 7}}), "card was changed"),
    ("another revision", of_spec(backbone="minilm"), "was trained on minilm at"),
    ("another shape than the backbone's", minilm(), "does not describe minilm"),
    ("no revision", of_spec(backbone_revision="main"), "is neither a commit nor a sha256"),
    (
        "another architecture",
        lambda parts: changed(backbone=parts[1]["backbone"] | {"architecture": "t5"})(parts),
        "architecture",
    ),
    ("a path", of_spec(data_dir="/somewhere"), "a path of another machine"),
    ("several tasks", of_spec(targets=["toy/choice", "toy/topics"]), "more than one task"),
    ("control characters", of_spec(backbone="tiny\x1b[31m"), "control characters"),
    ("control characters deep in it", changed(provenance={"machines": [{"gpu": "2\x1b]0;"}]}), "control characters"),
    ("a number beyond all", lambda parts: changed(training=parts[1]["training"] | {"step": 10**30})(parts), "training.step"),
    ("a seed beyond all", lambda parts: changed(spec=parts[1]["spec"] | {"seed": 2**70})(parts), "spec.seed"),
    ("a setting that is text", lambda parts: of_setting("reduction", "16")(parts), "reduction is of another type"),
    ("a whole setting as a fraction", lambda parts: of_setting("reduction", 16.0)(parts), "reduction is of another type"),
    ("versions that are none", changed(provenance={"versions": [1]}), "provenance.versions"),
    ("half a character", changed(provenance={"python": "\ud800"}), "card is malformed"),
    ("too many levels", changed(provenance={"python": levels(400)}), "card is malformed"),
    ("a field's name that clears the screen", changed(**{"\x1b[2J\nx": 1}), "?[2J x is not known"),
    ("a tensor missing", without, "layer.1.up.bias is absent"),
    ("a tensor of another shape", of_tensor(lambda t: t[:, :-1].contiguous()), "must be F32 [2, 32]"),
    ("another type", of_tensor(lambda t: t.double()), "is F64 [2, 32], must be F32"),
    ("other weights", of_tensor(lambda t: t + 1, sign=False), "sha256 differs"),
    ("not finite", of_tensor(lambda t: t / 0), "not finite"),
]


def refused(store: Store, path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The line that says why; nothing is left behind."""
    assert main(["--home", str(store.home.root), "import", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"{path}: ") and len(err.splitlines()) == 1
    assert store.count() == 0 and not (store.home.root / "runs").exists()
    return err


@pytest.mark.parametrize(("change", "why"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
def test_a_file_that_contradicts_its_card_is_refused(
    change: Callable[[Parts], Parts], why: str, artefact: Path, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert why in refused(store, write(tmp_path / "file.safetensors", change(parts_of(artefact))), capsys)


class Touches:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_other_files_are_refused_and_no_pickle_is_opened(
    artefact: Path, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = artefact.read_bytes()
    tensors, _ = parts_of(artefact)
    torch.save(tensors, tmp_path / "hidden.safetensors")
    (tmp_path / "adapter.bin").write_bytes(whole)
    (tmp_path / "plain.safetensors").write_bytes(pickle.dumps(Touches(tmp_path / "touched")))
    for name in ("hidden.safetensors", "adapter.bin", "plain.safetensors"):
        assert "pickles are never opened" in refused(store, tmp_path / name, capsys)
    assert not (tmp_path / "touched").exists()
    (tmp_path / "half.safetensors").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.safetensors").write_text("weights")
    for name in ("half.safetensors", "text.safetensors"):
        assert "cannot be read as safetensors" in refused(store, tmp_path / name, capsys)
    save_file(tensors, tmp_path / "bare.safetensors")
    assert "it has no card" in refused(store, tmp_path / "bare.safetensors", capsys)
    save_file(tensors, tmp_path / "odd.safetensors", metadata={"card": "{"})
    assert "not JSON" in refused(store, tmp_path / "odd.safetensors", capsys)
    assert "no such file" in refused(store, tmp_path / "none.safetensors", capsys)
    assert "this is a folder" in refused(store, tmp_path, capsys)


def test_other_content_under_the_same_id_is_refused(
    artefact: Path, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import_adapter(store, artefact)
    other = write(tmp_path / "other.safetensors", of_tensor(lambda t: t + 1)(parts_of(artefact)))
    before = store.home.checkpoint(store.find("@1").id, "best").read_bytes()
    assert main(["--home", str(store.home.root), "import", str(other)]) == 2
    assert "is here already with other weights" in capsys.readouterr().err
    assert store.home.checkpoint(store.find("@1").id, "best").read_bytes() == before


def test_an_id_of_another_run_is_refused(artefact: Path, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = parts_of(artefact)[1]["fingerprint"][:10]
    store.add([queued_row(1).model_copy(update={"id": run_id})], [])
    assert main(["--home", str(store.home.root), "import", str(artefact)]) == 2
    assert f"another run has the id {run_id}" in capsys.readouterr().err
    assert store.find(run_id).state == RunState.QUEUED


def test_the_card_is_read_as_the_page_says(artefact: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "adapters.md"
    (expression,) = re.findall(r"`(json\.loads\(.*)`", page.read_text())
    card = eval(expression, {"json": json, "safetensors": safetensors, "FILE": str(artefact)})
    assert card == parts_of(artefact)[1]


def test_a_folder_that_does_not_exist_is_made_once_there_is_something_to_write(
    trainer: Store, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.add([queued_row(1)], [])
    assert main(["--home", str(store.home.root), "export", f"{1:010x}", str(tmp_path / "outgoing" / "today")]) == 2
    assert not (tmp_path / "outgoing").exists()
    exported = Path(export_adapter(trainer, "@1", tmp_path / "outgoing" / "today")["file"])
    assert exported.parent == tmp_path / "outgoing" / "today" and exported.is_file()
    (tmp_path / "file").touch()
    assert main(["--home", str(trainer.home.root), "export", "@1", str(tmp_path / "file")]) == 2
    assert "is no folder" in capsys.readouterr().err.splitlines()[-1]


def test_what_cannot_be_exported_is_refused_with_its_reason(
    trainer: Store, store: Store, artefact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refusal(which: Store, *arguments: str) -> str:
        assert main(["--home", str(which.home.root), "export", *arguments]) == 2
        return capsys.readouterr().err

    assert "must end in .safetensors" in refusal(trainer, "@1", str(tmp_path / "adapter.pt"))
    assert "is not a folder; make it first" in refusal(trainer, "@1", str(tmp_path / "none" / "a.safetensors"))
    assert "exists; name another file" in refusal(trainer, "@1", str(artefact))
    assert "cannot be written" in refusal(trainer, "@1", str(tmp_path / f"{'l' * 240}.safetensors"))
    store.add([queued_row(1), queued_row(2, method="scalearn")], [])
    assert "is queued" in refusal(store, f"{1:010x}", str(tmp_path))
    assert "is a scalearn run; only source adapters (adapter)" in refusal(store, f"{2:010x}", str(tmp_path))
    assert list(tmp_path.glob("*.safetensors")) == []


def test_the_card_describes_the_adapter(artefact: Path) -> None:
    _, raw = parts_of(artefact)
    card = AdapterCard(**raw)
    assert (card.spec.method, card.task["key"], card.task["labels"]) == ("adapter", "toy/choice", ["choice1", "choice2"])
    assert card.backbone.model_dump() == {"architecture": "bert", "layers": 2, "hidden_size": 32}
    assert set(card.results["toy/choice"]) == {"dev", "test"} and card.training.transfer == 324
    assert card.spec.hyperparameters["reduction"] == 16 and card.provenance.versions["torch"]
