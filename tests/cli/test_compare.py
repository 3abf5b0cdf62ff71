"""``compare`` and ``leaderboard --against`` on a real home: what is tested, what is refused, and why."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.files.home import Home
from engine.registry.store import Store, open_store
from engine.reports.significance.tests import TESTS
from scalearn_tui.cli.app import main
from scalearn_tui.cli.compare import TestName as Names
from tests.reports.answered import answer, answer_all, answers, examples
from tests.reports.rows import complete, spec

SST2, STSB, RTE = "glue/sst2", "glue/stsb", "glue/rte"
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of two methods on two tasks, with two seeds."""
    root = tmp_path_factory.mktemp("prepared") / "home"
    with closing(open_store(Home(root))) as store:
        answer_all(store, {"adapter": 1.0, "ia3": 2.2}, [SST2, STSB], 2, 90)
    return root


@pytest.fixture
def compared(prepared: Path, home: Home) -> Store:
    """A copy of it."""
    shutil.copytree(prepared, home.root)
    return open_store(home)


def refusal(capsys: Capture, *arguments: str) -> str:
    assert main(["compare", *arguments]) == 2
    out, err = capsys.readouterr()
    assert not out and len(err.splitlines()) == 1
    return err


def test_two_methods(compared: Store, capsys: Capture) -> None:
    assert main(["compare", "adapter", "method:ia3", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (first, second), average = document["tasks"], document["average"]
    assert [first["task"], second["task"], average["task"]] == [SST2, STSB, "average"]
    assert first["difference"]["generalises_to"] == "new seeds and new examples"
    assert first["difference"]["verdict"] == "worse" and first["difference"]["test"] == "crossed t"
    assert first["difference"]["adjusted"] >= first["difference"]["p"] and first["difference"]["family"] == 2
    results = compared.results(first["a"]["runs"])
    assert first["a"]["values"] == pytest.approx([100 * results[run][SST2]["test"]["accuracy"] for run in first["a"]["runs"]])
    means = [(task["a"]["mean"], task["b"]["mean"]) for task in (first, second)]
    assert average["difference"]["difference"] == pytest.approx(sum(a - b for a, b in means) / 2)


def test_what_is_printed(compared: Store, capsys: Capture) -> None:
    assert main(["compare", "adapter", "ia3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        "task",
        "metric",
        "A",
        "B",
        "A",
        "-",
        "B",
        "95%",
        "interval",
        "p",
        "Holm",
        "p",
        "A",
        "is",
        "test",
    ]
    assert [line.split()[0] for line in lines[1:4]] == [SST2, STSB, "average"]
    assert "claims      crossed t generalises to new seeds and new examples" in lines
    assert "correction  Holm over 2 tasks, the average apart" in lines


def test_two_runs_are_two_models(compared: Store, capsys: Capture) -> None:
    ours, theirs = (compared.runs(method=method, target=SST2)[0].id for method in ("adapter", "ia3"))
    assert main(["compare", ours, theirs, "--json"]) == 0
    (task,) = json.loads(capsys.readouterr().out)["tasks"]
    assert (task["difference"]["test"], task["difference"]["claim"]) == ("McNemar mid-p", "models")
    assert task["discordant"][0] < task["discordant"][1]
    only_first, only_second = task["discordant"]
    assert 100 * (only_first - only_second) / 90 == pytest.approx(task["difference"]["difference"])
    assert main(["compare", ours, theirs]) == 0
    assert f"{SST2}: only A right on {only_first}, only B on {only_second}" in capsys.readouterr().out


@pytest.mark.parametrize("test", [name for name in TESTS if name != "mcnemar"])
def test_every_test_can_be_asked_for(test: str, compared: Store, capsys: Capture) -> None:
    assert main(["compare", "adapter", "ia3", "-t", "sst2", "--test", test, "--json"]) == 0
    (task,) = json.loads(capsys.readouterr().out)["tasks"]
    if test == "sign-flip":
        assert task["difference"] is None and task["why_not"].startswith("n/a: it needs 6 to 20 seeds")
    else:
        assert task["difference"]["test"] == TESTS[test].title


def test_the_tests_that_can_be_named_are_those_there_are() -> None:
    assert [str(name) for name in Names] == list(TESTS)


def test_another_metric(compared: Store, capsys: Capture) -> None:
    assert main(["compare", "adapter", "ia3", "--metric", "spearman", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [task["task"] for task in document["tasks"]] == [STSB] and document["average"] is None
    assert "no metric 'spearmann' (did you mean spearman?)" in refusal(capsys, "adapter", "ia3", "--metric", "spearmann")


def test_examples_that_differ(compared: Store, capsys: Capture) -> None:
    task, rows = BUILT_IN.tasks[SST2], examples(BUILT_IN.tasks[SST2], 60)
    answer(compared, spec("lora", SST2, backbone="minilm"), {SST2: answers(task, rows, 1.0, 5)}, {SST2: rows})
    assert "(90 and 60); --common compares all runs on the" in refusal(capsys, "adapter", "lora")
    assert main(["compare", "adapter", "lora", "--common"]) == 0
    assert "left out that not all answered" in capsys.readouterr().out


def test_missing_answers_name_the_runs_and_the_way_on(compared: Store, capsys: Capture) -> None:
    run = complete(compared, spec("lora", SST2, backbone="minilm"), 0.9).run_id
    said = refusal(capsys, "adapter", "lora")
    assert f"run {run} is of a version that kept no answers; train it again after `scalearn delete {run}`" in said
    assert "kept no answers on dev of glue/sst2; it did on test" in refusal(capsys, "adapter", "ia3", "--split", "dev")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["adapter", "adapter"], "both sides have the same runs on glue/sst2"),
        (["adapter", "adaptor"], "did you mean adapter?"),
        (["adapter", "lora"], "no completed run is meant by 'lora'"),
        (["adapter", "method:ia3 seed:9"], "no completed run is meant by 'method:ia3 seed:9'"),
        (["adapter", "@99"], "no run @99"),
        (["adapter", "ia3", "-t", "rte"], "no completed run is meant by 'adapter'"),
        (["adapter", "ia3", "--benchmark", "gleu"], "no benchmark 'gleu' (did you mean glue?)"),
        (["method:adapter target:glue/sst2", "method:ia3 target:glue/stsb"], "no task in common"),
    ],
)
def test_what_is_refused(arguments: list[str], said: str, compared: Store, capsys: Capture) -> None:
    assert said in refusal(capsys, *arguments)


def test_a_side_is_one_configuration(compared: Store, capsys: Capture) -> None:
    task, rows = BUILT_IN.tasks[SST2], examples(BUILT_IN.tasks[SST2], 90)
    other = spec("adapter", SST2, backbone="minilm", learning_rate=0.005)
    answer(compared, other, {SST2: answers(task, rows, 1.0, 5)}, {SST2: rows})
    assert "'adapter' means 2 configurations on glue/sst2" in refusal(capsys, "adapter", "ia3")
    assert main(["compare", "method:adapter lr:0.005", "ia3"]) == 0
    assert "not compared  glue/stsb: only one side has runs" in capsys.readouterr().out


def test_the_leaderboard_against_a_row(compared: Store, capsys: Capture) -> None:
    assert main(["leaderboard", "--against", "adapter"]) == 0
    out = capsys.readouterr().out
    assert "(2) ↑" in out and "over 1 for ↑ better, ↓ worse, = tied than Adapter" in out
    assert main(["leaderboard"]) == 0
    assert "tests" not in capsys.readouterr().out
    assert main(["leaderboard", "--against", "adaptor"]) == 2
    assert "no row 'adaptor' (did you mean Adapter?)" in capsys.readouterr().err


def test_documents_always_carry_the_tests(compared: Store, capsys: Capture) -> None:
    assert main(["leaderboard", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["tables"][0]["rows"]
    standings = [cell["standing"] for row in rows if row["origin"] == "measured" for cell in row["cells"].values()]
    assert [standing["bold"] for standing in standings].count(True) == 2
    assert all(standing["low"] < standing["high"] for standing in standings)
