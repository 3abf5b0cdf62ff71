"""A file that is no exported adapter, or not what its card says, is refused in one line."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from engine.adapters.__main__ import main
from engine.adapters.importing import import_adapter
from engine.catalog.backbones import BACKBONES
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.training.checkpoints import tensors_digest
from tests.adapters.artefacts import Parts, parts_of, signed, write
from tests.registry.rows import run as queued_row


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
    (
        "a figure beyond all",
        changed(results={"toy/choice": {"test": {"accuracy": 1.7e308}}}),
        "accuracy on test is 1.7e+308, which no run can have",
    ),
    ("a loss below zero", changed(results={"toy/choice": {"dev": {"loss": -1.0}}}), "loss on dev is -1, which no run can have"),
    ("a metric that is a path", changed(results={"toy/choice": {"test": {"../x": 0.5}}}), "../x"),
    ("seconds of ages", lambda parts: changed(training=parts[1]["training"] | {"seconds": 1e12})(parts), "training.seconds"),
    ("a book", changed(provenance={"notes": "x" * 30_000}), "a text of more than 20,000 characters"),
    ("a library", changed(provenance={str(i): "x" * 10_000 for i in range(500)}), "characters; have it exported again"),
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
    store.add([replace(queued_row(1), id=run_id)], [])
    assert main(["--home", str(store.home.root), "import", str(artefact)]) == 2
    assert f"another run has the id {run_id}" in capsys.readouterr().err
    assert store.find(run_id).state == RunState.QUEUED
