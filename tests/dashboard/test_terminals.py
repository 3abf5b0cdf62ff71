"""One picture for a log, terminals without marks, other keys."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from textual.css.stylesheet import Stylesheet
from textual.widgets import SelectionList

from engine.errors import UserError
from engine.files.config import Config
from scalearn_tui.dashboard.actions import ACTIONS
from scalearn_tui.dashboard.ascii import LETTERS, likeness
from scalearn_tui.dashboard.keymaps import PRESETS, keymap_of
from scalearn_tui.dashboard.screens.columns import ColumnsScreen
from scalearn_tui.dashboard.screens.runs import RunsScreen
from scalearn_tui.dashboard.widgets.grid import Grid
from scalearn_tui.dashboard.widgets.log_view import LogView


def once(home, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scalearn_tui.dashboard", "--once", *options]
    env = os.environ | {"SCALEARN_HOME": str(home.root)} | environment
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=env, stdin=subprocess.DEVNULL)


def test_once_prints_a_picture_and_starts_nothing(home, five_runs) -> None:
    done = once(home, "--size", "100x20")
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert len(lines) == 20 and all(len(line) <= 100 for line in lines)
    assert "◷ 5" in lines[0] and sum("AdapterFusion" in line for line in lines) == 1
    assert not home.supervisor_log.exists()


def test_once_in_ascii(home, five_runs) -> None:
    for done in (once(home, "--ascii"), once(home, PYTHONIOENCODING="ascii", PYTHONUTF8="0")):
        assert done.returncode == 0 and done.stdout.isascii() and "AdapterFusion" in done.stdout, done.stderr


def test_once_says_what_is_wrong(home, store) -> None:
    store.close()
    home.database.write_bytes(b"this is no database" * 100)
    done = once(home)
    assert done.returncode == 1 and "registry" in done.stdout
    assert once(home, "--size", "huge").returncode == 2


def test_a_dumb_terminal_is_sent_to_the_commands() -> None:
    env = os.environ | {"TERM": "dumb"}
    command = [sys.executable, "-m", "scalearn_tui.dashboard"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=env, stdin=subprocess.DEVNULL)
    assert done.returncode == 2 and "`scalearn ls`" in done.stderr


def test_likenesses_are_as_wide_and_states_differ() -> None:
    assert len(set(LETTERS.values())) == len(LETTERS) and all(len(letter) == 1 for letter in LETTERS.values())
    assert "".join(map(likeness, "a±–…│─┼⣿⠁█日é")) == "a~-~|-+@.#???"


async def test_other_keys(home, dashboard, five_runs, until, screen_text) -> None:
    home.config.write_text('keymap = "vim"\n[keys]\n"run.stop" = "X"\n')
    async with dashboard() as (app, pilot):
        await until(pilot, lambda: "X stop" in screen_text(app) and "z group" in screen_text(app))
        await pilot.press("G")
        assert app.screen.query_one(Grid).cursor == 4
        await pilot.press("g")
        assert app.screen.query_one(Grid).cursor == 0
        await pilot.press("X")
        await until(pilot, lambda: "Stop" in screen_text(app) and "leaves the queue" in screen_text(app))


@pytest.mark.parametrize("preset", PRESETS)
def test_no_two_actions_of_a_screen_have_a_key(preset: str) -> None:
    keymap_of(Config(keymap=preset))


def test_mistakes_in_keys_are_said_in_a_line() -> None:
    with pytest.raises(UserError, match=r"no key 'run.stp' to change \(did you mean run.stop\?\)"):
        keymap_of(Config(keys={"run.stp": "X"}))
    with pytest.raises(UserError, match=r"the key 'R' is that of run.stop and of run.resume"):
        keymap_of(Config(keys={"run.stop": "R"}))


async def test_a_mistake_in_the_file_is_a_notice(home, dashboard, five_runs, until, notices) -> None:
    home.config.write_text('[keys]\n"run.stp" = "X"\n')
    async with dashboard() as (app, pilot):
        await until(pilot, lambda: "no key 'run.stp'" in notices(app))


def test_every_action_has_its_own_id() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)


async def test_no_style_sheet_is_parsed_twice_for_a_new_screen_and_each_has_the_theme(
    dashboard, five_runs, monkeypatch
) -> None:
    parsed: list[str] = []
    original = Stylesheet.reparse
    monkeypatch.setattr(Stylesheet, "reparse", lambda self: parsed.append("again") or original(self))
    async with dashboard() as (app, pilot):
        await pilot.press("2")
        await pilot.pause()
        assert parsed == []
        dark = app.screen.query(Grid).first().rich_style.bgcolor
        app.theme = "textual-light"
        await pilot.pause()
        for key in "231":
            await pilot.press(key)
            await pilot.pause()
            assert app.screen.query(Grid).first().rich_style.bgcolor != dark, key


async def test_a_log_that_is_shown_takes_the_theme(dashboard, five_runs, until) -> None:
    async with dashboard() as (app, pilot):
        log = app.screen.query_one(LogView)

        def colour() -> object:
            return log.render_line(0)._segments[0].style.color

        await until(pilot, lambda: "no log yet" in log.render_line(0).text)
        dark = colour()
        app.theme = "textual-light"
        await until(pilot, lambda: colour() != dark)


async def test_the_theme_is_remembered(home, dashboard, five_runs, until) -> None:
    async with dashboard() as (app, pilot):
        app.theme = "nord"
        await until(pilot, home.remembered.exists)
    async with dashboard() as (app, _):
        assert app.theme == "nord"
    for text in ("", "[1]", '{"theme": 3}', '{"theme": "of another version"}'):
        home.remembered.write_text(text)
        async with dashboard() as (app, _):
            assert app.theme == "textual-dark"


async def test_columns_are_chosen_and_remembered(home, dashboard, five_runs, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        assert "backbone" in screen_text(app) and "seed" in screen_text(app)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, ColumnsScreen) and app.screen.query(SelectionList))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        assert not home.remembered.exists(), "escape changes nothing"
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, ColumnsScreen) and app.screen.query(SelectionList))
        columns = app.screen.query_one(SelectionList)
        assert not {"glyph", "id"} & {columns.get_option_at_index(place).value for place in range(columns.option_count)}
        columns.deselect("backbone")
        await pilot.press("enter")
        await until(pilot, lambda: home.remembered.exists() and "backbone" not in screen_text(app))
        await pilot.press("g", "c")
        await until(pilot, lambda: isinstance(app.screen, ColumnsScreen) and app.screen.query(SelectionList))
        app.screen.query_one(SelectionList).deselect("time")
        await pilot.press("enter")
        await until(pilot, lambda: "time" in home.remembered.read_text())
        app.theme = "nord"
        await until(pilot, lambda: "nord" in home.remembered.read_text())
    async with dashboard() as (app, pilot):
        await until(pilot, lambda: "seed" in screen_text(app))
        assert "backbone" not in screen_text(app) and app.theme == "nord"
