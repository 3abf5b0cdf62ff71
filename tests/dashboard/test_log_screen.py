"""The keys of the log screen."""

from __future__ import annotations

from textual.widgets import Input

from scalearn_tui.dashboard.screens.log import LogScreen
from scalearn_tui.dashboard.widgets.log_view import LogView

LONG = "".join(f"line {number} of the log\n" for number in range(30_000))


async def open_log(app, pilot, until) -> LogView:
    await pilot.press("l")
    await until(pilot, lambda: isinstance(app.screen, LogScreen) and bool(app.screen.query_one(LogView).text_lines))
    return app.screen.query_one(LogView)


async def test_a_long_log_is_reached_to_its_first_line(dashboard, five_runs, home, write_log, until, screen_text) -> None:
    write_log(home, five_runs[4], LONG)
    async with dashboard((80, 24)) as (app, pilot):
        view = await open_log(app, pilot, until)
        await until(pilot, lambda: "line 29999 " in screen_text(app) and "end of the file · following" in screen_text(app))
        await pilot.press("g")
        await until(pilot, lambda: "line 0 of" in screen_text(app) and "line 1 of 30,000 · f follows" in screen_text(app))
        write_log(home, five_runs[4], "newest\n")
        await until(pilot, lambda: "of 30,001" in screen_text(app))
        assert view.top == 0, "reading above the end is not disturbed"
        await pilot.press("pagedown", "k")
        await until(pilot, lambda: f"line {view.top + 1} of 30,001" in screen_text(app))
        await pilot.press("G")
        await until(pilot, lambda: "newest" in screen_text(app) and "following" in screen_text(app))
        assert len(view.text_lines) < 200


async def test_search_and_errors(dashboard, five_runs, home, write_log, until, screen_text) -> None:
    write_log(home, five_runs[4], LONG.replace("line 500 of", "ValueError: bad").replace("line 20000 of", "a Hit"))
    async with dashboard((80, 24)) as (app, pilot):
        view = await open_log(app, pilot, until)
        await pilot.press("slash", *"line 77", "enter")
        await until(pilot, lambda: "match 1 of 111" in screen_text(app) and "line 77 of" in screen_text(app))
        await pilot.press("n")
        await until(pilot, lambda: "match 2 of 111" in screen_text(app) and "line 770 of" in screen_text(app))
        await pilot.press("N", "N")
        await until(pilot, lambda: "line 77" in screen_text(app) and "match 2 of" not in screen_text(app))
        await pilot.press("e")
        await until(pilot, lambda: "ValueError" in screen_text(app) and "error 1 of 1" in screen_text(app))
        await pilot.press("slash")
        app.screen.query_one(Input).value = ""
        await pilot.press(*"hiT", "enter")
        await until(pilot, lambda: "no match" in screen_text(app))
        await pilot.press("escape")
        assert isinstance(app.screen, LogScreen) and view.searched is None
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, LogScreen))


async def test_wrap_and_sides(dashboard, five_runs, home, write_log, until, screen_text) -> None:
    write_log(home, five_runs[4], "begin " + "日本" * 60 + " finish\n" + "short\n")
    async with dashboard((80, 24)) as (app, pilot):
        view = await open_log(app, pilot, until)
        assert view.virtual_size.width == 6 + 240 + 7
        assert "finish" not in screen_text(app)
        await pilot.press("w")
        await until(pilot, lambda: "finish" in screen_text(app))
        await pilot.press("w", "l")
        await until(pilot, lambda: view.scroll_x == 8 and "begin" not in screen_text(app))
        await pilot.press("h")
        await until(pilot, lambda: view.scroll_x == 0 and "begin" in screen_text(app))
        await pilot.press("q")
        await until(pilot, lambda: not isinstance(app.screen, LogScreen))


async def test_without_a_pager_it_says_so(dashboard, five_runs, home, write_log, until, monkeypatch) -> None:
    write_log(home, five_runs[4], "one\n")
    monkeypatch.setenv("PAGER", "no-such-pager -R")
    async with dashboard((80, 24)) as (app, pilot):
        await open_log(app, pilot, until)
        await pilot.press("O")
        await until(pilot, lambda: any("set PAGER" in notice.message for notice in app._notifications))
        monkeypatch.setenv("PAGER", "true")
        await pilot.press("O")
        await until(pilot, lambda: any("cannot be lent" in notice.message for notice in app._notifications))
