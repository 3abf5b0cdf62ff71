"""``config show``: every value with its origin, and mistakes with their key."""

from __future__ import annotations

import json

import pytest

from engine.files.home import Home
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode

Capture = pytest.CaptureFixture[str]


def configure(home: Home, text: str) -> None:
    home.make()
    home.config.write_text(text)


def test_values_come_from_the_file_or_are_defaults(home: Home, capsys: Capture) -> None:
    assert main(["config", "show", "--json"]) == ExitCode.OK
    values = json.loads(capsys.readouterr().out)["values"]
    assert values["on_end"] == {"value": None, "origin": "default"}
    assert values["home"] == {"value": str(home.root), "origin": "$SCALEARN_HOME"}
    configure(home, 'on_end = "true"\ngpus = [0, "GPU-a"]\n')
    assert main(["config", "show", "--origin"]) == ExitCode.OK
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["on_end", "true", str(home.config)] in lines and ["gpus", "0,", "GPU-a", str(home.config)] in lines


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("on_end = 3", "config.toml: on_end must be a valid string, not '3'"),
        ("slots_per_gpu = 0", "config.toml: slots_per_gpu must be at least 1, not '0'"),
        ("on_end = ", "config.toml: not valid TOML"),
        ("onend = 'true'", "unknown key onend (did you mean on_end?)"),
        ("\x00", "config.toml:1: not valid TOML"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(text: str, said: str, home: Home, capsys: Capture) -> None:
    configure(home, text)
    assert main(["config", "show"]) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert said in err and err.count("\n") == 1 and not out


def test_the_address_of_a_database_is_not_shown(home: Home, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEARN_DB", "postgresql://me:secret@host/db")
    assert main(["config", "show", "--origin"]) == ExitCode.OK
    assert "secret" not in (out := capsys.readouterr().out) and "$SCALEARN_DB" in out
