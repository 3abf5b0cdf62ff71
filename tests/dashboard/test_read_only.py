"""Where one may only look, no key changes anything, and each says why."""

from __future__ import annotations

import pytest

from scalearn_tui.dashboard.actions import ACTIONS
from scalearn_tui.dashboard.app import Dashboard
from scalearn_tui.dashboard.screens.action_screen import READ_ONLY
from scalearn_tui.dashboard.screens.menu import MenuScreen
from scalearn_tui.dashboard.screens.runs import RunsScreen

WRITING = [action for action in ACTIONS if action.writes]


def test_what_changes_runs_writes() -> None:
    looking = {"run.log", "run.open", "run.sources", "run.copy-id"}
    assert {action.id for action in ACTIONS if action.area == "run"} - looking <= {action.id for action in WRITING}


@pytest.mark.parametrize("action", [one for one in WRITING if one.area in ("run", "runs")], ids=lambda action: action.id)
async def test_a_key_that_writes_is_refused(action, home, five_runs, store, until, notices) -> None:
    before = {run.id: run.version for run in store.runs()}
    app = Dashboard(home, launch=lambda _: pytest.fail("a supervisor was woken"), read_only=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.services.is_read)
        await pilot.press(action.key)
        await until(pilot, lambda: READ_ONLY in notices(app))
        assert isinstance(app.screen, RunsScreen)
        app.theme = "textual-light"
        await pilot.pause(0.3)
    assert {run.id: run.version for run in store.runs()} == before
    assert not home.remembered.exists()


async def test_the_menu_gives_the_reason(home, five_runs, until, screen_text) -> None:
    app = Dashboard(home, launch=lambda _: None, read_only=True)
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: app.services.is_read)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, MenuScreen))
        assert "here one may only look" in screen_text(app)
        await pilot.press("D")
        await pilot.pause()
        assert isinstance(app.screen, MenuScreen)
