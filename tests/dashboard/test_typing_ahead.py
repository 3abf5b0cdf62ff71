"""Keys typed faster than screens are painted reach what they are meant for."""

from __future__ import annotations

import pytest
from textual.events import Key
from textual.widgets import Input

from scalearn_tui.dashboard.app import Dashboard
from scalearn_tui.dashboard.screens.new_run import NewRunScreen
from scalearn_tui.dashboard.screens.prompt import PromptScreen

NAMED = {"<enter>": "enter", "<clear>": "ctrl+u", "<tab>": "tab", "/": "slash"}


def type_at_once(app: Dashboard, *typed: str) -> None:
    """As a terminal hands over what was typed while the program was busy."""
    for word in typed:
        for key in [word] if word in NAMED else word:
            app.post_message(Key(NAMED.get(key, key), None if key.startswith("<") else key))


async def test_the_filter(dashboard, five_runs, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        type_at_once(app, "/full", "<enter>")
        await until(pilot, lambda: "match “full”" in screen_text(app))


async def test_a_dialog(dashboard, five_runs, until) -> None:
    async with dashboard() as (app, pilot):
        type_at_once(app, "t", "<clear>", "draft")
        await until(pilot, lambda: isinstance(app.screen, PromptScreen) and app.screen.query_one(Input).value == "draft")


async def test_the_form(dashboard, until) -> None:
    async with dashboard() as (app, pilot):
        type_at_once(app, "n", "adapter", "<tab>", "toy/topics")
        await until(pilot, lambda: isinstance(app.screen, NewRunScreen))
        await until(pilot, lambda: [field.value for field in app.screen.query(Input)][:2] == ["adapter", "toy/topics"])


@pytest.mark.parametrize("screen", ["2", "3", "4"])
async def test_a_screen_that_is_opened_first(dashboard, five_runs, until, screen, screen_text) -> None:
    async with dashboard() as (app, pilot):
        type_at_once(app, screen, "1", "/full", "<enter>")
        await until(pilot, lambda: "match “full”" in screen_text(app))
