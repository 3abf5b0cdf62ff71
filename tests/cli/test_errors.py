"""Every mistake is answered by one line on stderr and an exit code, and nothing is queued."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode

RUN = ["run", "--method", "adapter", "--target", "toy/question", "--backbone", "minilm", "--dry-run"]
MISTAKES = [
    (["run", "--target", "rte"], "name a method"),
    (["run", "--method", "adapter"], "name a target"),
    ([*RUN, "--method", "adaptor"], "no method 'adaptor'"),
    ([*RUN, "--target", "rtee"], "no task 'rtee'"),
    ([*RUN, "--benchmark", "blue"], "no benchmark 'blue'"),
    ([*RUN, "--backbone", "no-such-thing"], "no backbone 'no-such-thing'"),
    ([*RUN, "--set", "speed=9"], "has no setting 'speed'"),
    ([*RUN, "--set", "learning_rate"], "set must look like"),
    ([*RUN, "--set", "learning_rate=-1"], "learning_rate must lie between"),
    ([*RUN, "--set", "epochs=2", "--set", "epochs=3"], "set gives epochs twice"),
    ([*RUN, "--seed", "2-0"], "seed '2-0'"),
    ([*RUN, "--seed", "-1"], "seed must look like"),
    ([*RUN, "--seed", "one"], "seed must look like"),
    ([*RUN, "--limit", "train"], "limit must look like"),
    ([*RUN, "--limit", "trian=5"], "limit takes train, dev, test"),
    ([*RUN, "--limit", "train=0"], "limit train must be"),
    ([*RUN, "--epochs", "0"], "epochs must be"),
    ([*RUN, "--data-dir", "/no/such/folder"], "/no/such/folder"),
    ([*RUN, "--speed", "9"], "No such option"),
    (["train"], "No such command 'train'"),
    (["ls", "--state", "done"], "no state 'done'"),
    (["ls", "-n", "0"], "Invalid value"),
    (["show", "abc"], "no run 'abc'"),
    (["logs", "@1"], "no run @1"),
    (["tasks", "--benchmark", "blue"], "no benchmark 'blue'"),
    (["leaderboard", "--format", "pdf"], "Invalid value"),
    (["leaderboard", "--output", "board.txt"], "a file needs --format"),
]


@pytest.mark.parametrize(("arguments", "text"), MISTAKES, ids=[" ".join(arguments[-2:]) for arguments, _ in MISTAKES])
def test_one_line_and_exit_code_2(arguments: list[str], text: str, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert err.startswith("scalearn: ")
    assert text in err
    assert store.runs() == []


def test_without_arguments_and_terminal_short_help() -> None:
    command = [sys.executable, "-m", "scalearn_tui"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert answer.returncode == ExitCode.USAGE
    assert "usage: scalearn" in answer.stderr
    assert answer.stdout == ""


def test_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m scalearn_tui tasks --json | head -1"
    answer = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, env=os.environ)
    assert answer.stderr == ""


def test_missing_model_without_hub_is_told_before_anything_is_queued(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(store.home.root / "empty"))
    assert main(["run", "--method", "scalearn++", "--target", "boolq"]) == ExitCode.USAGE
    errors = capsys.readouterr().err.strip().splitlines()
    assert "roberta-base" in errors[-1]
    assert "--backbone minilm" in errors[-1]
    assert store.runs() == []
