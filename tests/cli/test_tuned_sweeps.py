"""A tuned sweep at the command line: both of its parts are shown, waited for and continued."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.registry.records import Run, RunState
from engine.registry.store import Store
from engine.sweeps.advance import advance
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.plans.requests import needs_minilm
from tests.sweeps.tuned import ADAPTER, end, rate

Capture = pytest.CaptureFixture[str]
pytestmark = [pytest.mark.usefixtures("supervised"), needs_minilm]
SMALL = ADAPTER.replace('["toy/claim", "toy/question"]', '"toy/claim"').replace("[100, 101]", "[100]")


@pytest.fixture(autouse=True)
def queued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: Store, capsys: Capture) -> Path:
    """The file in the current folder, and its sweep with three settings that are queued."""
    monkeypatch.chdir(tmp_path)
    path = Path("tuned.toml")
    path.write_text(SMALL)
    assert main(["sweep", "run", "tuned.toml", "--detach"]) == ExitCode.OK
    assert len(store.runs()) == 3
    capsys.readouterr()
    return path


@contextmanager
def working(store: Store, dev: Callable[[Run], float | None]) -> Iterator[None]:
    """Another thread does what workers do, until the reported runs have ended."""
    deadline = time.monotonic() + 20

    def work() -> None:
        while time.monotonic() < deadline:
            if any(not run.parsed.dev_only for run in end(store, dev)):
                return
            time.sleep(0.05)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    thread.join()


def diverges(run: Run) -> float | None:
    return None if rate(run) > 1e-3 else rate(run)


def document(capsys: Capture, *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main([*arguments, "--json"]) == ExitCode.OK
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_plan_has_the_settings_and_says_what_follows(queued: Path, capsys: Capture) -> None:
    assert main(["sweep", "plan", "tuned.toml"]) == ExitCode.OK
    out, err = capsys.readouterr()
    assert sum("evaluated on=dev" in line for line in out.splitlines()) == 3
    assert "then up to 2 runs (about " in err and "of the settings that are the best on dev" in err
    plan = document(capsys, "sweep", "plan", "tuned.toml")
    assert (len(plan["runs"]), plan["later"]["runs"]) == (3, 2) and plan["later"]["steps"] > 0


def test_both_parts_are_shown(store: Store, capsys: Capture) -> None:
    assert main(["sweep", "show", "tuned"]) == ExitCode.OK
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "3 settings x 1 seed, compared on dev" and "adapter  toy/claim  waits" in out
    assert "tuned: 5 cells, ◷ 3 queued, · 2 missing" in err
    end(store, diverges)
    advance(store.home)
    assert main(["sweep", "show", "tuned", "--by", "setting,seed"]) == ExitCode.OK
    last = capsys.readouterr().out.splitlines()[-1].split(maxsplit=4)
    assert last == [
        "adapter",
        "toy/claim",
        "learning_rate=0.001",
        "0.10",
        "0.01 learning_rate=0.0001, diverged learning_rate=0.01",
    ]
    (search,) = document(capsys, "sweep", "show", "tuned")["sweep"]["tuning"]
    assert (search["winner"], search["seeds"], search["steps"]) == (1, [100], 10)
    assert [tried["states"] for tried in search["tried"]] == [["completed"], ["completed"], ["diverged"]]
    assert main(["ls", "sweep:tuned", "seed:0", "--json"]) == ExitCode.OK
    assert len(json.loads(capsys.readouterr().out)["runs"]) == 1, "what was chosen belongs to the sweep"


@pytest.mark.parametrize("command", [["wait", "--sweep", "tuned"], ["sweep", "run", "tuned"]])
def test_watching_goes_on_until_the_chosen_settings_are_reported(command: list[str], store: Store, capsys: Capture) -> None:
    with working(store, diverges):
        assert main(command) == ExitCode.OK
    runs = store.runs()
    assert {(run.seed, run.state) for run in runs if not run.parsed.dev_only} == {(0, "completed"), (1, "completed")}
    assert len(runs) == 5 and {run.attempt for run in runs if not run.diverged} == {1}
    capsys.readouterr()
    assert main(["sweep", "run", "tuned.toml"]) == ExitCode.OK
    assert "nothing to do: all 4 runs are completed" in capsys.readouterr().err


def test_without_a_setting_that_works_the_sweep_is_not_done(store: Store, capsys: Capture) -> None:
    end(store, lambda run: None)
    assert main(["sweep", "run", "tuned"]) == ExitCode.UNSUCCESSFUL
    assert "none: all diverged" in capsys.readouterr().out
    assert main(["wait", "--sweep", "tuned"]) == ExitCode.UNSUCCESSFUL
    assert len(store.runs(states=[RunState.FAILED])) == 3


def test_a_run_that_tries_a_setting_says_that_test_was_left_alone(store: Store, capsys: Capture) -> None:
    run = end(store, rate)[0]
    assert main(["show", run.id]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "dev alone: it helps to choose a setting" in out and "test results" not in out
    assert main(["ls"]) == ExitCode.OK
    assert "dev accuracy 0.01" in capsys.readouterr().out


def test_an_edit_shows_what_it_adds(queued: Path, store: Store, capsys: Capture) -> None:
    end(store, rate)
    assert main(["sweep", "run", "tuned", "--detach"]) == ExitCode.OK
    queued.write_text(SMALL.replace("seeds = [0, 1]", "seeds = [0, 1, 2]"))
    capsys.readouterr()
    found = document(capsys, "sweep", "diff", "tuned.toml")
    assert ([cell["seed"] for cell in found["added"]], found["orphaned"], found["kept"]) == ([2], [], 5)
    assert main(["sweep", "run", "tuned.toml", "--detach"]) == ExitCode.OK
    assert {run.seed for run in store.runs(states=[RunState.QUEUED])} == {0, 1, 2}
