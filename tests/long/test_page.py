"""The page of a leaderboard, in a real browser without a network."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.registry.store import Store
from engine.reports.formats.html import to_html
from engine.reports.query import Query
from engine.reports.run_details import run_details
from engine.reports.table import Leaderboard
from tests.long.boards import glue
from tests.long.browser import Browser, chromium

pytestmark = pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")), reason="chromium and chromium-driver are not installed"
)
EVIL = "</script><script>window.broken = 1</script><img src=x onerror='window.broken = 2'>\u2028${x} \"'&lt;"
ROWS = "[...document.querySelectorAll('.board tbody tr')].filter(row => !row.hidden)"
TEXTS = f"return {ROWS}.map(row => row.cells[{{}}].dataset.value)"
HEADING = ".board thead th:nth-child({}) button"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with chromium(tmp_path / "profile") as window:
        yield window


@pytest.fixture
def board(store: Store) -> Leaderboard:
    return glue(store, Query(), seeds=2, methods=("full-ft", "adapter", "lora"))


def page_of(board: Leaderboard, store: Store, folder: Path) -> Path:
    page = folder / "board.html"
    details = run_details(store, board, lambda run: f"scalearn run --seed {run.seed} {EVIL}")
    page.write_text(to_html(board, details), encoding="utf-8")
    return page


def test_headings_sort_by_number_and_keep_the_order_of_equal_rows(
    board: Leaderboard, store: Store, browser: Browser, tmp_path: Path
) -> None:
    browser.open(page_of(board, store, tmp_path))
    before = browser.run(TEXTS.format(0))
    assert browser.run("return document.querySelectorAll('.board tbody tr').length") == len(board.tables[0].rows)
    browser.click(HEADING.format(4))
    numbers = [float(text) for text in browser.run(TEXTS.format(3))]
    assert numbers == sorted(numbers, reverse=True)
    assert browser.run("return document.querySelectorAll('[aria-sort=descending]').length") == 1
    browser.type(HEADING.format(4), "\ue007")  # the key Enter
    assert [float(text) for text in browser.run(TEXTS.format(3))] == sorted(numbers)
    browser.click(HEADING.format(2))
    parameters = browser.run(TEXTS.format(1))
    known = [float(text) for text in parameters if text is not None]
    assert known == sorted(known, reverse=True) and parameters[: len(known)] == [f"{number:.0f}" for number in known]
    browser.click(HEADING.format(1))
    assert browser.run(TEXTS.format(0)) == sorted(before, key=str.lower)
    assert browser.complaints() == []


def test_a_click_on_a_cell_shows_its_runs(board: Leaderboard, store: Store, browser: Browser, tmp_path: Path) -> None:
    browser.open(page_of(board, store, tmp_path))
    browser.click(".board tbody tr:nth-child(1) td:nth-child(4) button")
    text = browser.run("return document.querySelector('dialog[open]').innerText")
    cell = board.tables[0].rows[0].cells["glue/mnli"]
    assert all(run_id in text for run_id in cell.run_ids) and "Full FT on MNLI" in text and "71.00" in text
    assert "published 86.61, ours −16.11" in text and "test_mismatched/accuracy" in text
    assert browser.run("return document.querySelectorAll('dialog code').length") == len(cell.run_ids)
    browser.click("dialog .close")
    assert browser.run("return document.querySelector('dialog').open") is False
    browser.type("input[type=search]", "adapter †")
    assert len(browser.run(TEXTS.format(0))) == 3, "Adapter, Adapter-m and AdapterFusion of the paper; and no other"


def test_foreign_text_is_text_and_the_network_is_out_of_reach(
    board: Leaderboard, store: Store, browser: Browser, tmp_path: Path
) -> None:
    (table,) = board.tables
    rows = tuple(replace(row, title=EVIL, settings={EVIL: EVIL}) for row in table.rows)
    columns = (replace(table.columns[0], title=EVIL), *table.columns[1:])
    evil = replace(table, title=EVIL, rows=rows, columns=columns, provenance={EVIL: [EVIL]})
    browser.open(page_of(replace(board, tables=(evil,)), store, tmp_path))
    browser.click(".board tbody tr:nth-child(1) td:nth-child(4) button")
    assert browser.run("return window.broken ?? null") is None
    shown = browser.run("return document.querySelector('dialog h3').textContent")
    assert "</script><script>window.broken = 1</script>" in shown and browser.complaints() == []
    fetched = "return fetch('https://example.org/').then(() => 'answered', () => 'refused')"
    assert browser.run(fetched) == "refused"
    assert any("Content Security Policy" in line for line in browser.complaints())


def test_curves_are_drawn(board: Leaderboard, store: Store, browser: Browser, tmp_path: Path) -> None:
    details = run_details(store, board, lambda run: run.command)
    curve = [(step, 1 / (step + 1)) for step in range(0, 100, 10)]
    page = tmp_path / "board.html"
    with_curves = {run_id: replace(run, curves={"train/loss": curve}) for run_id, run in details.items()}
    page.write_text(to_html(board, with_curves), encoding="utf-8")
    browser.open(page)
    browser.click(".board tbody tr:nth-child(1) td:nth-child(4) button")
    lines = browser.run("return [...document.querySelectorAll('dialog polyline')].map(line => line.getAttribute('points'))")
    assert len(lines) == 2 and all(len(line.split()) == len(curve) and "NaN" not in line for line in lines)
