"""All actions of a screen: what each does, and why it is impossible where it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from scalearn_tui.dashboard.actions import Action
from scalearn_tui.dashboard.widgets.colours import DIM

if TYPE_CHECKING:
    from engine.registry.listing import ListedRun


class MenuScreen(ModalScreen[str]):
    """Answers with the id of the chosen action."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,x", "dismiss", "close", id="menu.close"),
        Binding("j", "move(1)", "down", show=False, id="menu.down"),
        Binding("k", "move(-1)", "up", show=False, id="menu.up"),
    ]

    def __init__(self, actions: Sequence[tuple[Action, str]], runs: Sequence[ListedRun], keymap: Mapping[str, str]) -> None:
        """``actions`` with why each is impossible, empty where it is possible."""
        super().__init__()
        self._actions, self._runs, self._keymap = actions, runs, keymap

    def compose(self) -> ComposeResult:
        with Vertical(id="menu"):
            about = f"{len(self._runs)} runs" if len(self._runs) != 1 else self._runs[0].id[:7]
            yield Label(about, id="dialog-title", markup=False)
            yield OptionList(*(self._option(action, why) for action, why in self._actions), id="actions")

    def _option(self, action: Action, why: str) -> Option:
        key = action.shown_key(self._keymap).rjust(3)
        if why:
            return Option(Content.assemble((f"{key}  {action.title}  ", DIM), (why, "$text-warning")), action.id, disabled=True)
        return Option(Content.assemble((key, "bold $text-accent"), f"  {action.title}  ", (action.help, DIM)), action.id)

    def on_key(self, event: object) -> None:
        """The key of an action chooses it here, too."""
        character = getattr(event, "character", None)
        for action, why in self._actions:
            if character and character == action.shown_key(self._keymap) and not why:
                self.dismiss(action.id)

    def action_move(self, by: int) -> None:
        actions = self.query_one(OptionList)
        actions.action_cursor_down() if by > 0 else actions.action_cursor_up()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)
