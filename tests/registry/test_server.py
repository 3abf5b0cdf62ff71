"""A registry on a PostgreSQL server, as its users name and share it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from engine.errors import UserError
from engine.files.home import Home
from engine.registry.store import open_store
from scalearn_tui.cli.exits import ExitCode

ONE_RUN = ("run", "-m", "adapter", "-t", "toy/sentiment", "-b", "minilm", "--limit", "train=16", "--set", "epochs=1")


def scalearn(home: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scalearn_tui", *arguments]
    environment = os.environ | {"SCALEARN_HOME": str(home), "SCALEARN_DB": url}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)


def end_supervisor(home: Path) -> None:
    of_home = ["-m", "engine.launch.supervisor", "--home", str(home)]
    for process in psutil.process_iter(["cmdline"]):
        if (process.info["cmdline"] or [])[1:] == of_home:
            process.terminate()
            process.wait(30)


def test_a_home_without_a_folder_trains_into_a_registry_that_is_there(tmp_path: Path, postgresql: str) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert scalearn(first, postgresql, "ls").returncode == ExitCode.OK
    assert scalearn(second, postgresql, "ls").returncode == ExitCode.OK and not second.exists(), "looking makes nothing"
    try:
        trained = scalearn(second, postgresql, *ONE_RUN)
    finally:
        end_supervisor(second)
    assert trained.returncode == ExitCode.OK, trained.stderr
    assert not (second / "registry.sqlite").exists()
    assert "toy/sentiment" in scalearn(first, postgresql, "ls").stdout


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_url_begins_as_services_write_it(scheme: str, home: Home, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEARN_DB", postgresql.replace("postgresql", scheme, 1))
    assert open_store(home).runs() == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("no url of somebody:secret", "is no url; it takes postgresql://USER@HOST/NAME"),
        ("postgres://somebody:secret@nowhere:port/x", "is no url; it takes postgresql://USER@HOST/NAME"),
        ("mysql://somebody:secret@nowhere/x", "names a database of mysql; it takes"),
        ("postgresql+nodriver://somebody:secret@nowhere/x", "names a database of postgresql+nodriver; it takes"),
        ("postgres://somebody:secret@127.0.0.1:1/x", "start its server or correct SCALEARN_DB"),
    ],
)
def test_a_url_that_cannot_be_used_is_one_line_without_its_password(
    url: str, said: str, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.setenv("SCALEARN_DB", url)
    with pytest.raises(UserError) as error:
        open_store(home)
    message = str(error.value)
    assert said in message and "secret" not in message and "\n" not in message
    assert not home.root.exists() or not any(home.root.glob("*.sqlite"))
