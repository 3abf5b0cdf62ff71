"""The exports, compared with files beside this one. ``REWRITE=1 pytest tests/reports`` writes them anew."""

from __future__ import annotations

import csv
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.reports.formats.csv import to_csv
from engine.reports.formats.json import to_json
from engine.reports.formats.markdown import to_markdown
from engine.reports.leaderboard import build
from engine.reports.table import Leaderboard

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


@pytest.mark.parametrize(("name", "export"), [("board.md", to_markdown), ("board.csv", to_csv), ("board.json", to_json)])
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
