"""The line at the bottom: keys of the screen's actions, those that are impossible at the moment dimmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from scalearn_tui.dashboard.actions import Action

GAP = 2


class KeyLine(Widget):
    """It is drawn anew only when another action became possible, not with every key."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-line--key", "key-line--title", "key-line--impossible"}

    @dataclass
    class Clicked(Message):
        """An action was clicked."""

        action: str

    def __init__(self, actions: Sequence[Action], keymap: Mapping[str, str], last: str = "quit", id: str | None = None) -> None:
        """``last`` is what ``q`` does."""
        super().__init__(id=id)
        self._keymap = keymap
        self._actions = [action for action in actions if action.shown]
        self._last = (("?", "help"), ("q", last))
        self._possible: tuple[bool, ...] = ()
        self._places: list[tuple[int, int, str]] = []

    def show(self, possible: Sequence[bool]) -> None:
        """Whether each of the actions that are shown is possible, in their order."""
        if tuple(possible) != self._possible:
            self._possible = tuple(possible)
            self.refresh()

    @property
    def actions(self) -> list[Action]:
        """Those that are shown."""
        return self._actions

    def on_click(self, event: events.Click) -> None:
        for start, end, action in self._places:
            if start <= event.x < end:
                self.post_message(self.Clicked(action))

    def render_line(self, y: int) -> Strip:
        key, title, impossible = (self.get_component_rich_style(f"key-line--{name}") for name in ("key", "title", "impossible"))
        segments, x, self._places = [Segment(" ", title)], 1, []
        last = sum(len(name) + 1 + len(text) + GAP for name, text in self._last)
        possible = self._possible or (True,) * len(self._actions)
        for action, can in zip(self._actions, possible, strict=True):
            name = action.shown_key(self._keymap)
            length = len(name) + 1 + len(action.title) + GAP
            if x + length + last > self.size.width:
                continue
            self._places.append((x, x + length - GAP, action.id))
            segments.append(Segment(name, key if can else impossible))
            segments.append(Segment(f" {action.title}{' ' * GAP}", title if can else impossible))
            x += length
        for name, text in self._last:
            segments += [Segment(name, key), Segment(f" {text}{' ' * GAP}", title)]
        return Strip(segments).adjust_cell_length(self.size.width, title)
