"""The home is for its owner alone, unless the owner says otherwise."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from engine.files.home import Home
from engine.registry.store import open_store
from scalearn_tui.cli.app import main
from tests.launch.workers import over, until


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode) for path in folder.rglob("*")}


@pytest.fixture
def usual_umask() -> None:
    os.umask(0o022)


@pytest.mark.usefixtures("usual_umask")
@pytest.mark.parametrize("chosen", [None, 0o750], ids=["new", "opened-to-a-group"])
def test_others_cannot_read_what_runs_write(
    chosen: int | None, tmp_path: Path, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home")
    monkeypatch.setenv("SCALEARN_HOME", str(home.root))
    if chosen is not None:
        home.root.mkdir(mode=chosen)
        home.root.chmod(chosen)
    budget = ["--epochs", "1", *(word for part in ("train", "dev", "test") for word in ("--limit", f"{part}=16"))]
    assert main(["run", "-m", "adapter", "-t", "toy/question", "-b", str(tiny_backbone), *budget]) == 0
    store = open_store(home)
    until(over(store, store.find("@1").id), seconds=60)
    store.close()
    denied = 0o077 if chosen is None else 0o027
    assert stat.S_IMODE(home.root.stat().st_mode) == (chosen or 0o700)
    wrong = {name: oct(mode) for name, mode in modes(home.root).items() if mode & denied}
    # Made by the command before any run: the folder itself keeps others out.
    assert {name for name in wrong if not name.startswith(("registry.lock", "plugins.json", "supervisor"))} == set(), wrong


def test_looking_makes_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEARN_HOME", str(tmp_path / "home"))
    for command in (["methods"], ["backbones"], ["tasks"], ["--help"], ["data", "ls"]):
        assert main(command) == 0
    assert not (tmp_path / "home").exists()
