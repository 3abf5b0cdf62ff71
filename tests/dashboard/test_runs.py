"""The run list: live rows, filter, order, empty and error states, speed."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import fields

from textual.widgets import Input

from engine.files.home import Home
from engine.registry.records import RunState
from scalearn_tui.dashboard.screens.runs import RunsScreen
from scalearn_tui.dashboard.widgets.grid import Grid


def shown(app) -> list[str]:
    grid = app.screen.query_one(Grid)
    return [grid._lines.key(position) for position in range(len(grid._lines))]


async def test_empty_registry_says_what_to_do(dashboard, screen_text) -> None:
    async with dashboard() as (app, pilot):
        await pilot.pause()
        text = screen_text(app)
        assert "No runs yet." in text and "scalearn run --method" in text and "registry.sqlite" in text


async def test_newest_first_and_live(dashboard, five_runs, store, train, until, make_run, screen_text) -> None:
    async with dashboard() as (app, pilot):
        assert shown(app) == [run.id for run in reversed(five_runs)]
        assert "queued" in screen_text(app)
        attempt = train(store, five_runs[4])
        await until(pilot, lambda: "71.25" in screen_text(app))
        await until(pilot, lambda: all(part in screen_text(app) for part in ("4/12", "● 1 running", "01:15")))
        store.finish(five_runs[4].id, attempt, RunState.FAILED, "the loss became nan at step 40")
        await until(pilot, lambda: "✗ failed" in screen_text(app))
        await until(pilot, lambda: "the loss became nan" in screen_text(app))
        newer = make_run(6, "scalearn", "toy/similarity")
        store.add([newer], [])
        await until(pilot, lambda: shown(app)[0] == newer.id)
        assert app.screen.query_one(Grid).key == five_runs[4].id, "the selection stays on its run"


async def test_deleted_runs_disappear(dashboard, five_runs, store, until) -> None:
    async with dashboard() as (app, pilot):
        store.delete([five_runs[4].id, five_runs[0].id])
        await until(pilot, lambda: len(shown(app)) == 3)


async def test_moving(dashboard, five_runs) -> None:
    async with dashboard() as (app, pilot):
        table = app.screen.query_one(Grid)
        await pilot.press("j", "down")
        assert table.cursor == 2
        await pilot.press("k")
        assert table.cursor == 1
        await pilot.press("end")
        assert table.cursor == 4
        await pilot.press("j")
        assert table.cursor == 4
        await pilot.press("home")
        assert table.cursor == 0
        await pilot.press("pagedown")
        assert table.cursor == 4
        await pilot.click(Grid, offset=(5, 2))
        assert table.cursor == 1


async def test_filter(dashboard, five_runs, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        await pilot.press("slash", *"adapter toy/")
        await until(pilot, lambda: "3 of 5 match “adapter toy/”" in screen_text(app))
        assert len(shown(app)) == 3
        await pilot.press(*"zzz")
        await until(pilot, lambda: "0 of 5 runs match" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: len(shown(app)) == 5)
        await pilot.press("slash", *"QUESTION", "enter", "j")
        assert shown(app) == [five_runs[2].id]


async def test_sort_cycles(dashboard, five_runs, store, train, screen_text) -> None:
    train(store, five_runs[1])
    async with dashboard() as (app, pilot):
        assert shown(app)[0] == five_runs[1].id, "what is under way stands on top"
        await pilot.press("s")
        assert shown(app)[0] == five_runs[4].id, "newest first"
        await pilot.press("S")
        assert shown(app)[0] == five_runs[0].id, "oldest first"
        await pilot.press("s")
        assert shown(app)[0] == five_runs[1].id, "live runs first"
        await pilot.press("s")
        methods = ["adapter", "adapter", "adapterfusion", "full-ft", "scalearn++"]
        assert [app.services.index.get(run_id).method for run_id in shown(app)] == methods
        await pilot.press(*"ssss")
        await pilot.pause()
        assert shown(app)[0] == five_runs[1].id and "dev↓" in screen_text(app)


async def test_sorting_goes_to_the_top(dashboard, store, make_run) -> None:
    store.add([make_run(number) for number in range(200)], [])
    async with dashboard() as (app, pilot):
        grid = app.screen.query_one(Grid)
        await pilot.press("end")
        assert grid.scroll_offset.y > 100
        await pilot.press("s")
        await pilot.pause()
        assert grid.scroll_offset.y == 0 and grid.cursor == 0


async def test_a_click_on_a_title_sorts_and_another_reverses(dashboard, five_runs, screen_text) -> None:
    async with dashboard() as (app, pilot):
        column = screen_text(app).splitlines()[2].index("method")
        await pilot.click(Grid, offset=(column, 0))
        assert app.services.index.order.column == "method" and not app.services.index.reversed
        await pilot.click(Grid, offset=(column, 0))
        await pilot.pause()
        assert app.services.index.reversed and "method↓" in screen_text(app)


async def test_only_changed_rows_are_drawn(dashboard, five_runs, store, train, until) -> None:
    train(store, five_runs[0])
    async with dashboard() as (app, pilot):
        table = app.screen.query_one(Grid)
        drawn = []
        original = table._line
        table._line = lambda run, *others: drawn.append(run.id) or original(run, *others)
        train(store, five_runs[2])
        await until(pilot, lambda: drawn)
        await pilot.pause(0.2)
        assert set(drawn) == {five_runs[2].id}


async def test_a_newer_schema_is_reported(home, dashboard, store, until, screen_text) -> None:
    from scalearn_tui.dashboard.app import Dashboard

    store.close()
    home.database.write_bytes(b"this is no database" * 100)
    app = Dashboard(home, launch=lambda home: None)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.services.trouble)
        await pilot.pause()
        assert "r tries again" in screen_text(app)
        assert app.is_running


async def test_an_error_while_polling_is_shown_and_cleared(dashboard, five_runs, home, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        change(home, "ALTER TABLE clock RENAME TO hidden")
        await until(pilot, lambda: "an older view" in screen_text(app))
        assert shown(app), "what was known stays"
        change(home, "ALTER TABLE hidden RENAME TO clock")
        await until(pilot, lambda: "an older view" not in screen_text(app))


def change(home: Home, statement: str) -> None:
    """Write past the store, as a damaged or foreign file would be."""
    with closing(sqlite3.connect(home.database, timeout=10)) as connection, connection:
        connection.execute(statement)


COPIES = """
    WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 9999)
    INSERT INTO run ({columns}) SELECT {values} FROM run, counted WHERE run.id = '{id}'
"""


async def test_ten_thousand_runs(dashboard, store, home, make_run, until) -> None:
    run = make_run(1)
    store.add([run], [])
    columns = [column.name for column in fields(run)]
    new = {"id": "printf('%010x', n)", "fingerprint": "printf('%064x', n)"}
    values = ", ".join(new.get(name, f'run."{name}"') for name in columns)
    change(home, COPIES.format(columns=", ".join(f'"{name}"' for name in columns), values=values, id=run.id))
    before = time.process_time()
    assert len(store.runs()) == 10_000
    reading = time.process_time() - before
    before = time.process_time()
    async with dashboard() as (app, pilot):
        await until(pilot, lambda: len(shown(app)) == 10_000)
        opened = time.process_time() - before
        await pilot.press("end")
        assert app.screen.query_one(Grid).cursor == 9_999
        before = time.process_time()
        await pilot.press("s")
        await pilot.pause()
        again = time.process_time() - before
    # Ratios, because a busy machine is slower at everything.
    assert opened < 12 * reading, (opened, reading)
    assert again < 1.5 * reading, (again, reading)


async def test_sizes(dashboard, five_runs, until, screen_text) -> None:
    async with dashboard((80, 24)) as (app, pilot):
        assert isinstance(app.screen, RunsScreen)
        lines = screen_text(app).splitlines()
        assert all(len(line) == 80 for line in lines)
        assert "ScaLearn++" in screen_text(app) and "toy/question" in screen_text(app) and "? help" in lines[-1]
        assert not app.screen.query_one("#detail").display
        await pilot.resize_terminal(160, 45)
        await until(pilot, lambda: app.screen.query_one("#detail").display)
        assert app.screen.query_one("#detail").region.x > 90
        await pilot.resize_terminal(110, 40)
        await until(pilot, lambda: app.screen.query_one("#detail").region.y > 10)
        await pilot.resize_terminal(50, 12)
        await until(pilot, lambda: "needs 60x15, have 50x12" in screen_text(app))


async def test_keys_act_where_the_filter_left_nothing(dashboard, five_runs, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        await pilot.press("slash", *"state:queued", "enter")
        await until(pilot, lambda: app.services.index.shown() == 5)
        await pilot.press("a", "T", "y")
        await until(pilot, lambda: "0 of 5 runs match" in screen_text(app))
        field = app.screen.query_one("#filter", Input)
        await pilot.press("s", "g")
        await pilot.pause()
        assert field.value == "state:queued" and not field.has_focus
        await pilot.press("escape")
        await until(pilot, lambda: app.services.index.shown() == 5)
        assert app.screen.query_one(Grid).has_focus
