"""What an exported adapter's file says, and what cannot be exported."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import safetensors

from engine.adapters.__main__ import main
from engine.adapters.card import AdapterCard
from engine.adapters.exporting import export_adapter
from engine.adapters.importing import import_adapter
from engine.catalog.catalog import BUILT_IN
from engine.files.home import Home
from engine.plans.planner import make_plan, submit
from engine.registry.store import Store, open_store
from tests.adapters.artefacts import parts_of, request
from tests.registry.rows import run as queued_row
from tests.training.runs import trained


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
