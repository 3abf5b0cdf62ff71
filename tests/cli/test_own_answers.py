"""``predict --split``: what a run answered on its own rows, from its evidence, without its model."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.plans.planner import make_plan, submit
from engine.registry.store import Store
from engine.runs.request import Request
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.data.folders import part
from tests.material import DATA_DIR
from tests.reports.rows import complete, spec
from tests.training.runs import trained

LIMITS = {"train": 16, "dev": 8, "test": 24}
Capture = pytest.CaptureFixture[str]


def train(store: Store, **fields: Any) -> str:
    request = Request(**{"epochs": 1, "limits": LIMITS, **fields})
    (run_id,) = submit(make_plan(request, store, BUILT_IN), store)
    return trained(store, run_id).id


def answered(capsys: Capture, *arguments: str) -> list[dict[str, Any]]:
    assert main(["predict", *arguments]) == ExitCode.OK
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_answers_of_a_joint_run_stand_beside_gold_labels(store: Store, tiny_backbone: Path, capsys: Capture) -> None:
    targets = ("toy/question", "toy/topics", "toy/similarity", "toy/choice")
    run_id = train(store, methods=("adapter-m",), targets=targets, backbone=str(tiny_backbone), settings={"steps_per_epoch": 4})
    store.home.checkpoint(run_id, "best").unlink()
    results = store.results([run_id])[run_id]
    for name, split in (("question", "test"), ("choice", "dev")):
        rows = answered(capsys, run_id, "--task", name, "--split", split)
        assert {len(row["row_id"]) for row in rows} == {32} and len({row["row_id"] for row in rows}) == len(rows)
        right = sum(row["label"] == row["gold"] for row in rows) / len(rows)
        assert right == pytest.approx(results[f"toy/{name}"][split]["accuracy"])
    topics = answered(capsys, run_id, "--task", "topics", "--split", "test")
    assert all(set(row["gold"]) <= set(BUILT_IN.tasks["toy/topics"].labels) for row in topics)
    assert {type(row["gold"]) for row in answered(capsys, run_id, "--task", "similarity", "--split", "test")} == {float}


def test_answers_come_in_a_file(store: Store, tiny_backbone: Path, tmp_path: Path, capsys: Capture) -> None:
    run_id = train(store, methods=("adapter",), targets=("toy/question",), backbone=str(tiny_backbone))
    lines = answered(capsys, run_id, "--split", "test")
    for name in ("answers.csv", "answers.jsonl"):
        assert main(["predict", run_id, "--split", "test", "--output", str(tmp_path / name)]) == ExitCode.OK
        assert capsys.readouterr() == ("", f"wrote {tmp_path / name}\n")
    assert [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()] == lines
    with (tmp_path / "answers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["row_id"], row["label"], row["gold"]) for row in rows] == [
        (line["row_id"], line["label"], line["gold"]) for line in lines
    ]


def test_of_a_ranking_the_chosen_candidates(store: Store, tiny_backbone: Path, tmp_path: Path, capsys: Capture) -> None:
    part(DATA_DIR, tmp_path, "super_glue/record", train=200, validation=20)
    run_id = train(
        store, methods=("adapter",), targets=("superglue/record",), backbone=str(tiny_backbone), data_dir=tmp_path,
    )  # fmt: skip
    rows = answered(capsys, run_id, "--split", "test")
    results = store.results([run_id])[run_id]["superglue/record"]["test"]
    for metric in ("f1", "exact_match"):
        assert sum(row[metric] for row in rows) / len(rows) == pytest.approx(results[metric])


def test_what_was_not_kept_is_said(store: Store, tiny_backbone: Path, capsys: Capture) -> None:
    old = complete(store, spec("adapter", "glue/rte"), 0.5)
    run_id = train(store, methods=("adapter",), targets=("toy/question",), backbone=str(tiny_backbone))
    for arguments, why in (
        ((old.run_id, "--split", "test"), "is of a version that kept no answers; train it again after"),
        ((run_id, "--split", "tets"), "kept no answers on tets of toy/question (did you mean test?); it did on dev, test"),
        ((run_id, "--split", "train"), "kept no answers on train of toy/question; it did on dev, test"),
        ((run_id, "texts.jsonl", "--split", "test"), "--split reads no texts; leave out FILE, "),
    ):
        assert main(["predict", *arguments]) == ExitCode.USAGE
        out, err = capsys.readouterr()
        assert out == "" and len(err.splitlines()) == 1 and why in err
