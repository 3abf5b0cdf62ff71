"""A list to choose from, narrowed by what is typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from scalearn_tui.dashboard.model.choices import Choice, matching
from scalearn_tui.dashboard.widgets.colours import DIM
from scalearn_tui.text.formatting import padded

LONGEST = 24
"""Cells of a name at most."""


class NarrowingInput(Input):
    """Takes all characters but the blank, which marks."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return key != "space" and super().check_consume_key(key, character)


class PickerScreen(ModalScreen[list[Choice]]):
    """Answers with the marked choices; where no mark was changed, and the cursor is on none, with the choice there alone.

    The line typed into keeps the focus, so that typing narrows the list at any time; the keys of the list move its cursor.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "back", id="picker.back"),
        Binding("down", "cursor('cursor_down')", show=False, priority=True, id="picker.down"),
        Binding("up", "cursor('cursor_up')", show=False, priority=True, id="picker.up"),
        Binding("pagedown", "cursor('page_down')", show=False, priority=True, id="picker.pagedown"),
        Binding("pageup", "cursor('page_up')", show=False, priority=True, id="picker.pageup"),
        Binding("home", "cursor('first')", show=False, priority=True, id="picker.first"),
        Binding("end", "cursor('last')", show=False, priority=True, id="picker.last"),
        Binding("space", "mark", "mark", priority=True, id="picker.mark"),
    ]

    def __init__(self, title: str, choices: Sequence[Choice], marked: Sequence[Choice], many: bool) -> None:
        """The cursor starts on the first of ``marked``, which have marks from the start where ``many`` may have one."""
        super().__init__()
        self._title, self._choices, self._many = title, choices, many
        self._width = min(LONGEST, max((len(choice.name) for choice in choices), default=0))
        self._marked = list(marked) if many else []
        self._touched = False
        """Whether a mark was set or taken away here."""
        self._first = marked[0] if marked else None
        self._shown: Sequence[Choice] = ()

    def compose(self) -> ComposeResult:
        with Vertical(id="picker") as box:
            box.border_title = self._title
            box.border_subtitle = "space mark  " * self._many + "enter take  esc back"
            yield NarrowingInput(placeholder="type to narrow the list", id="picker-typed")
            yield OptionList(id="choices")
            yield Static(id="about", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self.set_focus(self.query_one(Input))
        self._narrow()
        if self._first in self._shown:
            self.query_one(OptionList).highlighted = self._shown.index(self._first)

    @on(Input.Changed)
    def _narrow(self) -> None:
        """Show the choices that have what is typed, the cursor on the first."""
        self._shown = matching(self._choices, self.query_one(Input).value)
        listed = self.query_one(OptionList)
        listed.clear_options()
        listed.add_options(Option(self._line(choice)) for choice in self._shown)
        listed.highlighted = 0 if self._shown else None
        self._explain()

    def _line(self, choice: Choice) -> Content:
        mark = ("◆ " if choice in self._marked else "  ") if self._many else ""
        name = (padded(choice.name, self._width), choice.style or ("bold" if choice in self._marked else ""))
        return Content.assemble((mark, "$text-accent"), name, "  ", (choice.about, choice.style or DIM))

    @on(OptionList.OptionHighlighted)
    def _explain(self) -> None:
        """All about the choice at the cursor: its line may be too short for it."""
        choice = self._at_cursor()
        text = "nothing here has what is typed" if choice is None else f"{choice.facts}\n{choice.more}"
        self.query_one("#about", Static).update(text)

    def _at_cursor(self) -> Choice | None:
        position = self.query_one(OptionList).highlighted
        return None if position is None or position >= len(self._shown) else self._shown[position]

    def action_cursor(self, move: str) -> None:
        getattr(self.query_one(OptionList), f"action_{move}")()

    def action_mark(self) -> None:
        """Mark the choice at the cursor, or unmark it, and go on to the next."""
        choice, listed = self._at_cursor(), self.query_one(OptionList)
        if choice is None or not self._many:
            return
        self._touched = True
        self._marked.remove(choice) if choice in self._marked else self._marked.append(choice)
        position = self._shown.index(choice)
        listed.replace_option_prompt_at_index(position, self._line(choice))
        if position + 1 < len(self._shown):
            listed.highlighted = position + 1

    @on(Input.Submitted)
    def _take(self) -> None:
        choice = self._at_cursor()
        if self._touched or choice in self._marked:
            self.dismiss(self._marked)
        elif choice is not None:
            self.dismiss([choice])

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        """A click marks, or takes where there is but one to take."""
        event.stop()
        self.query_one(OptionList).highlighted = event.option_index
        self.action_mark() if self._many else self._take()
