"""``run`` up to the point where a worker would start."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from engine.registry.records import RunState
from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode

from ..reports.rows import PROVENANCE

RUN = ["run", "--method", "scalearn++", "--target", "toy/question", "--sources", "choice,question", "--backbone", "minilm"]
ESTIMATED = ["steps", "trainable", "time", "disk"]
Capture = pytest.CaptureFixture[str]
pytestmark = pytest.mark.usefixtures("supervised")


def complete_all(store: Store) -> None:
    for run in reversed(store.runs()):
        attempt = store.claim(run.id, "local", "cpu")
        assert attempt is not None
        store.started(run.id, attempt)
        store.finish(
            run.id, attempt, RunState.COMPLETED, results={run.target: {"test": {"accuracy": 0.8}}}, provenance=PROVENANCE
        )


def test_dry_run_queues_nothing(store: Store, capsys: Capture) -> None:
    assert main([*RUN, "--dry-run"]) == ExitCode.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["role", "run", "method", "backbone", "target", "seed", *ESTIMATED, "status"]
    assert [line.split()[0] for line in lines[1:]] == ["source", "source", "target"]
    assert all(line.endswith("new") for line in lines[1:])
    assert store.runs() == []


def test_a_dry_run_says_what_its_runs_take(store: Store, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = ("steps", "trainable", "guessed", "bytes")

    def planned() -> dict[str, list[Any]]:
        assert main([*RUN, "--dry-run", "--json"]) == ExitCode.OK
        runs = json.loads(capsys.readouterr().out)["runs"]
        return {run["spec"]["targets"][0] + run["role"]: [run[name] for name in taken] for run in runs}

    first = planned()
    assert first["toy/choicesource"] == [136, 261_265, True, None]
    assert first["toy/questiontarget"] == [136, 149_378, True, None]
    # What was counted is remembered: no child has to count again.
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/nowhere")
        assert planned() == first
    store.home.parameter_counts.write_text('{"version": "0.2.0", "counts": [')
    assert planned() == first

    assert main([*RUN, "--detach"]) == ExitCode.OK
    for run in reversed(store.runs()):
        attempt = store.claim(run.id, "local", "cpu")
        assert attempt is not None
        store.started(run.id, attempt)
        store.progress(run.id, attempt, trainable=7, steps=60)
        store.home.checkpoint(run.id, "best").parent.mkdir(parents=True)
        store.home.checkpoint(run.id, "best").write_bytes(b"." * 2000)
        store.finish(run.id, attempt, RunState.COMPLETED, step=50, seconds=25.0, provenance=PROVENANCE)
    capsys.readouterr()
    assert main([*RUN, "--seed", "0", "--seed", "1", "--seed", "2", "--dry-run"]) == ExitCode.OK
    out, err = capsys.readouterr()
    assert [line.split()[6:] for line in out.splitlines()[3:]] == [
        ["60", "7", "–", "–", "done"],
        ["136", "7", "01:08", "2", "kB", "new"],
        ["136", "7", "01:08", "2", "kB", "new"],
    ]
    assert "2 to train, in all 02:16 on one device and 4 kB on disk; a run that stops early takes less" in err


def test_repeated_flags_accumulate(store: Store, capsys: Capture) -> None:
    several = ["--sources", "topics", "--seed", "0", "--seed", "2", "--shots", "4", "--shots", "16,4", "--dry-run"]
    assert main([*RUN, *several, "--json"]) == ExitCode.OK
    specs = [run["spec"] for run in json.loads(capsys.readouterr().out)["runs"] if run["role"] == "target"]
    assert [(spec["shots"], spec["seed"]) for spec in specs] == [(4, 0), (4, 2), (16, 0), (16, 2)]
    named = {tuple(source["task"] for source in spec["sources"]) for spec in specs}
    assert named == {("toy/choice", "toy/topics", "toy/question")}


def test_a_dry_run_says_how_runs_differ_that_would_look_alike(store: Store, capsys: Capture) -> None:
    assert main([*RUN, "--shots", "4", "--shots", "16", "--dry-run"]) == ExitCode.OK
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["role", "run", "method", "backbone", "target", "seed", "settings", *ESTIMATED, "status"]
    assert [line.split()[-6] for line in lines] == ["0", "shots=4", "shots=16", "shots=4", "shots=16"]


def test_a_dry_run_says_which_defaults_the_benchmark_replaces(store: Store, capsys: Capture) -> None:
    asked = [*RUN, "--set", "patience=7", "--dry-run"]
    assert main(asked) == ExitCode.OK
    lines = capsys.readouterr().err.splitlines()
    assert "toy has its own defaults for adapter, scalearn++: epochs=8 select_by=metric" in lines
    assert "toy has its own defaults for adapter: learning_rate=0.001 patience=3" in lines
    assert main([*asked, "--json"]) == ExitCode.OK
    *_, target = json.loads(capsys.readouterr().out)["runs"]
    assert target["changed_defaults"] == {"epochs": "8", "select_by": "metric"}


def test_detach_queues_and_returns(store: Store, capsys: Capture) -> None:
    assert main([*RUN, "--detach", "--json"]) == ExitCode.OK
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [run["state"] for run in runs] == ["queued"] * 3
    assert runs[-1]["sources"] == ["toy/choice", "toy/question"]
    assert runs[-1]["command"].startswith("scalearn run --method scalearn++")
    assert len(store.runs()) == 3


def test_a_repeated_request_does_nothing_but_say_so(store: Store, capsys: Capture) -> None:
    assert main([*RUN, "--detach"]) == ExitCode.OK
    complete_all(store)
    capsys.readouterr()
    assert main(RUN) == ExitCode.OK
    out, err = capsys.readouterr()
    assert "nothing to do: the run is completed" in err
    assert "test accuracy 80.00" in out
    assert len(store.runs()) == 3
    assert main([*RUN, "--dry-run"]) == ExitCode.OK
    assert all(line.endswith("done") for line in capsys.readouterr().out.splitlines()[1:])


def test_sources_are_reused(store: Store, capsys: Capture) -> None:
    assert main([*RUN, "--detach"]) == ExitCode.OK
    complete_all(store)
    capsys.readouterr()
    assert main([*RUN, "--method", "scalearn", "--detach", "--json"]) == ExitCode.OK
    out, err = capsys.readouterr()
    assert "1 to train, 3 reused" in err
    assert sorted(run["state"] for run in json.loads(out)["runs"]) == ["completed", "queued"]


def test_ended_runs_are_resumed(store: Store, capsys: Capture) -> None:
    assert main([*RUN, "--detach"]) == ExitCode.OK
    store.request_stop([run.id for run in store.runs()])
    capsys.readouterr()
    assert main([*RUN, "--dry-run"]) == ExitCode.OK
    assert all(line.endswith("stopped, will resume") for line in capsys.readouterr().out.splitlines()[1:])
    assert main([*RUN, "--detach"]) == ExitCode.OK
    assert {run.state for run in store.runs()} == {RunState.QUEUED}


def test_a_failed_run_makes_exit_code_4(store: Store, capsys: Capture) -> None:
    import threading

    def fail() -> None:
        while not (queued := store.ready(limit=1)):
            pass
        attempt = store.claim(queued[0].id, "local", "cpu")
        assert attempt is not None
        store.finish(queued[0].id, attempt, RunState.FAILED, "out of memory")

    thread = threading.Thread(target=fail)
    thread.start()
    code = main(["run", "--method", "adapter", "--target", "toy/question", "--backbone", "minilm"])
    thread.join()
    out, err = capsys.readouterr()
    assert code == ExitCode.UNSUCCESSFUL
    assert "failed  out of memory" in out
    assert "scalearn resume" in err


def test_a_joint_run_is_one_run_and_shows_all_its_tasks(store: Store, capsys: Capture) -> None:
    command = ["run", "--method", "adapter-m", "-t", "question", "-t", "choice", "--backbone", "minilm"]
    assert main([*command, "--detach", "--json"]) == ExitCode.OK
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert (run["target"], run["tasks"], run["metric"]) == ("toy/question+choice", ["toy/question", "toy/choice"], "mean")
    attempt = store.claim(run["id"], "local", "cpu")
    assert attempt is not None
    store.started(run["id"], attempt)
    results = {"toy/question": {"test": {"accuracy": 0.8}}, "toy/choice": {"test": {"accuracy": 0.6}}}
    store.finish(
        run["id"], attempt, RunState.COMPLETED, results={**results, "mean": {"test": {"mean": 0.7}}}, provenance=PROVENANCE
    )
    assert main(command) == ExitCode.OK
    out, err = capsys.readouterr()
    assert "Adapter-m  toy/question+choice  seed 0  test mean 70.00  question 80.00  choice 60.00" in out
    assert "leaderboard --benchmark toy --backbone minilm" in err
    assert main(["ls", "--target", "choice"]) == ExitCode.OK
    assert "mean 70.00" in capsys.readouterr().out
    assert main(["show", run["id"]]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "toy/choice  accuracy 60.00" in shown and "mean  mean 70.00" in shown


def test_a_benchmark_alone_asks_for_every_task(store: Store, capsys: Capture) -> None:
    base = ["run", "--benchmark", "toy", "--backbone", "minilm", "--dry-run", "--json"]
    assert main([*base, "--method", "pals"]) == ExitCode.OK
    assert [run["spec"]["targets"] for run in json.loads(capsys.readouterr().out)["runs"]] == [
        [f"toy/{name}" for name in ("sentiment", "entailment", "similarity", "choice", "topics", "question", "claim")]
    ]
    assert main([*base, "--method", "adapter", "--shots", "16"]) == ExitCode.OK
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert len(runs) == 7 and {run["spec"]["shots"] for run in runs} == {16}
    assert main(["run", "-m", "pals", "--benchmark", "toy", "--backbone", "minilm", "--shots", "4"]) == ExitCode.USAGE
