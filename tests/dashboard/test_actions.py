"""What is done with the runs at hand: one, several that are marked, or a group."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from engine.registry.records import RunState
from scalearn_tui.dashboard.actions import ACTIONS, actions_of
from scalearn_tui.dashboard.screens.board import BoardScreen
from scalearn_tui.dashboard.screens.compare import CompareScreen
from scalearn_tui.dashboard.screens.confirm import ConfirmScreen
from scalearn_tui.dashboard.screens.detail import DetailScreen
from scalearn_tui.dashboard.screens.log import LogScreen
from scalearn_tui.dashboard.screens.menu import MenuScreen
from scalearn_tui.dashboard.screens.new_run import NewRunScreen
from scalearn_tui.dashboard.screens.prompt import PromptScreen
from scalearn_tui.dashboard.screens.queue import QueueScreen
from scalearn_tui.dashboard.screens.runs import RunsScreen
from scalearn_tui.dashboard.screens.sweeps import SweepsScreen
from scalearn_tui.dashboard.screens.transfer import TransferScreen
from scalearn_tui.dashboard.widgets.grid import Grid

SCREENS = [RunsScreen, BoardScreen, SweepsScreen, QueueScreen, CompareScreen, TransferScreen, DetailScreen, LogScreen]


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_carries_out_each_of_its_actions(screen: type) -> None:
    assert (
        screen.actions and [action.id for action in screen.actions if not callable(getattr(screen, action.method, None))] == []
    )


async def test_marked_runs_are_stopped_together(dashboard, five_runs, store, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        await pilot.press("space", "space")
        assert app.screen.query_one(Grid).marks == (five_runs[4].id, five_runs[3].id)
        await until(pilot, lambda: "2 marked" in screen_text(app))
        await pilot.press("T")
        await until(pilot, lambda: "Stop 2 runs?" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: [store.find(run.id).state for run in five_runs[3:]] == [RunState.STOPPED] * 2)
        assert store.find(five_runs[2].id).state is RunState.QUEUED
        await until(pilot, lambda: "■ 2" in screen_text(app))
        await pilot.press("R")
        await until(pilot, lambda: store.find(five_runs[3].id).state is RunState.QUEUED)
        await pilot.press("escape")
        assert app.screen.query_one(Grid).marks == ()
        await pilot.press("a")
        assert len(app.screen.query_one(Grid).marks) == 5


async def test_runs_are_deleted_after_a_yes(dashboard, five_runs, store, until, screen_text, notices) -> None:
    async with dashboard() as (app, pilot):
        await pilot.press("j", "D")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and "Delete" in screen_text(app))
        await pilot.press("n")
        assert store.count() == 5
        await pilot.press("D", "y")
        await until(pilot, lambda: store.count() == 4)
        await until(pilot, lambda: len(app.services.index) == 4 and "is deleted" in notices(app))


async def test_what_the_registry_refuses_is_said(dashboard, store, make_run, until, notices) -> None:
    from engine.registry.records import Source

    source, run = make_run(1), make_run(2, "scalearn++", "toy/question")
    store.add([source, run], [Source(run.id, 0, source.id, "toy/sentiment")])
    async with dashboard() as (app, pilot):
        await pilot.press("end", "D", "y")
        await until(pilot, lambda: f"{source.id} is a source of {run.id}" in notices(app))
        assert store.count() == 2


async def test_a_request_that_came_to_nothing_is_no_success(dashboard, five_runs, store, train, until, notices) -> None:
    """Between the look and the key another process had the run."""
    async with dashboard() as (app, pilot):
        await pilot.press("T")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        app.services.poller.close()
        train(store, five_runs[4])
        store.delete([five_runs[3].id])
        await pilot.press("y")
        await until(pilot, lambda: "was asked to stop" in notices(app))
        assert store.find(five_runs[4].id).stop_requested


async def test_tags(dashboard, five_runs, store, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, PromptScreen))
        await pilot.press(*"paper old", "enter")
        await until(pilot, lambda: store.tags([five_runs[4].id]) == {five_runs[4].id: ["old", "paper"]})
        await until(pilot, lambda: app.services.index.get(five_runs[4].id).tags == ("old", "paper"))
        await pilot.press("t")
        await until(pilot, lambda: "has old, paper" in screen_text(app))
        await pilot.press(*"-old", "enter")
        await until(pilot, lambda: store.tags([five_runs[4].id]) == {five_runs[4].id: ["paper"]})
        await pilot.press("slash", *"tag:paper", "enter")
        await until(pilot, lambda: app.services.index.shown() == 1)


async def test_a_clone_is_the_form_filled(dashboard, five_runs, until) -> None:
    async with dashboard() as (app, pilot):
        await pilot.press("j", "j", "C")
        await until(pilot, lambda: isinstance(app.screen, NewRunScreen))
        await pilot.pause()
        values = {name: app.screen.query_one(f"#option-{name}", Input).value for name in ("method", "target", "backbone")}
        assert values == {"method": "scalearn++", "target": "toy/question", "backbone": "minilm"}


async def test_a_form_that_is_left_keeps_what_was_typed(dashboard, five_runs, until) -> None:
    async with dashboard() as (app, pilot):
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NewRunScreen))
        await pilot.pause()
        app.screen.query_one("#option-target", Input).value = "toy/claim"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NewRunScreen))
        await pilot.pause()
        assert app.screen.query_one("#option-target", Input).value == "toy/claim"


async def test_the_menu_says_why_not(dashboard, five_runs, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, MenuScreen))
        text = screen_text(app)
        assert f"{five_runs[4].id[:7]} is queued; only failed, stopped and lost runs" in text and "save, then end" in text
        await pilot.press("T")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))


async def test_groups_fold_and_are_acted_on(dashboard, store, make_run, until, screen_text) -> None:
    runs = [make_run(number, "lora", "toy/claim", seed=number) for number in range(3)]
    for run in runs:
        run.group_id = "same"
    other = make_run(9)
    store.add([*runs, other], [])
    async with dashboard() as (app, pilot):
        grid = app.screen.query_one(Grid)
        await pilot.press("g")
        await until(pilot, lambda: "2 groups" in screen_text(app))
        await pilot.press("j", "enter")
        assert [grid._lines.key(position) for position in range(2, 5)] == [run.id for run in reversed(runs)]
        await pilot.press("T", "y")
        await until(pilot, lambda: [store.find(run.id).state for run in runs] == [RunState.STOPPED] * 3)
        assert store.find(other.id).state is RunState.QUEUED
        await until(pilot, lambda: "■3" in screen_text(app))
        await pilot.press("g", "g")
        await until(pilot, lambda: "groups" not in screen_text(app).splitlines()[0])


async def test_the_filter_is_the_language_of_ls(dashboard, store, make_run, until, screen_text) -> None:
    store.add([make_run(number, seed=number) for number in range(12)], [])
    async with dashboard() as (app, pilot):
        await pilot.press("slash", *"seed=1")
        await until(pilot, lambda: "1 of 12 match" in screen_text(app))
        # At once: of keys that come slowly, "wor" alone would be applied on the way.
        app.screen.query_one("#filter", Input).value = "seed=1 wor:"
        await until(pilot, lambda: "'wor:' lacks a value" in screen_text(app))
        assert app.services.index.shown() == 1, "what was understood last stays"
        await pilot.press("escape")
        await until(pilot, lambda: app.services.index.shown() == 12)
        await pilot.press("slash", *"epochs:12 -seed:3", "enter")
        await until(pilot, lambda: app.services.index.shown() == 11)
        store.add([make_run(40, seed=40)], [])
        await until(pilot, lambda: app.services.index.shown() == 12 and len(app.services.index) == 13)


async def test_the_sources_of_a_run_are_listed(dashboard, store, make_run, until, notices) -> None:
    from engine.registry.records import Source

    source, run, other = make_run(1), make_run(2, "scalearn++", "toy/question"), make_run(3)
    store.add([source, run, other], [Source(run.id, 0, source.id, "toy/sentiment")])
    async with dashboard() as (app, pilot):
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen) and app.services.index.shown() == 1)
        assert app.services.index.at(0).id == source.id
        await pilot.press("u")
        await until(pilot, lambda: "takes adapters from no other run" in notices(app))


async def test_a_run_that_is_deleted_elsewhere_closes_its_page(dashboard, five_runs, store, until, notices) -> None:
    async with dashboard() as (app, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        store.delete([five_runs[4].id])
        await until(pilot, lambda: isinstance(app.screen, RunsScreen) and "was deleted" in notices(app))


def test_actions_of_areas() -> None:
    assert {action.area for action in actions_of(("run", "go"))} == {"run", "go"}
    assert len(actions_of(("run",), without=("run.open",))) == len([one for one in ACTIONS if one.area == "run"]) - 1
