"""Every mistake is answered by one line on stderr and an exit code, and nothing is queued."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from engine.files.home import Home
from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode

from ..reports.rows import complete, spec

RUN = ["run", "--method", "adapter", "--target", "toy/question", "--backbone", "minilm", "--dry-run"]
MISTAKES = [
    (["run"], "name a target"),
    (["run", "--method", "adapter"], "name a target"),
    ([*RUN, "--method", "adaptor"], "no method 'adaptor' (did you mean adapter?); "),
    ([*RUN, "--target", "rtee"], "(did you mean rte?); there are mnli, "),
    ([*RUN, "--benchmark", "tyo"], "no benchmark 'tyo' (did you mean toy?); "),
    ([*RUN, "--target", "supergleu/cb"], "no benchmark 'supergleu' (did you mean superglue?); "),
    ([*RUN, "--benchmark", "blue"], "no benchmark 'blue' (did you mean glue?); "),
    ([*RUN[:-3], "-b", "no-such-thing"], "no backbone 'no-such-thing'; "),
    ([*RUN[:-3], "-b", "roberta-bse"], "no backbone 'roberta-bse' (did you mean roberta-base?); "),
    ([*RUN, "--set", "speed=9"], "has no setting 'speed'"),
    ([*RUN, "--set", "learning_rat=1"], "has no setting 'learning_rat' (did you mean learning_rate?); it has "),
    ([*RUN, "--set", "select_by=metrics"], "not 'metrics' (did you mean metric?)"),
    ([*RUN, "--set", "learning_rate"], "set must look like"),
    ([*RUN, "--set", "learning_rate=-1"], "learning_rate must lie between"),
    ([*RUN, "--set", "learning_rate=1_0"], "learning_rate must be a number, not '1_0'"),
    ([*RUN, "--set", "batch_size=1.5"], "batch_size must be a whole number, not '1.5'"),
    ([*RUN, "--limit", "train=2", "--limit", "train=3"], "limit gives train twice"),
    ([*RUN, "--seed", "2-0"], "seed '2-0'"),
    ([*RUN, "--seed", "-1"], "seed must look like"),
    ([*RUN, "--seed", "one"], "seed must look like"),
    ([*RUN, "--limit", "train"], "limit must look like"),
    ([*RUN, "--limit", "trian=5"], "--limit takes train, dev, test, not 'trian' (did you mean train?)"),
    ([*RUN, "--limit", "train=0"], "the limit of train must be at least 1"),
    ([*RUN, "--limit", "train=few"], "limit train must be a whole number"),
    ([*RUN, "--epochs", "0"], "epochs must lie between"),
    ([*RUN, "--epochs", "1.5"], "epochs must be a whole number"),
    ([*RUN, "--seed", "99999999999"], "a seed must lie"),
    ([*RUN, "--data-dir", "/no/such/folder"], "/no/such/folder"),
    ([*RUN, "--sources", ""], "--sources is empty; write it as in --sources cb,copa,rte, or leave it out"),
    ([*RUN, "--seed", ""], "--seed is empty"),
    ([*RUN, "--target", ""], "--target is empty; write it as in --target boolq, or leave it out (see `scalearn run --help`)"),
    (["ls", "--state", " "], "--state is empty; write it as in --state STATE, or leave it out (see `scalearn ls --help`)"),
    (["ls", "-n", ""], "--lines is empty"),
    (["ls", "-n", "9" * 30], "--lines must be at most 1000000, not"),
    (["logs", "@1", "-n", "9" * 30], "--lines must be at most 1000000, not"),
    (["leaderboard", "--benchmark="], "--benchmark is empty; write it as in --benchmark superglue, or leave it out"),
    (["leaderboard", "--output", ""], "--output is empty"),
    (["tasks", "--benchmark", ""], "--benchmark is empty"),
    (["methods", "--backbone", ""], "--backbone is empty"),
    (["predict", "@1", "--task", ""], "--task is empty"),
    (["data", "fetch", "glue", "--task", ""], "--task is empty"),
    (["stop", "@1", ""], "RUN... is empty (see `scalearn stop --help`)"),
    (["benchmarks", "add", ""], "FILE.toml is empty (see `scalearn benchmarks add --help`)"),
    ([*RUN, "--backbone", "roberta-base"], "--backbone is given 2 times; give it once (see `scalearn run --help`)"),
    ([*RUN, "--epochs", "2", "--epochs=3"], "--epochs is given 2 times"),
    ([*RUN, "--data-dir", "a", "--data-dir", "b"], "--data-dir is given 2 times"),
    ([*RUN, "--speed", "9"], "(Possible options: --seed, --set) (see `scalearn run --help`)"),
    ([*RUN, "--shots"], "requires an argument (see `scalearn run --help`)"),
    (["adapters", "export"], "(see `scalearn adapters export --help`)"),
    (["ls", "--target", "cb", "-t", "rte"], "--target is given 2 times; give it once (see `scalearn ls --help`)"),
    (["leaderboard", "-o", "a.csv", "--output", "b.csv"], "--output is given 2 times; give it once (see `scalearn leaderboard"),
    (["train"], "No such command 'train'"),
    (["ls", "--state", "done"], "no state 'done'; "),
    (["ls", "--state", "complete"], "no state 'complete' (did you mean completed?); there are "),
    (["ls", "-n", "0"], "scalearn: --lines must be at least 1, not '0' (see `scalearn ls --help`)"),
    (["ls", "-n", "few"], "scalearn: --lines must be a whole number, not 'few' (see `scalearn ls --help`)"),
    (["show", "abc"], "no run 'abc'"),
    (["logs", "@1"], "no run @1"),
    (["tasks", "--benchmark", "blue"], "no benchmark 'blue'"),
    (["leaderboard", "--format", "pdf"], "scalearn: --format 'pdf' is not one of 'table', 'markdown', "),
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
    assert not any(words in err for words in ("Value error", "Input should", "Invalid value"))
    assert store.runs() == []


def test_a_leaderboard_of_a_backbone_that_no_run_has(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leaderboard", "--backbone", "minilmm"]) == ExitCode.NOTHING_MATCHED
    assert "no completed run matches (did you mean minilm?); " in capsys.readouterr().err


def test_a_group_without_a_command_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["adapters"]) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert "export" in out + err and "scalearn: " not in err


def test_without_arguments_and_terminal_short_help() -> None:
    command = [sys.executable, "-m", "scalearn_tui"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert answer.returncode == ExitCode.USAGE
    assert "usage: scalearn" in answer.stderr
    assert answer.stdout == ""


def scalearn(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scalearn_tui", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, **environment})


def test_a_closed_pipe_is_not_an_error() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "scalearn_tui", "tasks", "--json"]
    answer = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(write)
    assert (answer.returncode, answer.stderr) == (ExitCode.OK, "")


def test_a_terminal_without_the_marks_still_shows_the_rest(store: Store) -> None:
    complete(store, spec("adapter", "toy/question"), 0.7)
    answer = scalearn("ls", PYTHONIOENCODING="ascii")
    assert answer.returncode == ExitCode.OK and "? completed" in answer.stdout and answer.stderr == ""
    document = scalearn("show", "@1", "--json", PYTHONIOENCODING="ascii").stdout
    assert json.loads(document)["run"]["state"] == "completed"


@pytest.mark.parametrize("url", ["no url", "postgresql+nodriver://somebody@nowhere/x", "postgresql://127.0.0.1:1/x"])
def test_a_database_that_cannot_be_used_is_one_line(url: str, home: Home) -> None:
    answer = scalearn("ls", SCALEARN_DB=url)
    assert answer.returncode in (ExitCode.FAILURE, ExitCode.USAGE) and answer.stdout == ""
    assert answer.stderr.startswith("scalearn: ") and len(answer.stderr.splitlines()) == 1


def test_a_home_that_cannot_hold_files_is_reported_by_the_doctor(capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    monkeypatch.setenv("SCALEARN_HOME", "/proc/no-place-for-files")
    assert main(["doctor"]) == ExitCode.FAILURE
    assert "not writable" in capsys.readouterr().out
    assert main(["run", "-m", "adapter", "-t", "toy/sentiment", "-b", "minilm", "--detach"]) == ExitCode.USAGE
    assert "set SCALEARN_HOME to another folder" in capsys.readouterr().err


def test_a_missing_model_without_hub_is_reported_before_anything_is_queued(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(store.home.root / "empty"))
    assert main(["run", "--method", "scalearn++", "--target", "boolq"]) == ExitCode.USAGE
    errors = capsys.readouterr().err.strip().splitlines()
    assert "roberta-base" in errors[-1]
    assert "--backbone minilm" in errors[-1]
    assert store.runs() == []
