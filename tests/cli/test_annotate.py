"""Tags and notes, from the command to the places that show them."""

from __future__ import annotations

import json

import pytest

from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.reports.rows import complete, spec

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def runs(store: Store) -> list[str]:
    return [complete(store, spec("adapter", "glue/rte", seed), 0.7).run_id for seed in range(3)]


def shown(capsys: Capture, *words: str) -> str:
    assert main(words) == ExitCode.OK
    return capsys.readouterr().out


def test_tags_are_given_shown_and_taken(runs: list[str], capsys: Capture) -> None:
    assert "tags" not in shown(capsys, "ls")
    assert (
        shown(capsys, "tag", "seed<2", "--add", "paper", "--add", "v1.2") == f"{runs[1]}  paper v1.2\n{runs[0]}  paper v1.2\n"
    )
    assert shown(capsys, "tag", runs[0], "--remove", "paper") == f"{runs[0]}  v1.2\n"
    heading, _, tagged, other = shown(capsys, "ls").splitlines()
    assert tagged[heading.index("tags") :].startswith("paper v1.2") and other[heading.index("tags") :].startswith("v1.2")
    assert ["tags", "paper", "v1.2"] in [line.split() for line in shown(capsys, "show", runs[1]).splitlines()]
    listed = json.loads(shown(capsys, "ls", "--json", "tag:paper"))["runs"]
    assert [(run["id"], run["tags"]) for run in listed] == [(runs[1], ["paper", "v1.2"])]
    assert json.loads(shown(capsys, "show", runs[2], "--json"))["run"]["tags"] == []


def test_a_note_is_written_shown_and_removed(runs: list[str], capsys: Capture) -> None:
    shown(capsys, "note", "@1", "lost its\x1b[2J warm-up")
    assert ["note", "lost", r"its\x1b[2J", "warm-up"] in [line.split() for line in shown(capsys, "show", "@1").splitlines()]
    assert json.loads(shown(capsys, "ls", "--json"))["runs"][0]["note"].startswith("lost its")
    shown(capsys, "note", "@1", "--remove")
    assert json.loads(shown(capsys, "show", "@1", "--json"))["run"]["note"] is None


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["tag", "@1"], "name a tag, as in --add paper"),
        (["tag", "@1", "--add", "two words"], "a tag is a word"),
        (["tag", "@1", "--add", ""], "--add is empty"),
        (["tag", "@9", "--add", "paper"], "no run @9"),
        (["note", "@1"], "write a note"),
        (["note", "@1", "text", "--remove"], "write a note"),
        (["note", "@1", "x" * 2001], "at most 2000 characters, not 2001"),
        (["note", "seed:0", "text"], "no run 'seed:0'"),
    ],
)
def test_bad_input_is_one_line(words: list[str], answer: str, runs: list[str], store: Store, capsys: Capture) -> None:
    before = store.version()
    assert main(words) == ExitCode.USAGE and store.version() == before
    out, err = capsys.readouterr()
    assert not out and answer in err and len(err.splitlines()) == 1
