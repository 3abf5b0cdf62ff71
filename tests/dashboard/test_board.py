"""The board: the command's table on screen, its cells' runs, the form for what is missing, and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.dashboard.screens.board import BoardScreen
from scalearn_tui.dashboard.screens.new_run import NewRunScreen
from scalearn_tui.dashboard.screens.runs import RunsScreen
from scalearn_tui.dashboard.widgets.grid import Grid
from scalearn_tui.dashboard.widgets.option_field import OptionField
from tests.bundles.test_writing import answered
from tests.reports.rows import complete, spec


@pytest.fixture
def completed(store: Store) -> None:
    """Adapters on two targets with two seeds, LoRA on the first of them."""
    for seed in (0, 1):
        complete(store, spec("adapter", "glue/rte", seed), 0.7 + 0.02 * seed)
        complete(store, spec("adapter", "glue/cola", seed), 0.5 + 0.02 * seed)
        complete(store, spec("lora", "glue/rte", seed), 0.6 + 0.02 * seed)


async def open_board(app, pilot, until) -> BoardScreen:
    await pilot.press("2")
    await until(pilot, lambda: isinstance(app.screen, BoardScreen) and app.screen._board and not app.screen._said)
    return app.screen


def at(board: BoardScreen, name: str) -> int:
    return next(place for place, line in enumerate(board._lines.shown.lines) if line.name == name)


async def go_to(pilot, board: BoardScreen, name: str, heading: str) -> None:
    await pilot.press("home", *["down"] * at(board, name))
    columns = [column.title for column in board._lines.table.columns]
    await pilot.press(*["right"] * columns.index(heading))


async def test_empty_registry_says_what_to_do(dashboard, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        await open_board(app, pilot, until)
        assert "No completed run to compare yet" in screen_text(app)


async def test_cells_are_those_of_the_command(completed, home, dashboard, until, screen_text, capsys, monkeypatch) -> None:
    monkeypatch.setenv("SCALEARN_HOME", str(home.root))
    assert main(["leaderboard"]) == 0
    printed = capsys.readouterr().out
    async with dashboard((200, 45)) as (app, pilot):
        await open_board(app, pilot, until)
        text = screen_text(app)
        for cell in ("71.00 ± 1.41 (2)", "51.00 ± 1.41 (2)", "61.00 ± 1.41 (2)"):
            assert cell in printed and cell in text
        assert "as of" in text and "cells: mean ± sample standard deviation" in text


async def test_enter_shows_the_runs_of_a_cell(completed, dashboard, until) -> None:
    async with dashboard() as (app, pilot):
        board = await open_board(app, pilot, until)
        await go_to(pilot, board, "LoRA", "RTE")
        ids = {run.id for run in board.runs_at_hand()}
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen) and app.services.index.shown() == 2)
        assert {app.services.index.at(place).id for place in range(2)} == ids
        assert app.screen.query_one("#filter").value.startswith("id:")


async def test_enter_on_a_missing_cell_opens_the_form(completed, dashboard, until) -> None:
    async with dashboard() as (app, pilot):
        board = await open_board(app, pilot, until)
        await go_to(pilot, board, "LoRA", "CoLA")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, NewRunScreen) and app.screen.query(OptionField))
        values = app.screen.values
        assert (values["method"], values["target"], values["seed"]) == ("lora", "glue/cola", "0,1")


async def test_files_are_those_of_the_command(completed, home, dashboard, until, notices, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SCALEARN_HOME", str(home.root))
    ours, theirs = tmp_path / "ours.md", tmp_path / "theirs.md"
    assert main(["leaderboard", "-o", str(theirs)]) == 0
    async with dashboard() as (app, pilot):
        await open_board(app, pilot, until)
        for name, said in ((str(ours), f"wrote {ours}"), ("table.txt", "a file needs --format")):
            await pilot.press("w")
            app.screen.query_one("#prompt").value = name
            await pilot.press("enter")
            await until(pilot, lambda said=said: said in notices(app))
    assert ours.read_bytes() == theirs.read_bytes()


async def test_a_file_that_is_there_is_replaced_after_a_yes(
    completed, dashboard, until, notices, screen_text, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    mine = tmp_path / "table.md"
    mine.write_text("mine")
    async with dashboard() as (app, pilot):
        await open_board(app, pilot, until)
        for answer in ("n", "y"):
            await pilot.press("w")
            app.screen.query_one("#prompt").value = "~/table.md"
            await pilot.press("enter")
            await until(pilot, lambda: "Replace the file?" in screen_text(app))
            assert mine.read_text() == "mine"
            await pilot.press(answer)
        await until(pilot, lambda: f"wrote {mine}" in notices(app))
        assert "| Adapter |" in mine.read_text()


async def test_narrow_tables_move(completed, dashboard, until, screen_text) -> None:
    async with dashboard((80, 24)) as (app, pilot):
        board = await open_board(app, pilot, until)
        await pilot.press(*["right"] * (len(board._lines.tasks) - 1))
        await pilot.pause()
        text, grid = screen_text(app), board.query_one(Grid)
        assert grid.cell in [column.key for column, _ in grid._layout]
        assert "column" in text and "avg" in text and "trainable" in text


async def test_every_metric_has_a_column(store, home, dashboard, until, screen_text, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SCALEARN_HOME", str(home.root))
    for seed in (0, 1):
        answered(store, "glue/mrpc", seed)
    ours, theirs = tmp_path / "ours.csv", tmp_path / "theirs.csv"
    assert main(["leaderboard", "--metric", "all", "-o", str(theirs)]) == 0
    async with dashboard((200, 45)) as (app, pilot):
        board = await open_board(app, pilot, until)
        headline = len(board._lines.table.columns)
        await pilot.press("e")
        await until(pilot, lambda: not board._said and len(board._lines.table.columns) == 2 * headline == 2)
        assert "accuracy" in screen_text(app) and "F1" in screen_text(app).replace("f1", "F1")
        await pilot.press("w")
        app.screen.query_one("#prompt").value = str(ours)
        await pilot.press("enter")
        await until(pilot, ours.is_file)
        await pilot.press("e")
        await until(pilot, lambda: not board._said and len(board._lines.table.columns) == headline)
    assert ours.read_bytes() == theirs.read_bytes()
