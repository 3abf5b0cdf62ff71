"""One launch option as a field of a form, completing the word being typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Label

from engine.catalog.catalog import Catalog
from scalearn_tui.dashboard.model.choices import LISTED
from scalearn_tui.text.options import LaunchOption


class WordSuggester(Suggester):
    """Completes the last word of a list separated by commas or blanks."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(use_cache=True, case_sensitive=True)
        self._words = words

    async def get_suggestion(self, value: str) -> str | None:
        return self.completed(value)

    def completed(self, value: str) -> str | None:
        """The text with its last word completed; None where no known word begins so."""
        begun = last_word(value)
        completed = next((word for word in self._words if word.startswith(begun)), None) if begun else None
        return None if completed is None else value[: len(value) - len(begun)] + completed


def last_word(text: str) -> str:
    """The text after the last comma or blank."""
    return text.replace(",", " ").rpartition(" ")[2]


class CompletingInput(Input):
    """An input in which Tab takes the suggestion along to the next field."""

    # With priority: keys that are typed faster than fields answer belong to the next field already.
    BINDINGS: ClassVar = [Binding("tab", "complete_and_leave", show=False, priority=True)]

    def action_complete_and_leave(self) -> None:
        self.screen.focus_next()
        # After the keys that were typed before.
        self.call_later(self._complete)

    def _complete(self) -> None:
        if self.cursor_at_end and isinstance(self.suggester, WordSuggester):
            self.value = self.suggester.completed(self.value) or self.value


class OptionLabel(Label):
    """Names the option; a click opens the list of its values."""

    class Clicked(Message):
        """``option`` is the name of the option."""

        def __init__(self, option: str) -> None:
            super().__init__()
            self.option = option

    def __init__(self, option: LaunchOption) -> None:
        super().__init__(f"{option.label} ▾" if option.name in LISTED else option.label, classes="option-label", markup=False)
        self._option = option

    def on_click(self) -> None:
        self.post_message(self.Clicked(self._option.name))


class OptionField(Horizontal):
    """Label and input of one option. The input's id is ``option-<name>``."""

    def __init__(self, option: LaunchOption, catalog: Catalog, value: str | None = None) -> None:
        super().__init__()
        self.option = option
        self._value = option.default if value is None else value
        self.choices = list(dict.fromkeys(option.choices(catalog))) if option.choices else []
        entries = option.entries(catalog) if option.entries else {}
        self._packages = {name: info.distribution for name, info in entries.items() if info.distribution}

    def compose(self) -> ComposeResult:
        yield OptionLabel(self.option)
        yield CompletingInput(
            value=self._value,
            placeholder=f"as in {self.option.placeholder}",
            suggester=WordSuggester(self.choices) if self.choices else None,
            id=f"option-{self.option.name}",
        )

    @property
    def value(self) -> str:
        return self.query_one(Input).value.strip()

    def put(self, typed: Sequence[str]) -> None:
        """Let these words stand in the field, to be typed on."""
        field = self.query_one(Input)
        field.value = ",".join(typed)
        field.cursor_position = len(field.value)

    @property
    def begun(self) -> str:
        """The word that is being typed."""
        return last_word(self.query_one(Input).value)

    def matching(self) -> list[str]:
        """Known values that begin with the word being typed; those of a package are followed by its name and version."""
        begun = self.begun
        matching = [word for word in self.choices if word.startswith(begun)]
        return [f"{word} ({self._packages[word]})" if word in self._packages else word for word in matching]
