"""``sweep``: from a file to a grid of cells, without a worker."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from engine.registry.records import RunState
from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.cli.test_runs import Terminal
from tests.plans.requests import needs_minilm
from tests.reports.rows import PROVENANCE

PAPER = """
name = "paper"
backbones = "minilm"
targets = ["toy/question", "toy/choice"]
methods = ["adapter", "scalearn++"]
seeds = [0, 1]
"""
Capture = pytest.CaptureFixture[str]
pytestmark = [pytest.mark.usefixtures("supervised"), needs_minilm]


@pytest.fixture(autouse=True)
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = Path("paper.toml")
    path.write_text(PAPER)
    return path


@pytest.fixture
def shown(capsys: Capture) -> Any:
    """The document that ``sweep show`` prints."""

    def show(*options: str) -> dict[str, Any]:
        capsys.readouterr()
        assert main(["sweep", "show", "paper", "--json", *options]) == ExitCode.OK
        document: dict[str, Any] = json.loads(capsys.readouterr().out)["sweep"]
        return document

    return show


def end(store: Store, state: RunState, most: int = 1000) -> None:
    for run in store.ready(limit=most):
        attempt = store.claim(run.id, "local", "cpu")
        assert attempt is not None
        store.started(run.id, attempt)
        results = {run.target: {"test": {run.metric: 0.8}}}
        store.finish(run.id, attempt, state, "out of memory" if state.over else None, results, provenance=PROVENANCE)


def test_a_plan_shows_cells_and_sources_and_starts_nothing(store: Store, capsys: Capture) -> None:
    assert main(["sweep", "plan", "paper.toml"]) == ExitCode.OK
    out, err = capsys.readouterr()
    assert Counter(line.split()[0] for line in out.splitlines()) == {"role": 1, "source": 5, "target": 8}
    assert "paper: 8 cells, · 8 missing" in err
    assert store.runs() == [] and store.sweeps() == []
    assert main(["sweep", "plan", "paper.toml", "--json"]) == ExitCode.OK
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert len([run for run in runs if run["role"] == "target" and run["status"] == "new" and run["steps"]]) == 8


def test_a_sweep_is_queued_once_and_only_what_is_missing(store: Store, capsys: Capture, shown: Any) -> None:
    assert main(["sweep", "run", "paper.toml", "--detach"]) == ExitCode.OK
    out, err = capsys.readouterr()
    assert out.splitlines()[0].split() == ["method", "toy/question", "toy/choice", "all"]
    assert out.splitlines()[1].split() == ["adapter", "◷2", "◷2", "◷4"]
    assert "paper: 8 cells, ◷ 8 queued" in err
    (command,) = {run.command for run in store.runs()}
    assert command == "scalearn sweep run paper"
    queued = {run.id for run in store.runs()}
    end(store, RunState.COMPLETED)
    end(store, RunState.COMPLETED)
    store.delete([next(run.id for run in store.runs(method="scalearn++"))])
    assert shown()["counts"] | {"completed": 7, "missing": 1} == shown()["counts"]
    assert main(["sweep", "run", "paper", "--detach"]) == ExitCode.OK
    assert f"1 to train, {len(queued) - 1} reused" in capsys.readouterr().err
    end(store, RunState.COMPLETED)
    assert {run.id for run in store.runs()} == queued and {run.attempt for run in store.runs()} == {1}
    capsys.readouterr()
    assert main(["sweep", "run", "paper.toml"]) == ExitCode.OK
    assert "nothing to do: all 8 runs are completed" in capsys.readouterr().err


def test_missing_and_failed_cells_are_run_apart(store: Store, capsys: Capture, shown: Any) -> None:
    assert main(["sweep", "run", "paper.toml", "--detach"]) == ExitCode.OK
    end(store, RunState.FAILED, most=1)
    (failed,) = store.runs(states=[RunState.FAILED])
    store.delete([store.runs(method="scalearn++")[0].id])
    assert main(["sweep", "run", "paper", "--missing", "--failed"]) == ExitCode.USAGE
    assert main(["sweep", "run", "paper", "--failed", "--detach"]) == ExitCode.OK
    assert store.find(failed.id).state is RunState.QUEUED and shown()["counts"]["missing"] == 1
    assert main(["sweep", "run", "paper", "--failed"]) == ExitCode.OK
    assert "no cell has failed" in capsys.readouterr().err
    assert main(["sweep", "run", "paper", "--missing", "--detach"]) == ExitCode.OK
    assert shown()["counts"]["missing"] == 0


def test_the_grid_counts_by_any_two_aspects(store: Store, capsys: Capture, shown: Any) -> None:
    assert main(["sweep", "run", "paper.toml", "--detach"]) == ExitCode.OK
    end(store, RunState.COMPLETED, most=1)
    document = shown("--by", "seed,method")
    assert document["by"] == ["seed", "method"] and document["counts"]["completed"] == 1
    of_cells = [sum(cell["state"] == "completed" for cell in document["cells"])]
    assert of_cells == [sum(entry["counts"]["completed"] for entry in document["grid"])] == [1]
    assert [(entry["seed"], entry["method"]) for entry in document["grid"]] == [
        (seed, method) for method in ("adapter", "scalearn++") for seed in ("0", "1")
    ]
    assert main(["sweep", "show", "paper", "--by", "seed, shots"]) == ExitCode.OK
    assert capsys.readouterr().out.splitlines()[0].split() == ["seed", "–"]
    for wrong in ("seed", "seed,seed", "method,target,seed", "method,sed"):
        assert main(["sweep", "show", "paper", "--by", wrong]) == ExitCode.USAGE
        assert "--by takes two of method, target, seed, setting, shots, backbone" in capsys.readouterr().err


def test_an_edit_that_drops_cells_has_to_be_confirmed(store: Store, paper: Path, capsys: Capture, shown: Any) -> None:
    assert main(["sweep", "diff", "paper.toml"]) == ExitCode.USAGE
    assert "no sweep 'paper'; `scalearn sweep run FILE.toml` registers one" in capsys.readouterr().err
    assert main(["sweep", "run", "paper.toml", "--detach"]) == ExitCode.OK
    paper.write_text(PAPER.replace("[0, 1]", "[0, 1, 2]"))
    assert main(["sweep", "run", "paper.toml", "--detach"]) == ExitCode.OK
    assert "paper: 4 added, 0 no longer asked for, 8 as before" in capsys.readouterr().err
    paper.write_text(PAPER.replace("[0, 1]", "[1, 2, 3]"))
    queued = len(store.runs())
    assert main(["sweep", "diff", "paper.toml"]) == ExitCode.OK
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["+"] * 4 + ["-"] * 4
    assert "4 added, 4 no longer asked for, 8 as before" in err
    assert main(["sweep", "diff", "paper.toml", "--json"]) == ExitCode.OK
    document = json.loads(capsys.readouterr().out)
    assert {cell["seed"] for cell in document["orphaned"]} == {0} and document["kept"] == 8
    assert main(["sweep", "run", "paper.toml", "--detach"]) == ExitCode.USAGE
    assert "paper.toml no longer asks for 4 of the 12 cells of the sweep paper" in capsys.readouterr().err
    assert len(store.runs()) == queued and {cell["seed"] for cell in shown()["cells"]} == {0, 1, 2}
    assert main(["sweep", "run", "paper.toml", "--detach", "--update"]) == ExitCode.OK
    assert {cell["seed"] for cell in shown()["cells"]} == {1, 2, 3} and len(store.runs()) == queued + 4


def test_a_stop_spares_what_others_need(store: Store, capsys: Capture) -> None:
    assert main(["sweep", "stop", "paper"]) == ExitCode.USAGE
    Path("paper.toml").write_text(PAPER.replace('["adapter", "scalearn++"]', '"scalearn++"\nsources = ["topics", "claim"]'))
    assert main(["sweep", "run", "paper.toml", "--detach"]) == ExitCode.OK
    other = ["run", "-m", "scalearn++", "-t", "toy/sentiment", "--sources", "claim", "-b", "minilm", "--detach"]
    assert main(other) == ExitCode.OK
    capsys.readouterr()
    assert main(["sweep", "stop", "paper"]) == ExitCode.OK
    assert len(capsys.readouterr().out.splitlines()) == 5
    left = store.runs(states=[RunState.QUEUED])
    assert {(run.method, run.target) for run in left} == {("scalearn++", "toy/sentiment"), ("adapter", "toy/claim")}
    assert main(["sweep", "stop", "paper"]) == ExitCode.NOTHING_MATCHED


def test_a_stop_spares_what_another_sweep_asks_for(store: Store, capsys: Capture) -> None:
    Path("half.toml").write_text(PAPER.replace('"paper"', '"half"').replace("[0, 1]", "0"))
    assert main(["sweep", "run", "paper.toml", "--detach"]) == main(["sweep", "run", "half.toml", "--detach"]) == ExitCode.OK
    capsys.readouterr()
    assert main(["sweep", "stop", "paper"]) == ExitCode.OK
    assert "4 runs that other sweeps ask for too go on; `scalearn stop sweep:paper`" in capsys.readouterr().err
    assert {run.seed for run in store.runs(states=[RunState.QUEUED])} == {0}
    # Of one that was stopped itself nothing is spared.
    assert main(["sweep", "stop", "half"]) == ExitCode.OK
    assert not store.runs(states=[RunState.QUEUED])


def test_a_new_file_is_not_named_like_a_sweep(capsys: Capture) -> None:
    assert main(["sweep", "new", "y", "-m", "adapter", "-t", "toy/choice", "-b", "minilm"]) == ExitCode.USAGE
    assert "end it in .toml" in capsys.readouterr().err and not Path("y").exists()


def test_a_list_of_sweeps(store: Store, capsys: Capture) -> None:
    assert main(["sweep", "ls"]) == ExitCode.OK
    assert "no sweeps yet; begin one: scalearn sweep new" in capsys.readouterr().err
    assert main(["sweep", "run", "paper.toml", "--detach"]) == ExitCode.OK
    capsys.readouterr()
    assert main(["sweep", "ls"]) == ExitCode.OK
    assert capsys.readouterr().out.splitlines()[1].split()[:3] == ["paper", "8", "◷8"]
    assert main(["sweep", "ls", "--json"]) == ExitCode.OK
    (record,) = json.loads(capsys.readouterr().out)["sweeps"]
    assert record["counts"]["queued"] == 8 and record["file"] == str(Path("paper.toml").absolute())
    assert main(["sweep", "show", "papper"]) == ExitCode.USAGE
    assert "no sweep 'papper' (did you mean paper?)" in capsys.readouterr().err


def test_the_runs_of_a_sweep_get_its_tags(store: Store, paper: Path) -> None:
    assert main(["sweep", "run", "paper.toml", "--detach"]) == ExitCode.OK
    assert store.tags() == {}
    end(store, RunState.COMPLETED)
    paper.write_text(f'tags = ["paper", "draft"]{PAPER}')
    assert main(["sweep", "run", "paper.toml", "--detach"]) == ExitCode.OK
    sweep = store.sweep("paper")
    assert sweep and store.tags() == {cell["run"]: ["draft", "paper"] for cell in sweep.cells}
    assert len(store.runs()) > len(sweep.cells), "sources that are no cells have none"


def test_a_sweep_is_forgotten_and_its_runs_stay(store: Store, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["sweep", "run", "paper.toml", "--detach"]) == ExitCode.OK
    runs = [run.id for run in store.runs()]
    assert main(["sweep", "rm", "paper"]) == ExitCode.USAGE
    assert "this forgets the sweep paper of 8 cells, whose runs stay; confirm with --yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", Terminal("no\n"))
    assert main(["sweep", "rm", "paper"]) == ExitCode.INTERRUPTED and store.sweep("paper")
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert main(["sweep", "rm", "paper"]) == ExitCode.OK
    assert store.sweeps() == [] and [run.id for run in store.runs()] == runs
    assert main(["sweep", "rm", "paper", "--yes"]) == ExitCode.USAGE
    assert "no sweep 'paper'" in capsys.readouterr().err


def test_a_file_from_flags_asks_for_what_run_asks_for(store: Store, paper: Path, capsys: Capture) -> None:
    flags = ["-m", "adapter", "-t", "toy/question", "-b", "minilm", "--seed", "0-2", "-s", "reduction=4", "-s", "reduction=8"]
    flags += ["--limit", "train=32", "--epochs", "2"]
    assert main(["sweep", "new", "small.toml", *flags]) == ExitCode.OK
    assert "next: scalearn sweep plan small.toml" in capsys.readouterr().err
    assert main(["sweep", "plan", "small.toml", "--json"]) == ExitCode.OK
    planned = json.loads(capsys.readouterr().out)
    assert main(["run", *flags, "--dry-run", "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out) == planned and len(planned["runs"]) == 6
    assert main(["sweep", "new", "paper.toml", *flags]) == ExitCode.USAGE
    assert "paper.toml exists; edit it, or name another file" in capsys.readouterr().err
    assert paper.read_text() == PAPER
    assert main(["sweep", "new", "Small One.toml", *flags]) == ExitCode.USAGE
    assert main(["sweep", "new", "other.toml", "-m", "adaptor", "-t", "toy/question"]) == ExitCode.USAGE
    assert "did you mean adapter?" in capsys.readouterr().err
    assert sorted(path.name for path in Path().glob("*.toml")) == ["paper.toml", "small.toml"]


def test_a_failed_run_makes_exit_code_4(store: Store, paper: Path, capsys: Capture) -> None:
    paper.write_text('name = "paper"\nbackbones = "minilm"\ntargets = "toy/question"\nmethods = "adapter"')

    def fail() -> None:
        while not store.ready(limit=1):
            time.sleep(0.01)
        end(store, RunState.FAILED)

    thread = threading.Thread(target=fail)
    thread.start()
    code = main(["sweep", "run", "paper.toml"])
    thread.join()
    out, err = capsys.readouterr()
    assert code == ExitCode.UNSUCCESSFUL
    assert out.splitlines()[-1].split() == ["adapter", "✗1"] and "✗ 1 failed" in err
