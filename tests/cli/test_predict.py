"""``predict`` as a user calls it: what is refused before anything is loaded, and pipes of real processes."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.plans.planner import make_plan, submit
from engine.registry.store import Store
from engine.runs.request import Request
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.training.runs import trained

from ..reports.rows import complete, queue, spec


def test_runs_that_cannot_predict_are_refused_with_their_reason(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = queue(store, spec("adapter", "glue/rte"))
    single = complete(store, spec("adapter", "glue/cola"), 0.5)
    joint = complete(store, spec("pals", ("glue/rte", "superglue/rte", "glue/cola")), 0.5)
    refusals = {
        (waiting.id,): f"run {waiting.id} is queued",
        (single.run_id, str(tmp_path)): "is a folder",
        (single.run_id, str(tmp_path / "none")): "No such file or directory",
        (single.run_id, "-", "--task", "rte"): "--task rte is no task of run",
        (joint.run_id,): "learned several tasks; name one with --task: glue/rte, superglue/rte, glue/cola",
        (joint.run_id, "--task", "rte"): "--task rte is ambiguous in run",
        (joint.run_id, "--task", "colla"): f"--task colla is no task of run {joint.run_id} (did you mean cola?): glue/rte, ",
        (single.run_id,): f"run {single.run_id} has lost its file",
    }
    for arguments, why in refusals.items():
        assert main(["predict", *arguments]) == ExitCode.USAGE
        out, err = capsys.readouterr()
        assert out == "" and len(err.splitlines()) == 1 and why in err


@pytest.fixture
def joint(store: Store, tiny_backbone: Path) -> list[str]:
    """The command that predicts with a tiny joint run."""
    request = Request(
        methods=("adapter-m",), targets=("toy/sentiment", "toy/topics"), backbone=str(tiny_backbone), epochs=1,
        limits={"train": 16, "dev": 8, "test": 8}, settings={"steps_per_epoch": 2},
    )  # fmt: skip
    (run_id,) = submit(make_plan(request, store, BUILT_IN), store)
    trained(store, run_id)
    return [sys.executable, "-m", "scalearn_tui", "predict", "@1", "--task", "topics"]


LINES = '{"sentence": "it was good", "idx": 7}\n{"sentence": "it was bad"}\n'


def called(command: list[str], texts: str = "", **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=texts, capture_output=True, text=True, timeout=300, check=False, **options)


def test_lines_go_through_a_pipe(joint: list[str]) -> None:
    answer = called(joint, LINES)
    assert (answer.returncode, answer.stderr) == (ExitCode.OK, "")
    first, second = map(json.loads, answer.stdout.splitlines())
    assert first.pop("idx") == 7 and list(first) == list(second) == ["labels", "probabilities"]
    answer = called(joint, LINES + "{\n")
    assert (answer.returncode, answer.stdout) == (ExitCode.USAGE, "")
    assert answer.stderr == "scalearn: stdin:3: this is not JSON; write one object on each line\n"


def test_a_bad_line_is_named_before_the_model_is_loaded(store: Store, tmp_path: Path) -> None:
    """The run has lost its file, which only loading notices."""
    run = complete(store, spec("adapter", "glue/cola"), 0.5)
    file = tmp_path / "texts.jsonl"
    command = [sys.executable, "-m", "scalearn_tui", "predict", run.run_id, str(file)]
    for text, why in (('{"sentence": ""}', f"{file}:1: 'sentence' is blank"), ('{"sentence": "a"}', "has lost its file")):
        file.write_text(text)
        answer = called(command)
        assert answer.returncode == ExitCode.USAGE and why in answer.stderr


def test_named_pipes_and_process_substitutions_are_read(joint: list[str], tmp_path: Path) -> None:
    expected = called(joint, LINES).stdout
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["sh", "-c", f"cat > {pipe}"], stdin=subprocess.PIPE, text=True) as cat:
        assert cat.stdin is not None
        cat.stdin.write(LINES)
        cat.stdin.close()
        assert called([*joint, str(pipe)]).stdout == expected
    file = tmp_path / "texts"
    file.write_text(LINES)
    assert called(["bash", "-c", f'"$@" <(cat {file})', "-", *joint]).stdout == expected


def test_tables_go_in_and_answers_come_in_a_file(joint: list[str], tmp_path: Path) -> None:
    table, answers = tmp_path / "texts.csv", tmp_path / "there" / "answers.tsv"
    table.write_text('idx,sentence\n7,"it was good, and\ngreat"\nx,\ny,it was bad\n')
    answer = called([*joint, str(table), "-o", str(answers)])
    assert (answer.returncode, answer.stdout) == (ExitCode.USAGE, "")
    assert answer.stderr == f"scalearn: {table}:4: 'sentence' is blank\n"
    assert list(answers.parent.iterdir()) == []

    answer = called([*joint, str(table), "--skip-bad", "-o", str(answers)])
    assert (answer.returncode, answer.stdout) == (ExitCode.OK, "")
    assert answer.stderr.splitlines() == [
        f"{table}:4: 'sentence' is blank",
        "1 of 3 rows are left out; the others are answered",
        f"wrote {answers}",
    ]
    with answers.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [list(row.values())[:2] for row in rows] == [["2", "7"], ["5", "y"]]
    assert list(rows[0]) == ["line", "idx", "labels", "probabilities"]
    assert isinstance(json.loads(rows[0]["labels"]), list) and len(json.loads(rows[0]["probabilities"])) > 1

    piped = called([*joint, "--format", "csv", "--skip-bad"], table.read_text())
    assert list(csv.reader(piped.stdout.splitlines())) == list(csv.reader(answers.read_text().splitlines(), delimiter="\t"))
