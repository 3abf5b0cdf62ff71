"""Runs of a bundle are trained again by real workers: equal where nothing was made up, different where logits were."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.bundles.arrays import read_arrays
from engine.bundles.records import evidence_member, rows_member
from engine.catalog.catalog import BUILT_IN
from engine.files.home import Home
from engine.metrics.scoring import score
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.bundles.forging import TABLE, Parts
from tests.plans.requests import needs_minilm

pytestmark = needs_minilm
CHOICE = "toy/choice"
ASK = ["run", "--method", "scalearn++", "--target", CHOICE, "--sources", "choice,similarity", "--backbone", "minilm"]
BUDGET = ["--epochs", "1", "--limit", "train=16", "--limit", "dev=8", "--limit", "test=40", "--seed", "0-2"]


def test_a_sample_is_trained_again(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert main([*ASK, *BUDGET]) == ExitCode.OK
    assert main(["bundle", "method:scalearn++", "runs.zip"]) == ExitCode.OK
    capsys.readouterr()
    assert main(["verify", "runs.zip", "--rerun", "2", "--json"]) == ExitCode.OK
    answer = json.loads(capsys.readouterr().out)
    assert [verdict["verdict"] for verdict in answer["reruns"]] == ["equal", "equal"]

    forge(tmp_path / "runs.zip", tmp_path / "forged.zip")
    assert main(["verify", "forged.zip"]) == ExitCode.OK, "made-up logits with their own numbers are consistent"
    assert main(["verify", "forged.zip", "--rerun", "3", "--json"]) == ExitCode.FAILURE
    answer = json.loads(capsys.readouterr().out.partition("\n")[2] or "{}")
    assert {verdict["verdict"] for verdict in answer["reruns"]} == {"different"}
    assert all("limits" in verdict["text"] for verdict in answer["reruns"])


def forge(path: Path, forged: Path) -> None:
    """Every run answers all test questions correctly, and its numbers and the table say so."""
    parts, task = Parts.of(path), BUILT_IN.tasks[CHOICE]
    targets = [run["id"] for run in parts.runs if run["role"] == "target"]
    for number, run_id in enumerate(targets):
        kept = next(kept for run in parts.runs if run["id"] == run_id for kept in run["evidence"] if kept["split"] == "test")
        labels = read_arrays(parts[rows_member(kept["rows"])], "rows")[0]["label"]
        perfect = np.eye(len(task.labels), dtype=np.float32)[labels] * (5 + number)
        parts.change_answers(run_id, "test", lambda _, perfect=perfect: perfect)
        numbers = score(task, perfect, labels)
        runs = parts.runs
        for run in runs:
            if run["id"] == run_id:
                run["results"][CHOICE]["test"].update(numbers)
        parts.change_runs(lambda _, runs=runs: runs)
        assert evidence_member(run_id, kept["logits"]) not in parts
    table = parts.json(TABLE)
    for row in table["leaderboard"]["tables"][0]["rows"]:
        if row["method"]:
            row["cells"][CHOICE] |= {"mean": 100.0, "std": 0.0, "values": [100.0] * len(targets)}
    parts.put(TABLE, table)
    parts.signed().write(forged)
