"""Whatever is damaged in the registry's file, every command answers with one line that says how to bring it back."""

from __future__ import annotations

import os
import re

import pytest

from engine.registry.recovery import find_damage
from engine.registry.store import Store, open_store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode

from ..registry.damages import DAMAGES, closed, replace
from ..reports.rows import complete, spec

COMMANDS = [
    ["ls"],
    ["show", "@1"],
    ["logs", "@1"],
    ["run", "-m", "adapter", "-t", "toy/question", "-b", "minilm", "--dry-run"],
    ["stop", "@1"],
    ["resume", "@1"],
    ["delete", "@1", "--yes"],
    ["leaderboard"],
    ["adapters", "ls"],
    ["adapters", "export", "@1", "adapter.safetensors"],
    ["predict", "@1", os.devnull],
    ["data", "prune", "--dry-run"],
]
UNTOUCHED = {
    "no result": {"run", "stop", "resume", "delete", "logs", "predict", "adapters export", "data prune"},
    "garbled states": {"run", "leaderboard", "adapters", "data prune"},
    "garbled json": {"run", "data prune"},
}
"""What does not read the damaged part."""
LOADS_WHAT_TRAINS = {"adapters export", "predict"}
"""Which takes seconds: one damage of all is enough for them."""
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def content(store: Store) -> bytes:
    """Of a registry with enough rows to have pages of every kind."""
    for seed in range(12):
        complete(store, spec("adapter", "toy/question", seed=seed), 0.7)
    return closed(store)


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_command_says_in_one_line_what_helps(damage: str, content: bytes, store: Store, capsys: Capture) -> None:
    damaged = DAMAGES[damage](content)
    spared = UNTOUCHED.get(damage, set()) | (LOADS_WHAT_TRAINS if damage != "half" else set())
    for command in COMMANDS:
        if command[0] in spared or " ".join(command[:2]) in spared:
            continue
        replace(store.home, damaged)
        assert (command, main(command)) == (command, ExitCode.FAILURE)
        out, err = capsys.readouterr()
        assert out == "" and len(err.splitlines()) == 1
        assert re.match(
            r"scalearn: the registry .*registry.sqlite is damaged \(.+\); `scalearn db recover` saves what can be", err
        )


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_doctor_finds_it_and_goes_on(
    damage: str, content: bytes, store: Store, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert find_damage(store.home) is None
    replace(store.home, DAMAGES[damage](content))
    assert main(["doctor"]) == ExitCode.FAILURE
    out, err = capsys.readouterr()
    assert re.search(r"✗ +registry .* is damaged \(.+\); `scalearn db recover`", out) and "hub" in out and err == ""


@pytest.mark.parametrize("damage", DAMAGES)
def test_recovery_makes_a_registry_that_works_and_keeps_the_damaged_one(
    damage: str, content: bytes, store: Store, capsys: Capture
) -> None:
    damaged = DAMAGES[damage](content)
    replace(store.home, damaged)
    assert main(["db", "recover"]) == ExitCode.OK
    out, err = capsys.readouterr()
    (aside,) = store.home.root.glob("registry.damaged-*.sqlite")
    assert err == f"the damaged registry is kept as {aside}\n" and aside.read_bytes() == damaged
    assert find_damage(store.home) is None
    again = open_store(store.home)
    assert re.search(rf"run +{again.count()}$", out, re.MULTILINE)
    assert main(["ls"]) == ExitCode.OK
    if damage in ("no result", "no version"):
        assert again.count() == 12
    complete(again, spec("adapter", "toy/topics"), 0.8)


def test_the_newest_copy_is_named_and_put_back(content: bytes, store: Store, capsys: Capture) -> None:
    for name, day in (("registry.before-0002.sqlite", 1), ("registry.before-0003.sqlite", 20)):
        copy = store.home.root / name
        copy.write_bytes(content)
        os.utime(copy, (86400 * day, 86400 * day))
    replace(store.home, content)
    assert main(["db", "restore"]) == ExitCode.USAGE
    assert "the registry is not damaged; nothing was changed" in capsys.readouterr().err
    replace(store.home, DAMAGES["random pages"](content))
    assert main(["ls"]) == ExitCode.FAILURE
    assert "`scalearn db restore` brings back registry.before-0003.sqlite of 1970-01-2" in capsys.readouterr().err
    assert main(["db", "restore"]) == ExitCode.OK
    assert "runs since then are not in it" in capsys.readouterr().out
    assert open_store(store.home).count() == 12 and len(list(store.home.root.glob("registry.damaged-*.sqlite"))) == 1


def test_without_a_copy_or_a_file_there_is_advice(content: bytes, store: Store, capsys: Capture) -> None:
    replace(store.home, DAMAGES["empty"](content))
    assert main(["db", "restore"]) == ExitCode.USAGE
    assert "there is no copy of the registry" in capsys.readouterr().err
    store.home.database.unlink()
    assert main(["db", "recover"]) == ExitCode.USAGE
    assert "there is no registry in" in capsys.readouterr().err
