"""One question before something that cannot simply be taken back."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Label


class ConfirmScreen(ModalScreen[bool]):
    """Asks yes or no; no is what enter and escape mean."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes", id="confirm.yes"),
        Binding("n,escape,q", "answer(False)", "no", id="confirm.no"),
        Binding("left,right,h,l", "app.focus_next", "choose", show=False, id="confirm.choose"),
    ]

    def __init__(self, title: str, subject: str, consequence: str, verb: str) -> None:
        super().__init__()
        self._title, self._subject, self._consequence, self._verb = title, subject, consequence, verb

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Label(self._title, id="dialog-title", markup=False)
            yield Label(self._subject, markup=False)
            yield Label(self._consequence, id="dialog-text", markup=False)
            with Horizontal(id="dialog-buttons"):
                yield Button("No (n)", id="no")
                yield Button(f"{self._verb} (y)", id="yes", variant="error")

    def on_mount(self) -> None:
        self.set_focus(self.query_one("#no"))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)
