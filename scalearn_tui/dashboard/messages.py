"""What the poller says; the app takes it into the model, and screens hear of it afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from engine.registry.listing import Changes
    from engine.registry.reading import Reader


class RegistryOpened(Message):
    """The registry is open, for the first time or again; its runs follow."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader


class RunsRead(Message):
    """Runs are new, others or gone. ``chosen`` are the ids among them of which the selection holds; None without one."""

    def __init__(self, changes: Changes, chosen: frozenset[str] | None) -> None:
        super().__init__()
        self.changes, self.chosen = changes, chosen


class RunsChosen(Message):
    """The ids of all runs of which a selection holds, None for the empty one; or why it cannot be understood."""

    def __init__(self, text: str, ids: frozenset[str] | None, error: str = "") -> None:
        super().__init__()
        self.text, self.ids, self.error = text, ids, error


class RegistryTrouble(Message):
    """Why what is shown may be old; empty when the registry answers again."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
