"""``reproduce``: a paper's table becomes a sweep like any other, and ends with the leaderboard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.registry.records import RunState
from engine.registry.store import Store
from engine.sweeps.papers import paper_tables
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.cli.test_sweep import end
from tests.data.humset_rows import write_humset
from tests.plans.requests import needs_minilm

Capture = pytest.CaptureFixture[str]
pytestmark = [pytest.mark.usefixtures("supervised"), needs_minilm]
CELLS = 9 * 5 + 5
"""Of HumSet's table with one seed: nine methods on five tasks, and five joint ones."""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A table of small files, beside the current folder."""
    write_humset(tmp_path / "data")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return ["reproduce", "humset", "--backbone", "minilm", "--data-dir", "../data"]


def test_a_dry_run_is_the_plan_of_the_sweep_and_registers_nothing(table: list[str], store: Store, capsys: Capture) -> None:
    assert main([*table, "--budget", "small", "--dry-run", "--json"]) == ExitCode.OK
    out, err = capsys.readouterr()
    runs = json.loads(out)["runs"]
    assert f"humset-small: {CELLS} cells, · {CELLS} missing" in err
    assert [run["role"] for run in runs] == ["target"] * CELLS and {run["spec"]["seed"] for run in runs} == {0}
    assert {run["spec"]["backbone"] for run in runs} == {"minilm"}
    assert store.sweeps() == [] and store.runs() == []


def test_a_table_is_a_sweep_that_goes_on_and_ends_with_the_leaderboard(
    table: list[str], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    small = [*table, "--budget", "small"]
    assert main([*small, "--detach"]) == ExitCode.OK
    (sweep,) = store.sweeps()
    assert (sweep.name, len(sweep.cells)) == ("humset-small", CELLS) and str(tmp_path / "data") in sweep.text
    assert {run.command for run in store.runs()} == {"scalearn sweep run humset-small"}
    end(store, RunState.COMPLETED)
    end(store, RunState.COMPLETED)
    lost = store.runs(method="scalearn")[0].id
    store.delete([lost])
    capsys.readouterr()
    # From another folder, by its name.
    monkeypatch.chdir(tmp_path)
    assert main(["sweep", "run", "humset-small", "--missing", "--detach"]) == ExitCode.OK
    assert "1 to train" in capsys.readouterr().err and store.find(lost).state is RunState.QUEUED
    end(store, RunState.COMPLETED)
    monkeypatch.chdir(tmp_path / "here")
    assert main(small) == ExitCode.OK
    out, err = capsys.readouterr()
    assert (
        f"nothing to do: all {CELLS} runs are completed" in err and f"humset-small: {CELLS} cells, ✓ {CELLS} completed" in err
    )
    assert "HumSet" in out and "ScaLearnUniform++" in out and "sweep:humset-small" in out, "the leaderboard"


def test_another_table_of_the_name_is_refused_with_what_helps(table: list[str], store: Store, capsys: Capture) -> None:
    assert main([*table, "--name", "mine", "--budget", "small", "--detach"]) == ExitCode.OK
    assert main([*table, "--name", "mine", "--detach"]) == ExitCode.USAGE
    lost = (
        f"reproduce humset no longer asks for {CELLS} of the {CELLS} cells of the sweep mine; give it another name with --name"
    )
    assert f"{lost}, or forget that one: scalearn sweep rm mine" in capsys.readouterr().err
    assert len(store.runs()) == CELLS


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["humsat"], "no table 'humsat' (did you mean humset?); there are ablation, fewshot"),
        (
            ["glue", "--backbone", "minilm"],
            "HF_HUB_OFFLINE forbids downloads: the data of glue/stsb and 7 more tasks; give a folder",
        ),
        (["humset", "--data-dir", "nowhere"], "nowhere is not a folder; --data-dir takes one with files in the hub's schema"),
        (["glue", "--data-dir", "../data"], "glue/stsb needs"),
        (["humset", "--name", "Mine"], "name 'Mine' is not a valid name; use up to 64 lower-case letters"),
        (["humset", "--backbone", "minilmm", "--data-dir", "../data"], "did you mean minilm?"),
        (["humset", "--budget", "tiny"], "--budget"),
    ],
)
def test_what_cannot_be_planned_is_one_line(
    words: list[str], message: str, table: list[str], cache: Path, store: Store, capsys: Capture
) -> None:
    assert main(["reproduce", *words, "--dry-run"]) == ExitCode.USAGE
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1
    assert store.sweeps() == []


def test_the_help_names_every_table(capsys: Capture) -> None:
    assert main(["reproduce", "--help"]) == ExitCode.OK
    named = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert f"{', '.join(paper_tables()[:-1])} or {paper_tables()[-1]}." in named
