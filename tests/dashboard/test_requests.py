"""Keys that write requests, help, palette, quitting."""

from __future__ import annotations

import pytest

from engine.registry.records import RunState
from scalearn_tui.dashboard.app import Dashboard
from scalearn_tui.dashboard.screens.confirm import ConfirmScreen
from scalearn_tui.dashboard.screens.detail import DetailScreen
from scalearn_tui.dashboard.screens.help import HelpScreen
from scalearn_tui.dashboard.screens.log import LogScreen
from scalearn_tui.dashboard.screens.new_run import NewRunScreen
from scalearn_tui.dashboard.screens.picker import PickerScreen
from scalearn_tui.dashboard.screens.runs import RunsScreen
from scalearn_tui.dashboard.widgets.grid import Grid
from scalearn_tui.dashboard.widgets.log_view import LogView


async def test_stop_asks_and_writes_a_request(dashboard, five_runs, store, train, until, woken, screen_text) -> None:
    run = five_runs[4]
    train(store, run)
    async with dashboard() as (app, pilot):
        await pilot.press("T")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await until(pilot, lambda: "It saves step 40 and ends" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen))
        assert not store.find(run.id).stop_requested, "enter means no"
        woken.clear()
        await pilot.press("T", "y")
        await until(pilot, lambda: store.find(run.id).stop_requested)
        await until(pilot, lambda: woken)
        await until(pilot, lambda: "stopping" in screen_text(app))


async def test_queued_run_is_stopped_and_resumed(dashboard, five_runs, store, until) -> None:
    run = five_runs[4]
    async with dashboard() as (app, pilot):
        await pilot.press("T", "y")
        await until(pilot, lambda: store.find(run.id).state is RunState.STOPPED)
        await until(pilot, lambda: app.services.index.get(run.id).state == "stopped")
        await pilot.press("R")
        await until(pilot, lambda: store.find(run.id).state is RunState.QUEUED)


async def test_impossible_requests_are_refused_with_a_notice(dashboard, five_runs, store, train, until, notices) -> None:
    attempt = train(store, five_runs[4])
    async with dashboard() as (app, pilot):
        await pilot.press("R")
        await until(pilot, lambda: "only failed, stopped and lost runs" in notices(app))
        store.finish(five_runs[4].id, attempt, RunState.COMPLETED)
        await until(pilot, lambda: app.services.index.get(five_runs[4].id).state == "completed")
        await pilot.press("T")
        await until(pilot, lambda: "only queued and live runs" in notices(app))


async def test_copy(dashboard, five_runs) -> None:
    async with dashboard() as (app, pilot):
        await pilot.press("y")
        assert app.clipboard == five_runs[4].id


async def test_help_lists_all_keys(dashboard, five_runs, until, screen_text) -> None:
    async with dashboard((100, 60)) as (app, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        text = screen_text(app)
        for word in ("stop", "resume", "new", "filter", "sort", "log", "chart", "copy id", "next line", "commands", "lost"):
            assert word in text, word
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, HelpScreen))


@pytest.mark.parametrize(
    "widget",
    [Dashboard, RunsScreen, DetailScreen, LogScreen, NewRunScreen, PickerScreen, ConfirmScreen, HelpScreen, Grid, LogView],
)
def test_every_binding_has_an_id(widget: type) -> None:
    """A user can give another key to each of them."""
    assert widget.BINDINGS and all(binding.id for binding in widget.BINDINGS)


async def test_palette_commands(dashboard, five_runs) -> None:
    async with dashboard() as (app, _):
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert {"run: stop", "run: resume", "runs: new", "runs: filter", "view: chart", "view: theme…", "app: quit"} <= set(
            titles
        )
        assert all(": " in title for title in titles)


async def test_palette_runs_a_command(dashboard, five_runs, until) -> None:
    async with dashboard() as (app, pilot):
        await pilot.press("ctrl+p")
        await pilot.pause(0.2)
        await pilot.press(*"run: stop")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))


async def test_quit_counts_runs_that_continue(dashboard, five_runs, store, train) -> None:
    train(store, five_runs[0])
    async with dashboard() as (app, pilot):
        await pilot.press("q")
    assert app.return_value == 5


async def test_wakes_the_supervisor_only_for_open_work(dashboard, five_runs, store, until, woken, home) -> None:
    async with dashboard() as (_, pilot):
        await until(pilot, lambda: woken == [home])
    woken.clear()
    store.request_stop([run.id for run in five_runs])
    async with dashboard() as (_, pilot):
        await pilot.pause(0.3)
    assert not woken


async def test_a_failing_request_is_a_notice(home, store, five_runs, until, notices) -> None:
    def refuse(home: object) -> None:
        raise OSError("no room for another process")

    app = Dashboard(home, launch=refuse)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "no room for another process" in notices(app))
        assert app.is_running
