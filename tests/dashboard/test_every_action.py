"""Every key of every screen does something that is seen, or says why it cannot."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.files.home import Home
from engine.registry.opening import open_reader
from scalearn_tui.dashboard.actions import Action
from scalearn_tui.dashboard.app import Dashboard
from scalearn_tui.dashboard.screens.action_screen import ActionScreen
from scalearn_tui.dashboard.screens.board import BoardScreen
from scalearn_tui.dashboard.screens.compare import CompareScreen
from scalearn_tui.dashboard.screens.detail import DetailScreen
from scalearn_tui.dashboard.screens.log import LogScreen
from scalearn_tui.dashboard.screens.queue import QueueScreen
from scalearn_tui.dashboard.screens.runs import RunsScreen
from scalearn_tui.dashboard.screens.sweeps import SweepsScreen
from scalearn_tui.dashboard.screens.transfer import TransferScreen
from tests.dashboard.conftest import screen_text, settled, until, write_log

WAYS: dict[type[ActionScreen], Sequence[str]] = {
    RunsScreen: (),
    BoardScreen: ("2",),
    SweepsScreen: ("3",),
    QueueScreen: ("4",),
    CompareScreen: ("space", "j", "space", "d"),
    TransferScreen: ("7",),
    DetailScreen: ("end", "enter"),
    LogScreen: ("end", "l"),
}
"""The keys that lead to each screen from the list of runs."""
UNSEEN = {"runs.refresh", "board.refresh", "transfer.refresh"}
"""Nothing changed that they could show."""


@pytest.mark.parametrize("kind", WAYS, ids=lambda kind: kind.__name__)
async def test_every_key_answers(busy: Home, kind: type[ActionScreen], monkeypatch: pytest.MonkeyPatch) -> None:
    app = Dashboard(busy, launch=lambda _: None)
    silent: list[str] = []
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    for run in open_reader(busy).runs():
        write_log(busy, run, "a line with more words than a screen is wide " * 5 + "\n")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.services.is_read)
        for key in WAYS[kind]:
            await pilot.press(key)
            await pilot.pause(0.2)
        await until(pilot, lambda: isinstance(app.screen, kind))
        screen, mode = app.screen, app.current_mode
        await settled(pilot, app)

        def seen() -> tuple[object, ...]:
            return app.screen, screen_text(app), len(app._notifications), len(copied)

        async def go_back() -> None:
            while app.screen is not screen:
                if len(app.screen_stack) > 1:
                    app.pop_screen()
                else:
                    app.switch_mode(mode)
                await pilot.pause()

        for action in kind.actions:
            if action.id in UNSEEN or leads_here(action, kind):
                continue
            before = seen()
            await pilot.press(*action.key.split(",")[:1])
            try:
                await until(pilot, lambda before=before: seen() != before, 2.0)
            except pytest.fail.Exception:
                silent.append(action.id)
            if app.screen is screen and screen.query("Input:focus"):
                await pilot.press("escape")
            await go_back()
    assert silent == []


def leads_here(action: Action, kind: type[ActionScreen]) -> bool:
    return action.area == "go" and kind.__name__.lower().startswith(action.id.partition(".")[2])
