"""What the full screens share: performing actions on the runs at hand, the line of keys, and a notice in small terminals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from scalearn_tui.dashboard.actions import BY_ID, Action
from scalearn_tui.dashboard.band_compositor import BandCompositor
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.widgets.key_line import KeyLine
from scalearn_tui.dashboard.widgets.tab_line import TabLine

if TYPE_CHECKING:
    from engine.registry.listing import ListedRun

MOST_GROUPS = 8
"""Of which it is shown what they take from sources: more are no longer looked through one by one."""
SMALLEST = (60, 15)
READ_ONLY = "here one may only look; scalearn-tui in a terminal does it"


class TooSmall(Static):
    """Covers the screen when it is smaller than anything useful."""

    def on_mount(self) -> None:
        self._write()

    def on_resize(self) -> None:
        self._write()

    def _write(self) -> None:
        have = self.app.size
        need = f"{SMALLEST[0]}x{SMALLEST[1]}"
        self.update(f"needs {need}, have {have.width}x{have.height}; `scalearn ls` works at any size")


class ActionScreen(Screen[None]):
    """Carries out each of its ``actions`` in ``do_<name>(runs)``."""

    actions: ClassVar[Sequence[Action]] = ()
    leaves: ClassVar[str] = "back"
    """What ``q`` does."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._compositor = BandCompositor()
        # It gets its styles as it is mounted. Textual takes a new screen for one of before the last change of the theme, and
        # would parse all style sheets again.
        self._css_update_count = self.app._css_update_count
        self.services = services

    def runs_at_hand(self) -> Sequence[ListedRun]:
        """The runs that actions are about."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield KeyLine(self.actions, self.services.keymap, self.leaves, id="keys")
        yield TooSmall()

    def show_possible(self) -> None:
        """Let the line of keys say what can be done with the runs at hand."""
        runs, line = self.runs_at_hand(), self.query_one(KeyLine)
        line.show([not self._why_not(action, runs) for action in line.actions])

    def _why_not(self, action: Action, runs: Sequence[ListedRun]) -> str:
        """Why an action is impossible, in a few words; empty where it is possible."""
        return READ_ONLY if action.writes and self.services.read_only else action.possible(runs)

    def action_perform(self, action_id: str) -> None:
        """Carry out an action, or say why it is impossible."""
        action, runs = BY_ID[action_id], self.runs_at_hand()
        if why := self._why_not(action, runs):
            self.notify(why, severity="warning", markup=False)
        else:
            getattr(self, action.method)(runs)

    @on(KeyLine.Clicked)
    @on(TabLine.Clicked)
    def _clicked(self, event: KeyLine.Clicked | TabLine.Clicked) -> None:
        self.action_perform(event.action)

    def do_runs(self, _: Sequence[ListedRun]) -> None:
        self.app.switch_mode("runs")

    def do_board(self, _: Sequence[ListedRun]) -> None:
        self.app.switch_mode("board")

    def do_sweeps(self, _: Sequence[ListedRun]) -> None:
        self.app.switch_mode("sweeps")

    def do_compare(self, _: Sequence[ListedRun]) -> None:
        self.app.switch_mode("compare")

    def do_queue(self, _: Sequence[ListedRun]) -> None:
        self.app.switch_mode("queue")

    def do_transfer(self, runs: Sequence[ListedRun]) -> None:
        """Of the runs at hand; without any, what was shown last."""
        from scalearn_tui.dashboard.model.groups import by_group

        if runs:
            groups = by_group(runs)
            if len(groups) > MOST_GROUPS:
                self.notify(f"the first {MOST_GROUPS} of {len(groups)} groups are shown", severity="warning")
            self.services.weighed = tuple(run_id for group in groups[:MOST_GROUPS] for run_id in group)
        self.app.switch_mode("transfer")

    def do_menu(self, runs: Sequence[ListedRun]) -> None:
        """All actions of the screen, to choose from."""
        from scalearn_tui.dashboard.screens.menu import MenuScreen

        def chosen(action_id: str | None) -> None:
            if action_id:
                self.action_perform(action_id)

        others = [(action, self._why_not(action, runs)) for action in self.actions if action.id != "app.menu"]
        self.app.push_screen(MenuScreen(others, runs, self.services.keymap), chosen)
