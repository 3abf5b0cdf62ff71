"""``bundle``, ``import`` and ``verify`` as their users see them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.registry.records import Sweep
from engine.registry.store import Store
from engine.sweeps.cells import Cell, as_records
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.bundles.forging import TABLE, Parts
from tests.bundles.test_writing import answered
from tests.reports.rows import queue, spec

BOOLQ, RTE = "superglue/boolq", "superglue/rte"
Capture = pytest.CaptureFixture[str]
pytestmark = pytest.mark.usefixtures("supervised")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_way_of_a_bundle(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """Written here, checked without a home, imported elsewhere, where a forged copy is told from it."""
    runs = [answered(store, BOOLQ, seed) for seed in (0, 1)]
    assert main(["bundle", *runs, "runs.zip"]) == ExitCode.OK
    out, err = capsys.readouterr()
    first, second = out.splitlines()
    assert first.startswith("runs.zip  2 runs, 1 cell, ") and second.startswith("root digest  ")
    digest = second.split()[-1]
    assert f"scalearn verify runs.zip --expect {digest}" in err

    monkeypatch.setenv("SCALEARN_HOME", str(tmp_path / "elsewhere"))
    assert main(["verify", "runs.zip", "--expect", digest]) == ExitCode.OK
    out, err = capsys.readouterr()
    assert out == "equal: 2 runs, 1 cell\n" and not (tmp_path / "elsewhere").exists()

    parts = Parts.of(tmp_path / "runs.zip")
    parts[TABLE] = parts[TABLE].replace(b'"mean":', b'"mean":1', 1)
    parts.signed().write(tmp_path / "forged.zip")
    assert main(["verify", "forged.zip", "--json"]) == ExitCode.FAILURE
    answer = json.loads(capsys.readouterr().out)
    assert answer["equal"] is False and "cell superglue/boolq: mean" in answer["wrong"][0]

    assert main(["import", "runs.zip"]) == ExitCode.OK
    assert capsys.readouterr().out == "2 runs imported, 0 already here, 0 replicates\n"
    assert main(["leaderboard", "--format", "json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["tables"][0]["rows"][0]["cells"][BOOLQ]["runs"] == runs
    assert main(["predict", runs[0], "/dev/null"]) == ExitCode.USAGE
    assert "was imported without its checkpoint" in capsys.readouterr().err
    assert main(["show", runs[0]]) == ExitCode.OK
    assert "imported from runs.zip" in capsys.readouterr().out
    assert main(["delete", "--yes", *runs]) == ExitCode.OK


def test_a_sweep_is_bundled_when_it_is_complete(store: Store, capsys: Capture) -> None:
    done = answered(store, BOOLQ)
    missing = spec("adapter", BOOLQ, 1).run_id
    cells = [Cell(run, "adapter", BOOLQ, seed, "", None, "roberta-base") for seed, run in enumerate((done, missing))]
    store.register(Sweep(name="small", file="small.toml", text="", cells=as_records(cells), requests=[]))
    assert main(["bundle", "--sweep", "small", "runs.zip"]) == ExitCode.USAGE
    assert "1 of the 2 runs of small do not exist yet; scalearn sweep run small" in capsys.readouterr().err
    assert main(["bundle", "--sweep", "small", "state:completed", "runs.zip", "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["runs"] == 1
    assert json.loads(Parts.of(Path("runs.zip"))["sweep.json"])["name"] == "small"
    assert main(["bundle", "--sweep", "small", "seed:7", "other.zip"]) == ExitCode.NOTHING_MATCHED
    store.forget_sweep("small")
    store.register(Sweep(name="small", file="small.toml", text="", cells=as_records(cells[:1]), requests=[]))
    assert main(["import", "runs.zip"]) == ExitCode.OK
    assert "another sweep small is here and stays" in capsys.readouterr().err
    store.forget_sweep("small")
    assert main(["import", "runs.zip"]) == ExitCode.OK
    assert "another sweep" not in capsys.readouterr().err
    sweep = store.sweep("small")
    assert sweep is not None and sweep.stopped, "it must not queue what it lacks"


def test_terms_may_exclude_runs(store: Store, capsys: Capture) -> None:
    for seed in (0, 1):
        answered(store, BOOLQ, seed)
    assert main(["bundle", "target:boolq", "-seed:1", "runs.zip"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith("runs.zip  1 run, ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bundle", "runs.zip"], "which runs are to be in runs.zip?"),
        (["bundle", "nothing", "runs.zip"], "no run 'nothing'"),
        (["bundle", "--sweep", "nothing", "runs.zip"], "no sweep 'nothing'"),
        (["verify", "nothing.zip"], "nothing.zip cannot be read (No such file or directory)"),
        (["import", "nothing.zip"], "nothing.zip cannot be read (No such file or directory)"),
    ],
)
def test_mistakes_are_one_line(store: Store, arguments: list[str], message: str, capsys: Capture) -> None:
    assert main(arguments) == ExitCode.USAGE
    err = capsys.readouterr().err
    assert message in err and len(err.splitlines()) == 1


def test_runs_that_are_not_completed(store: Store, capsys: Capture) -> None:
    queued = queue(store, spec("adapter", RTE))
    assert main(["bundle", queued.id, "runs.zip"]) == ExitCode.USAGE
    assert f"{queued.id} is queued; bundle when" in capsys.readouterr().err
