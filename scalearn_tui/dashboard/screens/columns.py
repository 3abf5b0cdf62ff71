"""Which columns a list has."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Label, SelectionList

from scalearn_tui.dashboard.widgets.lines import Column

ALWAYS = ("glyph", "id")
"""Without these nobody would know which run a line is."""


class ColumnsScreen(ModalScreen[frozenset[str]]):
    """Space shows a column or leaves it out; enter answers with the keys of those left out, escape with none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "cancel", id="columns.cancel"),
        Binding("enter", "choose", "done", priority=True, id="columns.choose"),
        Binding("j", "move(1)", "down", show=False, id="columns.down"),
        Binding("k", "move(-1)", "up", show=False, id="columns.up"),
    ]

    def __init__(self, columns: Sequence[Column[Any]], hidden: Collection[str]) -> None:
        super().__init__()
        self._columns = [column for column in columns if column.key not in ALWAYS]
        self._hidden = hidden

    def compose(self) -> ComposeResult:
        with Vertical(id="menu"):
            yield Label("Columns: space shows one or leaves it out, enter is done", id="dialog-title", markup=False)
            choices = [(column.title, column.key, column.key not in self._hidden) for column in self._columns]
            yield SelectionList[str](*choices, id="actions")

    def action_choose(self) -> None:
        shown = self.query_one(SelectionList).selected
        self.dismiss(frozenset(column.key for column in self._columns if column.key not in shown))

    def action_move(self, by: int) -> None:
        columns = self.query_one(SelectionList)
        columns.action_cursor_down() if by > 0 else columns.action_cursor_up()
