"""``scalearn tasks``: what can be named, for people and for programs."""

from __future__ import annotations

import json

import pytest

from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode

KINDS = {"classification", "regression", "multiple_choice", "multilabel", "entity_ranking"}


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict]:
    assert main(["tasks", "--json", *arguments]) == ExitCode.OK
    return json.loads(capsys.readouterr().out)


def test_all_tasks_are_listed_once(capsys: pytest.CaptureFixture[str]) -> None:
    tasks = listed(capsys)
    assert [{task["benchmark"] for task in tasks[start:stop]} for start, stop in ((0, 8), (8, 16), (16, 21))] == [
        {"glue"}, {"superglue"}, {"humset"},
    ]  # fmt: skip
    assert len({(task["benchmark"], task["name"]) for task in tasks}) == len(tasks)
    for task in tasks:
        assert list(task) == ["benchmark", "name", "kind", "labels", "metrics", "max_length", "sizes"]
        assert task["kind"] in KINDS and list(task["sizes"]) == ["train", "dev", "test"]
        assert all(isinstance(size, int) for size in task["sizes"].values())
    assert {task["kind"] for task in tasks} == KINDS


def test_a_union_of_benchmarks_lists_the_tasks_of_its_parts(capsys: pytest.CaptureFixture[str]) -> None:
    tasks = listed(capsys, "--benchmark", "gsg")
    assert [task["benchmark"] for task in tasks] == ["glue"] * 8 + ["superglue"] * 7
    assert main(["tasks", "--benchmark", "gsg"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "superglue/boolq" in shown and "glue/rte" in shown and "superglue/rte" not in shown


def test_the_table_shows_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "--benchmark", "humset"]) == ExitCode.OK
    line = next(line for line in capsys.readouterr().out.splitlines() if "subpillars_1d" in line)
    assert line.split()[-4:] == ["117,435", "16,039", "15,147", "128"] and " 33 " in line


def test_methods_say_which_defaults_a_benchmark_or_a_task_replaces(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "--json"]) == ExitCode.OK
    by_name = {method["name"]: method["changed_defaults"] for method in json.loads(capsys.readouterr().out)}
    toy = {"epochs": 8, "patience": 3}
    assert by_name["scalearn"] == {
        "superglue/record": {"epochs": 3},
        "humset": {"select_by": "metric"},
        "toy": {**toy, "select_by": "metric"},
        "toy/claim": {"epochs": 60, "patience": 20},
    }
    assert by_name["adapter-m"] == {
        "toy": {**toy, "learning_rate": 0.001, "steps_per_epoch": 60},
        "toy/claim": {"epochs": 60, "patience": 20},
    }
    assert main(["methods"]) == ExitCode.OK
    _, _, changes = capsys.readouterr().out.partition("its defaults")
    lines = [line.split() for line in changes.splitlines()]
    assert ["toy", "epochs=8", "patience=3", "all"] in lines and ["toy", "steps_per_epoch=60", "all", "joint"] in lines
    assert ["superglue/record", "epochs=3", "all", "two-stage,", "ia3"] in lines
