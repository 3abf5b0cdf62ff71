"""Users' own benchmarks through the command line: from a TOML file and tables to plans, records and mistakes in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.data.check_benchmark import checked
from engine.files.disk import file_digest
from engine.files.home import Home
from engine.own_benchmarks.declaration import read_declaration
from engine.own_benchmarks.stored import Stored, save
from engine.registry.records import RunState
from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode

from ..own_benchmarks.shop import MINIMAL, SHOP, write_shop
from ..reports.rows import PROVENANCE

Capture = pytest.CaptureFixture[str]
RUN = ["run", "--backbone", "minilm"]


@pytest.fixture
def shop(home: Home, tmp_path: Path) -> Path:
    """The TOML file of a benchmark that was added."""
    return add(home, write_shop(tmp_path / "shop"))


def add(home: Home, path: Path) -> Path:
    """What the command does, without the cost of a process."""
    save(home.benchmarks, Stored(checked(read_declaration(path)).benchmark, path, file_digest(path)))
    return path


def planned(capsys: Capture, *arguments: str) -> list[dict]:
    assert main([*RUN, "--dry-run", "--json", *arguments]) == ExitCode.OK
    return json.loads(capsys.readouterr().out)["runs"]


def test_adding_reports_what_the_files_hold(home: object, tmp_path: Path, capsys: Capture) -> None:
    path = write_shop(tmp_path)
    assert main(["benchmarks", "add", str(path)]) == ExitCode.OK
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "shop/mood  classification, train 28, dev 4, test 8; labels bad, good",
        "  words, median to longest: train 2 to 2, dev 2 to 2, test 2 to 2",
        "  train: bad 14, good 14",
        "  dev: bad 2, good 2",
        "  test: bad 4, good 4",
        "shop/stars  regression, train 22, dev 8, test 10",
        "  words, median to longest: train 5 to 5, dev 5 to 5, test 5 to 5",
        "shop/next  multiple choice, train 36, dev 4, test 4; labels 0, 1, 2",
        "  words, median to longest: train 6 to 6, dev 6 to 6, test 6 to 6",
        "  train: 0 12, 1 12, 2 12",
        "  dev: 0 2, 1 1, 2 1",
        "  test: 0 2, 1 1, 2 1",
        "shop/topics  multilabel, train 40, dev 6, test 5; labels food, music",
        "  words, median to longest: train 2 to 2, dev 2 to 2, test 2 to 2",
        "  train: food 27, music 13",
        "  dev: food 4, music 2",
        "  test: food 3, music 1",
    ]
    advice = "have their text in train; remove them from one file"
    assert err.splitlines() == [
        f"notice: {tmp_path}/next_test.jsonl:1: shop/next: 3 of 4 test rows {advice}",
        f"notice: {tmp_path}/topics_dev.csv:2: shop/topics: 6 of 6 dev rows {advice}",
        f"notice: {tmp_path}/topics_test.jsonl:1: shop/topics: 5 of 5 test rows {advice}",
        "added shop; next: scalearn run --method scalearn++ --target shop/mood --backbone minilm",
    ]


def test_it_is_listed_beside_the_built_in_ones(shop: Path, capsys: Capture) -> None:
    def listed() -> list[dict]:
        assert main(["benchmarks", "ls", "--json"]) == ExitCode.OK
        return json.loads(capsys.readouterr().out)

    tasks = ["mood", "stars", "next", "topics"]
    assert [benchmark["name"] for benchmark in listed()][-2:] == ["toy", "shop"]
    about = {"name": "shop", "title": "shop", "tasks": tasks, "declaration": str(shop), "datasets": {}, "distribution": None}
    assert listed()[-1] == {**about, "state": "added"}
    shop.write_text(SHOP.replace("{review}", "So {review}"))
    assert listed()[-1]["state"] == "edited since it was added"
    assert main(["benchmarks"]) == ExitCode.OK
    assert "edited since it was added" in capsys.readouterr().out
    assert main(["tasks", "--benchmark", "shop", "--json"]) == ExitCode.OK
    tasks = json.loads(capsys.readouterr().out)
    assert [(task["name"], task["sizes"]["train"]) for task in tasks] == [
        ("mood", 28),
        ("stars", 22),
        ("next", 36),
        ("topics", 40),
    ]


def test_titles_are_shown_as_they_are_written(home: Home, tmp_path: Path, capsys: Capture) -> None:
    title = "[/red] [bold]x :smile:"
    add(home, write_shop(tmp_path, MINIMAL.replace("\n\n", f'\ntitle = "{title}"\n\n', 1) + f'title = "{title}"\n'))
    for command in (["benchmarks"], ["tasks", "--benchmark", "shop"]):
        assert main(command) == ExitCode.OK
        assert title in capsys.readouterr().out


def test_it_can_be_requested_in_every_way(shop: Path, capsys: Capture) -> None:
    def keys(*arguments: str) -> list[list[str]]:
        return [run["spec"]["targets"] for run in planned(capsys, *arguments)]

    every = ["shop/mood", "shop/stars", "shop/next", "shop/topics"]
    assert keys("-m", "adapter", "-t", "stars") == [["shop/stars"]]
    assert keys("-m", "adapter", "--benchmark", "shop") == [[key] for key in every]
    assert keys("-m", "pals", "--benchmark", "Shop") == [every]
    assert keys("-m", "scalearn", "-t", "shop/mood") == [
        ["shop/stars"],
        ["shop/next"],
        ["shop/topics"],
        ["shop/mood"],
        ["shop/mood"],
    ]
    assert keys("-m", "scalearn", "-t", "shop/mood", "--sources", "toy/question,stars", "--shots", "4") == [
        ["toy/question"], ["shop/stars"], ["shop/mood"],
    ]  # fmt: skip


def test_a_run_is_identified_by_contents_and_definition(shop: Path, home: Home, tmp_path: Path, capsys: Capture) -> None:
    def run_id() -> str:
        return planned(capsys, "-m", "adapter", "-t", "shop/mood")[0]["id"]

    def added(path: Path) -> str:
        add(home, path)
        return run_id()

    first = run_id()
    assert added(write_shop(tmp_path / "elsewhere")) == first, "where the files lie changes nothing"
    changes = [
        ("{review}", "So {review}"),
        ("test = 0.2", "test = 0.2\ndev = 0.2"),
        ("test = 0.2", "test = 0.3"),
        ("test = 0.2", 'test = 0.2\nlabels = ["good", "bad"]'),
        ("test = 0.2", "test = 0.2\nmax_length = 64"),
    ]
    changed = [added(write_shop(tmp_path / "shop", SHOP.replace(*change, 1))) for change in changes]
    assert len({first, *changed}) == 1 + len(changes)
    metrics = 'test = 0.2\nmetrics = ["accuracy", "matthews"]'
    assert added(write_shop(tmp_path / "shop", SHOP.replace("test = 0.2", metrics, 1))) == first
    assert added(write_shop(tmp_path / "shop")) == first
    with (tmp_path / "shop" / "reviews.csv").open("a") as file:
        file.write("one more,good\n")
    assert run_id() != first, "an edited table is seen without being added again"


MALFORMED = [
    ("reviews_test.csv", "five,good", "five,gooood", 'reviews_test.csv:3: column "label": "gooood" is not one of bad, good'),
    ("reviews.csv", "two,bad", "two", "reviews.csv:4: 1 cell, but the header names 2 columns"),
    ("reviews.csv", "two,bad", " ,bad", 'reviews.csv:4: column "review" is empty; fill the cell or drop the row'),
    ("reviews.csv", "review,label", "text,label", "reviews.csv has no column 'review'; it has text, label"),
    ("reviews.csv", "two,bad", '"two,bad', "reviews.csv:4: the quotes of this row do not match"),
    ("stars.tsv", "b\t2", "b\tinf", 'stars.tsv:3: column "stars" must hold finite numbers, not "inf"'),
    ("next.jsonl", '"b", "c"], "label": 0', '"b"], "label": 0', 'next.jsonl:2: column "ends" must hold a list of 3 options'),
    ("next.jsonl", '"start": "y"', '"start" "y"', "next.jsonl:2: not valid JSON at character 10: Expecting ':' delimiter"),
    ("shop.toml", "max_length = 64", "max_lenght = 64", "unknown key tasks.mood.max_lenght; did you mean max_length?"),
    ("shop.toml", "max_length = 64", 'max_length = "64"', 'must be a whole number of tokens from 8 to 512, not "64"'),
    ("shop.toml", 'train = "reviews.csv"', "", "shop.toml: tasks.mood lacks the key train"),
    ("shop.toml", "reviews.csv", "review.csv", "review.csv, which is missing"),
    ("shop.toml", "[tasks.stars]", "[tasks.mood]", "shop.toml:9: not valid TOML: Cannot declare ('tasks', 'mood') twice"),
    ("shop.toml", '"{review}"', '"{reviw}"', "reviews.csv has no column 'reviw'; it has review, label"),
    ("shop.toml", "max_length = 64", 'metrics = "f2"', "shop/mood cannot have the metric 'f2'; there are accuracy, f1"),
    ("shop.toml", 'name = "shop"', 'name = "super-glue"', "the name 'super-glue' is that of a built-in benchmark, superglue"),
]  # fmt: skip
TABLES = {
    "reviews.csv": "review,label\nnone,bad\none,good\ntwo,bad\n" + "three,good\nfour,bad\n" * 10,
    "reviews_test.csv": "review,label\nfour,bad\nfive,good\n",
    "stars.tsv": "title\tstars\na\t1\nb\t2\n" + "c\t3\n" * 20,
    "next.jsonl": '{"start": "x", "ends": ["a", "b", "c"], "label": 2}\n'
    + '{"start": "y", "ends": ["a", "b", "c"], "label": 0}\n' * 20,
    "shop.toml": MINIMAL.replace("0.2", '"reviews_test.csv"') + "max_length = 64\n" + """
[tasks.stars]
kind = "regression"
train = "stars.tsv"
test = 0.2
text = "{title}"
label = "stars"

[tasks.next]
kind = "multiple_choice"
train = "next.jsonl"
test = 0.2
text = "{start}"
options = "{ends}"
labels = ["A", "B", "C"]
""",
}  # fmt: skip


@pytest.fixture
def tables(home: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of which the test spoils one, in the working directory."""
    monkeypatch.chdir(tmp_path)
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_tables_are_fine_before_they_are_spoiled(tables: Path) -> None:
    assert main(["benchmarks", "add", "shop.toml"]) == ExitCode.OK


@pytest.mark.parametrize(("name", "old", "new", "message"), MALFORMED, ids=[case[3][:50] for case in MALFORMED])
def test_mistakes_are_one_line_and_store_nothing(
    name: str, old: str, new: str, message: str, tables: Path, store: Store, capsys: Capture
) -> None:
    assert old in TABLES[name]
    (tables / name).write_text(TABLES[name].replace(old, new, 1))
    assert main(["benchmarks", "add", "shop.toml"]) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == "" and message in err
    assert err.startswith("scalearn: ") and len(err.splitlines()) == 1
    assert not store.home.benchmarks.exists()


def test_a_library_of_the_working_directory_is_not_taken_for_ours(tables: Path) -> None:
    (tables / "csv.py").write_text("raise SystemExit('a stranger')")
    assert main(["benchmarks", "add", "shop.toml"]) == ExitCode.OK
    assert main(["data", "fetch", "shop"]) == main(["data", "ls"]) == ExitCode.OK


def test_removing_leaves_its_runs_to_be_seen(shop: Path, store: Store, supervised: None, capsys: Capture) -> None:
    assert main([*RUN, "-m", "scalearn", "-t", "shop/mood", "--sources", "shop/mood", "--detach"]) == ExitCode.OK
    assert main([*RUN, "-m", "adapter-m", "--benchmark", "shop", "--detach"]) == ExitCode.OK
    for run in reversed(store.runs()):
        attempt = store.claim(run.id, "local", "cpu")
        assert attempt is not None
        store.started(run.id, attempt)
        numbers = {"accuracy": 0.8, "pearson": 0.7, "macro_f1": 0.6}
        results = {task: {"test": numbers} for task in run.tasks}
        store.finish(run.id, attempt, RunState.COMPLETED, results=results, provenance=PROVENANCE)
    capsys.readouterr()
    before = leaderboard(capsys)
    assert "mood" in before and "80.00 (1)" in before
    assert main(["benchmarks", "remove", "Shop"]) == ExitCode.OK
    assert "removed Shop; its runs stay" in capsys.readouterr().err
    assert sorted(leaderboard(capsys).split()) == sorted(before.split()), "only the order of the columns may differ"
    assert main(["ls"]) == main(["show", "@1"]) == main(["show", "@1", "--json"]) == ExitCode.OK
    for target, count in (("shop/mood", 3), ("MOOD", 3), ("shop/stars", 1)):
        capsys.readouterr()
        assert main(["ls", "--target", target, "--json"]) == ExitCode.OK
        assert len(json.loads(capsys.readouterr().out)["runs"]) == count
    assert main(["ls", "--target", "shop/mood", "--state", "failed"]) == ExitCode.NOTHING_MATCHED
    assert main(["ls", "--target", "shop/moods"]) == ExitCode.USAGE
    capsys.readouterr()
    assert main([*RUN, "-m", "adapter", "-t", "shop/mood", "--dry-run"]) == ExitCode.USAGE
    assert "no benchmark 'shop'" in capsys.readouterr().err
    # A table that lost a task shows it as long as there are runs of it.
    add(store.home, write_shop(shop.parent, MINIMAL))
    assert "stars" in leaderboard(capsys)


def leaderboard(capsys: Capture) -> str:
    assert main(["leaderboard", "--benchmark", "shop"]) == ExitCode.OK
    return capsys.readouterr().out


def test_only_what_was_added_can_be_removed(shop: Path, capsys: Capture) -> None:
    assert main(["benchmarks", "remove", "glue"]) == ExitCode.USAGE
    assert capsys.readouterr().err == "scalearn: glue is built in; only benchmarks that were added can be removed\n"
    assert main(["benchmarks", "remove", "shopp"]) == ExitCode.USAGE
    assert capsys.readouterr().err == "scalearn: no benchmark 'shopp' was added (did you mean shop?); there are shop\n"


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"declaration": "x", "sha256": "y", "benchmark": {"name": "shop"}}'])
def test_a_broken_one_breaks_nothing_else(content: str, shop: Path, store: Store, capsys: Capture) -> None:
    (store.home.benchmarks / "shop.json").write_text(content)
    assert main(["tasks"]) == main(["ls"]) == main(["benchmarks", "ls"]) == ExitCode.OK
    assert "cannot be read" in capsys.readouterr().out
    for command in (["tasks", "--benchmark", "shop"], [*RUN, "-m", "adapter", "-t", "shop/mood", "--dry-run"]):
        assert main(command) == ExitCode.USAGE
        assert "the benchmark shop cannot be read from" in capsys.readouterr().err
    assert main(["benchmarks", "add", str(shop)]) == main(["tasks", "--benchmark", "shop"]) == ExitCode.OK
    (store.home.benchmarks / "shop.json").write_text(content)
    assert main(["benchmarks", "remove", "shop"]) == ExitCode.OK
    assert list(store.home.benchmarks.iterdir()) == []


def test_completion_offers_it(shop: Path) -> None:
    import os

    environment = {"_SCALEARN_COMPLETE": "complete_bash", "COMP_WORDS": "scalearn run --target shop/", "COMP_CWORD": "3"}
    command = [sys.executable, "-m", "scalearn_tui"]
    answer = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=True, timeout=60)
    assert answer.stdout.split() == ["shop/mood", "shop/stars", "shop/next", "shop/topics"]
