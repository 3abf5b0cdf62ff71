"""``scalearn figure``: text, numbers and files of completed runs, and one line where there is nothing to draw."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.own_benchmarks.adding import Capture
from tests.reports.figures.drawn import learned
from tests.reports.rows import spec
from tests.reports.test_definitions import MOOD, own

pytestmark = pytest.mark.usefixtures("supervised")


@pytest.fixture
def curves(store: Store) -> Store:
    for method in ("adapter", "lora"):
        for seed in range(2):
            learned(store, spec(method, "glue/rte", seed), [0.5, 0.6 + 0.1 * seed])
    return store


def test_kinds_are_listed(store: Store, capsys: Capture) -> None:
    assert main(["figure"]) == ExitCode.OK
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]} >= {
        "learning", "efficiency", "few-shot", "budget", "probing",
    }  # fmt: skip


def test_text_fits_80_columns_and_ends_with_the_caption(curves: Store, capsys: Capture) -> None:
    assert main(["figure", "learning"]) == ExitCode.OK
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert "a 65.00 [60.00, 70.00] Adapter" in text and "mean over 2 seeds" in text.replace("\n", " ")


def test_json_has_the_numbers_of_the_figure(curves: Store, capsys: Capture) -> None:
    assert main(["figure", "learning", "method:lora", "--format", "json"]) == ExitCode.OK
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["figure"], document["task"]) == (1, "learning", "RTE")
    (series,) = document["series"]
    assert series["points"][-1] == {"x": 20, "y": 65.0, "low": 60.0, "high": 70.0, "n": 2}


@pytest.mark.parametrize(("suffix", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_files_are_what_their_names_say(curves: Store, tmp_path: Path, capsys: Capture, suffix: str, begins: bytes) -> None:
    path = tmp_path / f"curves.{suffix}"
    assert main(["figure", "learning", "-o", str(path), "--width", "page"]) == ExitCode.OK
    assert path.read_bytes().startswith(begins)
    said = capsys.readouterr()
    assert said.err == f"wrote {path}\n" and said.out.startswith("accuracy on dev of RTE (roberta-base)")


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["lerning"], ExitCode.USAGE, "no figure 'lerning' (did you mean learning?); there are learning"),
        (["learning", "method:ia3"], ExitCode.NOTHING_MATCHED, "nothing to draw: no completed runs of which method:ia3 holds"),
        (["probing"], ExitCode.NOTHING_MATCHED, "`scalearn reproduce probing --dry-run` shows one"),
        (["learning", "-o", "a.txt"], ExitCode.USAGE, "a.txt must end in .png, .svg, .pdf"),
        (["learning", "-o", "a.png", "--format", "json"], ExitCode.USAGE, "give one of them"),
    ],
)
def test_mistakes_are_one_line(curves: Store, capsys: Capture, arguments: list[str], code: ExitCode, line: str) -> None:
    assert main(["figure", *arguments]) == code
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and line in said.err


def test_names_of_own_tasks_are_harmless_on_the_terminal(store: Store, capsys: Capture) -> None:
    mine = replace(MOOD, title="Mo\x1b[31mod\u202e")
    learned(store, own(mine), [0.5, 0.6])
    assert main(["figure", "learning"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\u202e" not in out and "Mo\\x1b[31mod" in out
