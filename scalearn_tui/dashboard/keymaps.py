"""Other keys than the usual ones: a preset, and what ``config.toml`` says of single actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.errors import UserError, did_you_mean
from scalearn_tui.dashboard.actions import ACTIONS, Action

if TYPE_CHECKING:
    from engine.files.config import Config

PRESETS: Mapping[str, Mapping[str, str]] = {
    "default": {},
    "vim": {"table.home": "home,g", "table.end": "end,G", "runs.group": "z"},
}
WIDGETS = (
    "table.down", "table.up", "table.pagedown", "table.pageup", "table.home", "table.end", "table.left", "table.right",
    "table.open", "table.mark", "table.mark-all", "app.help", "app.quit", "app.back",
)  # fmt: skip
"""Ids of keys that are no actions."""


def keymap_of(config: Config) -> dict[str, str]:
    """Keys by id, with commas between several. Raises UserError for an id that is none, and for a key that two have."""
    keys = dict(PRESETS[config.keymap]) | config.keys
    known = [*(action.id for action in ACTIONS), *WIDGETS]
    for name in keys:
        if name not in known:
            raise UserError(f"config.toml: no key {name!r} to change{did_you_mean(name, known)}; `?` in the dashboard has all")
    for actions in _screens():
        _refuse_clashes((action.id, keys.get(action.id, action.key)) for action in actions)
    return keys


def _screens() -> list[Sequence[Action]]:
    """The actions of each screen: only on one screen do two of them meet."""
    from scalearn_tui.dashboard.screens.board import BoardScreen
    from scalearn_tui.dashboard.screens.compare import CompareScreen
    from scalearn_tui.dashboard.screens.detail import DetailScreen
    from scalearn_tui.dashboard.screens.log import LogScreen
    from scalearn_tui.dashboard.screens.queue import QueueScreen
    from scalearn_tui.dashboard.screens.runs import RunsScreen
    from scalearn_tui.dashboard.screens.sweeps import SweepsScreen
    from scalearn_tui.dashboard.screens.transfer import TransferScreen

    screens = (RunsScreen, BoardScreen, SweepsScreen, QueueScreen, CompareScreen, TransferScreen, DetailScreen, LogScreen)
    return [screen.actions for screen in screens]


def _refuse_clashes(keys: Iterable[tuple[str, str]]) -> None:
    owners: dict[str, str] = {}
    for name, several in keys:
        for key in several.split(","):
            if (other := owners.setdefault(key, name)) != name:
                raise UserError(f"config.toml: the key {key!r} is that of {other} and of {name}; give one of them another")
