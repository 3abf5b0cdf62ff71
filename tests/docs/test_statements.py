"""What the pages state in words about defaults, names, codes and keys is what the program has."""

from __future__ import annotations

import re

import pytest
import typer

from engine.catalog.catalog import BUILT_IN
from engine.catalog.defaults import DEFAULT_BACKBONE, DEFAULT_METHOD
from engine.reports.figures.kinds import KINDS
from scalearn_tui.cli.app import app
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.dashboard.actions import ACTIONS
from scalearn_tui.dashboard.widgets.grid import Grid
from tests.docs.pages import GUIDE, REFERENCE, ROOT

README = (ROOT / "README.md").read_text()
DOCS = ROOT / "docs"
SOURCES = "".join(path.read_text() for room in ("engine", "scalearn_tui") for path in sorted((ROOT / room).rglob("*.py")))
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
ODD_ENGLISH = (
    "given away", "told by name", "without a word", "be rid of", "is given up", "was given up",
    "as many of each class as of any other", "is told", "are told",
)  # fmt: skip


def test_the_readme_names_the_defaults() -> None:
    assert f"trains the method `{DEFAULT_METHOD}` on the backbone `{DEFAULT_BACKBONE}` with seed 0" in README


def test_the_readme_lists_every_exit_code_and_variable() -> None:
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)] == [int(code) for code in ExitCode]
    read = set(re.findall(r"environ(?:\.get\(|\[)\"(\w+)\"", SOURCES))
    assert {"SCALEARN_HOME", "SCALEARN_DB", "CUDA_VISIBLE_DEVICES"} <= read
    assert {name for name in read if f"`{name}`" not in README} == set()


def test_the_built_in_benchmark_has_as_many_tasks_and_kinds_as_the_page_says() -> None:
    tasks = BUILT_IN.benchmarks["toy"].tasks
    kinds = {task.kind for task in tasks}
    assert f"{NUMBERS[len(tasks)]} small tasks of {NUMBERS[len(kinds)]} kinds" in (DOCS / "data.md").read_text()
    assert f"| `toy` | {len(tasks)} |" in (DOCS / "data.md").read_text()


def test_selection_is_described_as_it_is() -> None:
    by = {name: {task.select_by for task in BUILT_IN.benchmarks[name].tasks} for name in ("glue", "superglue", "humset", "toy")}
    assert by == {"glue": {"loss"}, "superglue": {"loss"}, "humset": {"metric"}, "toy": {"metric"}}
    joint = [method for method in BUILT_IN.methods.values() if method.joint]
    assert joint and {method.defaults["select_by"] for method in joint} == {"metric"}
    page = " ".join((DOCS / "runs.md").read_text().split())
    assert "on GLUE and SuperGLUE the one with the lowest dev loss" in page
    assert "on HumSet and the built-in benchmark, and for joint methods, the one with the best headline metric" in page


def test_all_commands_are_in_the_changelog() -> None:
    listed = re.findall(r"^- (?:New c|C)ommands: (.*?)^(?=- |$)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE | re.DOTALL)
    assert set(typer.main.get_command(app).commands) == set(re.findall(r"`(\w+)[ `]", " ".join(listed)))  # type: ignore[attr-defined]


def test_the_dashboards_page_has_every_key_of_the_list_of_runs() -> None:
    page = (DOCS / "dashboard.md").read_text()
    keys = {action.shown_key({}) for action in ACTIONS} | {key for binding in Grid.BINDINGS for key in binding.key.split(",")}  # type: ignore[union-attr]
    written = page.lower().replace("arrow keys", "`up` `down`")
    assert len(keys) > 10 and {key for key in keys if f"`{key.lower()}`" not in written} == set()


def test_the_messages_that_the_trouble_page_explains_exist() -> None:
    page = (DOCS / "troubleshooting.md").read_text()
    cells = [line.split(" | ")[0] for line in page.splitlines() if line.startswith("| ")]
    quoted = {part for cell in cells for text in re.findall(r"`([^`]+)`", cell) for part in text.split(", and ")}
    assert len(quoted) > 8
    assert {text for text in quoted if text.removesuffix(" nan") not in SOURCES} == set()


@pytest.mark.parametrize("page", [*GUIDE, REFERENCE, ROOT / "CHANGELOG.md"], ids=lambda page: page.name)
def test_pages_have_no_ids_of_their_author_and_no_odd_english(page: object) -> None:
    text = page.read_text()  # type: ignore[attr-defined]
    ids = [word for word in re.findall(r"\b[0-9a-f]{10}\b", text) if not word.isdigit()]
    assert ids == []
    assert [phrase for phrase in ODD_ENGLISH if phrase in " ".join(text.split())] == []


def test_all_kinds_of_figures_are_described() -> None:
    page = (DOCS / "figures.md").read_text()
    assert set(re.findall(r"^\| `([\w-]+)`[ ,]", page, re.MULTILINE)) == set(KINDS)
