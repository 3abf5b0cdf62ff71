"""The line below the status: the screens by number, the one at hand marked."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from scalearn_tui.dashboard.actions import SCREENS
from scalearn_tui.dashboard.widgets.colours import DIM, Part

GAP = 2


class TabLine(Static):
    """A click leads to the screen."""

    @dataclass
    class Clicked(Message):
        """The action of a screen was clicked."""

        action: str

    def __init__(self, current: str) -> None:
        """``current`` is the id of the action that leads to the screen at hand."""
        parts: list[Part] = []
        self._places: list[tuple[int, int, str]] = []
        x = 1
        for action in SCREENS:
            text = f"{action.key} {action.title}"
            self._places.append((x, x + len(text), action.id))
            parts += [(text, "bold $text-primary") if action.id == current else (text, DIM), " " * GAP]
            x += len(text) + GAP
        super().__init__(Content.assemble(*parts))

    def on_click(self, event: events.Click) -> None:
        for start, end, action in self._places:
            if start <= event.x < end:
                self.post_message(self.Clicked(action))
