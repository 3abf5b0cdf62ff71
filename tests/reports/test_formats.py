"""The formats, compared with files beside this one. ``REWRITE=1 pytest tests/reports`` writes them anew."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.reports.formats.csv import to_csv, to_csv_long
from engine.reports.formats.html import to_html
from engine.reports.formats.json import to_json
from engine.reports.formats.latex import to_latex
from engine.reports.formats.markdown import to_markdown
from engine.reports.leaderboard import build
from engine.reports.table import Difference, Leaderboard, Standing

from .rows import complete, spec, start

EXPECTED = Path(__file__).parent / "expected"
BOOLQ, RTE = "superglue/boolq", "superglue/rte"


@pytest.fixture
def leaderboard(store: Store) -> Leaderboard:
    """Adapters with two seeds, ScaLearn++ in two configurations, one of them without RTE; and a table of another kind."""
    complete(store, spec("adapter", BOOLQ, 1), 0.7, 1_487_042, 894_528)
    sources = [complete(store, spec("adapter", key), 0.6, 1_487_042, 894_528) for key in (BOOLQ, RTE)]
    two_stage = {"trainable": 598_274, "transfer": 6_144}
    complete(store, spec("scalearn++", BOOLQ, sources=sources), 0.7625, **two_stage)
    complete(store, spec("scalearn++", RTE, sources=sources), 0.7725, **two_stage)
    complete(store, spec("scalearn++", BOOLQ, sources=sources, learning_rate=3e-3), 0.7655, **two_stage)
    complete(store, spec("full-ft", "toy/similarity", backbone="minilm", epochs=3), 0.81, 22_713_601, 22_565_376)
    return build(store, BUILT_IN, at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))


@pytest.mark.parametrize(
    ("name", "export"),
    [
        ("board.md", to_markdown),
        ("board.tex", to_latex),
        ("board.csv", to_csv),
        ("board-long.csv", to_csv_long),
        ("board.json", to_json),
    ],
)
def test_export_is_as_expected(leaderboard: Leaderboard, name: str, export: object) -> None:
    assert callable(export)
    text = export(leaderboard)
    if os.environ.get("REWRITE"):
        (EXPECTED / name).write_text(text, encoding="utf-8")
    assert text == (EXPECTED / name).read_text(encoding="utf-8")


def test_markdown_is_a_valid_table(leaderboard: Leaderboard) -> None:
    blocks = [block.splitlines() for block in to_markdown(leaderboard).split("\n\n")]
    tables = [block for block in blocks if block[0].startswith("|")]
    assert len(tables) == 2
    for lines in tables:
        cells = [line.strip("|").split("|") for line in lines]
        assert len({len(row) for row in cells}) == 1
        assert all(mark.strip() in (":--", "--:") for mark in cells[1])


def test_csv_has_a_line_per_row(leaderboard: Leaderboard) -> None:
    lines = list(csv.DictReader(io.StringIO(to_csv(leaderboard))))
    assert len(lines) == sum(len(table.rows) for table in leaderboard.tables)
    adapter = next(line for line in lines if line["method"] == "Adapter" and line["origin"] == "measured")
    assert float(adapter["superglue/boolq"]) == pytest.approx(65.0)
    assert adapter["superglue/boolq n"] == "2"
    assert adapter["toy/similarity"] == ""


def test_long_csv_has_a_line_per_cell_and_per_average(leaderboard: Leaderboard) -> None:
    lines = list(csv.DictReader(io.StringIO(to_csv_long(leaderboard))))
    cells = sum(len(row.cells) for table in leaderboard.tables for row in table.rows)
    averages = sum(table.average(row) is not None for table in leaderboard.tables for row in table.rows)
    assert len(lines) == cells + averages
    adapter = next(line for line in lines if line["method"] == "Adapter" and line["task"] == BOOLQ)
    assert (adapter["split"], adapter["metric"], adapter["n"]) == ("test", "accuracy", "2")
    assert float(adapter["published_difference"]) == pytest.approx(65.0 - 76.71) and len(adapter["runs"].split()) == 2


def test_what_was_tested_is_shown_in_every_format(leaderboard: Leaderboard) -> None:
    board = with_standings(leaderboard)
    markdown = to_markdown(board)
    assert "| Adapter | 1.49M | 895k | **65.00** ± 7.07 (2) ↑ |" in markdown
    assert r"| 62.50 \[61.50, 63.50\] | 2 b |" in markdown and "- bold: not significantly below" in markdown
    tex = to_latex(board)
    assert r"\textbf{65.00}\rlap{$^{\uparrow}$} & 60.00 & \underline{62.50} & 2 b \\" in tex
    assert r" &  & {\tiny$\,\pm$7.07\,(2)} & {\tiny\,(1)} & {\tiny\,{[}61.50, 63.50{]}} &  \\" in tex
    assert "underlined: the next highest mean" in tex
    page = to_html(board, {})
    assert "<b>65.00</b>" in page and '<span class="better">↑</span>' in page and "<u>62.50</u>" in page
    cell = json.loads(to_json(board))["tables"][0]["rows"][0]["cells"][BOOLQ]
    assert cell["standing"]["against"]["verdict"] == "better" and cell["standing"]["letters"] == "a"
    line = next(csv.DictReader(io.StringIO(to_csv_long(board))))
    assert (line["bold"], line["letters"], line["p_adjusted"], line["verdict"]) == ("True", "a", "0.02", "better")


def with_standings(leaderboard: Leaderboard) -> Leaderboard:
    """The first cell of the first row is bold and better than another row; its average is second."""
    (table, *others) = leaderboard.tables
    (row, *rows) = table.rows
    better = Difference("methods", "crossed t", 2.0, 1.0, 3.0, 0.01, 0.02, family=2, clusters=40)
    cell = replace(row.cells[BOOLQ], standing=Standing(True, False, "a", 1, 64.0, 66.0, better))
    average = Standing(False, True, "b", 2, 61.5, 63.5)
    row = replace(row, cells={**row.cells, BOOLQ: cell}, average_standing=average)
    return replace(leaderboard, tables=(replace(table, rows=(row, *rows)), *others))


def test_the_page_needs_nothing_else(leaderboard: Leaderboard) -> None:
    page = to_html(leaderboard, {})
    assert not re.search(r"""(src|href)=|url\(|@import|https?://(?!www\.w3\.org/2000/svg)""", page)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy and policy[1].startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy[1]


def test_rows_and_source_of_server_scores_carry_a_mark_of_their_own(store: Store) -> None:
    complete(store, spec("adapter", "glue/rte", backbone="bert-base-uncased"), 0.7)
    board = build(store, BUILT_IN)
    text = to_markdown(board)
    assert "| Shared ‡ | – | – | 76.60 |" in text and "- ‡ server: Stickland & Murray 2019" in text and "†" not in text
    assert {line["origin"] for line in csv.DictReader(io.StringIO(to_csv(board)))} == {"measured", "server"}
    assert [row["origin"] for row in json.loads(to_json(board))["tables"][0]["rows"]] == ["measured", *["server"] * 4]


def test_json_keeps_every_value(leaderboard: Leaderboard) -> None:
    document = json.loads(to_json(leaderboard))
    row = document["tables"][1]["rows"][0] if document["tables"][0]["benchmark"] == "toy" else document["tables"][0]["rows"][0]
    assert document["schema"] == 2
    assert row["cells"][BOOLQ]["seeds"] == [0, 1]
    assert row["cells"][BOOLQ]["values"] == pytest.approx([60.0, 70.0])


def test_json_keeps_every_metric_of_every_test_split(store: Store) -> None:
    for seed, value in ((0, 0.8), (1, 0.9)):
        run = spec("adapter", "glue/mnli", seed)
        dev = {"loss": 0.1, "accuracy": 0.5}
        splits = {"test": {"loss": 0.6, "accuracy": value}, "test_mismatched": {"loss": 0.7, "accuracy": value + 0.05}}
        store.finish(run.run_id, start(store, run), RunState.COMPLETED, results={"glue/mnli": {"dev": dev, **splits}})
    cell = json.loads(to_json(build(store, BUILT_IN)))["tables"][0]["rows"][0]["cells"]["glue/mnli"]
    assert cell["values"] == pytest.approx([80.0, 90.0])
    assert list(cell["others"]) == ["test_mismatched/accuracy"]
    assert cell["others"]["test_mismatched/accuracy"] == pytest.approx([85.0, 95.0])
