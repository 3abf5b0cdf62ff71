"""A method and a benchmark of an installed package, from the list of methods to the leaderboard, with real processes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.files.home import Home
from engine.plans.planner import make_plan, submit
from engine.plugins.home_catalog import load_catalog
from engine.registry.store import Store
from engine.runs.request import Request
from engine.worker_exit import WorkerExit
from tests.plugins.package import FILES, install, scalearn, uninstall
from tests.training.runs import work_on

BUDGET = ("--epochs", "1", "--limit", "train=32", "--limit", "test=16")


@pytest.fixture(autouse=True)
def installed(site: Path, home: Home) -> None:
    install(site)


def document(*arguments: str) -> Any:
    """What the command prints as JSON."""
    answer = scalearn(*arguments)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_a_run_of_an_installed_method_on_an_installed_benchmark(site: Path, tiny_backbone: Path, tmp_path: Path) -> None:
    methods = {info["name"]: info for info in document("methods", "--json")}
    assert methods["tiny-method"]["distribution"] == "tiny-pack 1.0" and methods["adapter"]["distribution"] is None
    assert "start" in methods["tiny-method"]["settings"]
    (listed,) = [info for info in document("benchmarks", "ls", "--json") if info["name"] == "tiny"]
    assert (listed["state"], listed["distribution"], listed["tasks"]) == ("installed", "tiny-pack 1.0", ["mood"])

    request = ("run", "-m", "tiny-method", "-t", "toy/question", "-t", "tiny/mood", "-b", str(tiny_backbone), *BUDGET)
    runs = document(*request, "--json")["runs"]
    assert [run["state"] for run in runs] == ["completed", "completed"]
    shown = document("show", runs[1]["id"], "--json")["run"]
    assert shown["spec"]["distribution"] == "tiny-pack 1.0" and "tiny/mood" in shown["spec"]["own"]
    assert shown["provenance"]["versions"]["tiny-pack"] == "1.0" and shown["transfer"] == 2 * 32

    board = ("leaderboard", "--format", "json")
    tables = {table["benchmark"]: table for table in document(*board)["tables"]}
    assert [row["title"] for row in tables["tiny"]["rows"]] == ["Tiny"] and "toy" in tables
    new = tmp_path / "new.jsonl"
    new.write_text('{"review": "it was good"}\n')
    assert document("predict", runs[1]["id"], str(new))["label"] in ("bad", "good")

    install(site, "1.1")
    planned = document(*request, "--dry-run", "--json")["runs"]
    assert {run["status"] for run in planned} == {"new"} and not {run["id"] for run in planned} & {run["id"] for run in runs}
    refused = scalearn("predict", runs[1]["id"], str(new))
    assert refused.returncode == 2 and len(refused.stderr.splitlines()) == 1
    assert "needs tiny-pack 1.0 for its method tiny-method; here it is that of tiny-pack 1.1" in refused.stderr
    tables = {table["benchmark"]: table for table in document(*board)["tables"]}
    assert tables["tiny"]["settings"]["distribution"] == "tiny-pack 1.0"

    uninstall(site)
    assert {run["id"] for run in document("ls", "--json")["runs"]} == {run["id"] for run in runs}
    assert "tiny" in {table["benchmark"] for table in document(*board)["tables"]}
    assert "no benchmark 'tiny'" in scalearn(*request).stderr


def test_a_queued_run_whose_method_is_not_installed_any_more(site: Path, store: Store, tiny_backbone: Path) -> None:
    request = Request(methods=("tiny-method",), targets=("toy/question",), backbone=str(tiny_backbone), epochs=1)
    (run_id,) = submit(make_plan(request, store, load_catalog(store.home)), store)
    uninstall(site)
    assert work_on(store, run_id) == WorkerExit.FAILED
    cause = store.find(run_id).cause
    assert cause == "the run needs tiny-pack 1.0 for its method tiny-method; install it again, or ask for a new run"
    install(site, files={**FILES, "method.py": "import nowhere"})
    store.requeue([run_id])
    assert work_on(store, run_id) == WorkerExit.FAILED and "No module named 'nowhere'" in (store.find(run_id).cause or "")


def test_a_joint_run_of_installed_tasks_keeps_the_benchmarks_name(site: Path, tiny_backbone: Path) -> None:
    two = FILES["benchmark.py"].replace("(MOOD,))", '(MOOD, replace(MOOD, name="tone", title="Tone")))')
    install(site, files={**FILES, "benchmark.py": "from dataclasses import replace\n" + two})
    request = (
        "run",
        "-m",
        "adapter-m",
        "--benchmark",
        "tiny",
        "-b",
        str(tiny_backbone),
        "--epochs",
        "1",
        "-s",
        "steps_per_epoch=2",
    )
    (run,) = document(*request, "--json")["runs"]
    assert (run["state"], run["target"]) == ("completed", "tiny")
    shown = document("show", run["id"], "--json")["run"]
    assert "distribution" not in shown["spec"] and shown["provenance"]["versions"]["tiny-pack"] == "1.0"


def test_parameters_of_installed_methods_are_counted(site: Path) -> None:
    counts = {record["name"]: record for record in document("methods", "--params", "--backbone", "minilm", "--json")}
    assert counts["tiny-method"]["transfer"] == 6 * 384
    install(site, files={**FILES, "shift.py": "import nowhere"})
    refused = scalearn("methods", "--params", "--backbone", "minilm")
    assert refused.returncode == 2 and "tiny-method of tiny-pack 1.0 cannot be built" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
