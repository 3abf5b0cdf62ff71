"""``predict`` as a user calls it: what is refused before anything is loaded, and pipes of real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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
        (single.run_id, str(tmp_path)): "is not a file",
        (single.run_id, "-", "--task", "rte"): "--task rte is no task of run",
        (joint.run_id,): "learned several tasks; name one with --task: glue/rte, superglue/rte, glue/cola",
        (joint.run_id, "--task", "rte"): "--task rte is ambiguous of run",
        (single.run_id,): f"run {single.run_id} has lost its file",
    }
    for arguments, why in refusals.items():
        assert main(["predict", *arguments]) == ExitCode.USAGE
        out, err = capsys.readouterr()
        assert out == "" and len(err.splitlines()) == 1 and why in err


def test_lines_go_through_a_pipe(store: Store, tiny_backbone: Path) -> None:
    request = Request(
        methods=("adapter-m",), targets=("toy/sentiment", "toy/topics"), backbone=str(tiny_backbone), epochs=1,
        limits={"train": 16, "dev": 8, "test": 8}, settings={"steps_per_epoch": 2},
    )  # fmt: skip
    (run_id,) = submit(make_plan(request, store, BUILT_IN), store)
    trained(store, run_id)
    command = [sys.executable, "-m", "scalearn_tui", "predict", "@1", "--task", "topics"]
    lines = '{"sentence": "it was good", "idx": 7}\n{"sentence": "it was bad"}\n'
    answer = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=300, check=False)
    assert (answer.returncode, answer.stderr) == (ExitCode.OK, "")
    first, second = map(json.loads, answer.stdout.splitlines())
    assert first.pop("idx") == 7 and list(first) == list(second) == ["labels", "probabilities"]
    answer = subprocess.run(command, input=lines + "{\n", capture_output=True, text=True, timeout=300, check=False)
    assert (answer.returncode, answer.stdout) == (ExitCode.USAGE, "")
    assert answer.stderr == "scalearn: stdin:3: this is not JSON; write one object on each line\n"
