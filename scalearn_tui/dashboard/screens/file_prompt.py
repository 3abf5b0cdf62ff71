"""A file to write: its name is typed, and what is there is replaced after a yes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from scalearn_tui.dashboard.screens.confirm import ConfirmScreen
from scalearn_tui.dashboard.screens.prompt import PromptScreen

if TYPE_CHECKING:
    from scalearn_tui.dashboard.screens.action_screen import ActionScreen

AGAIN = "It may be another one, or what you changed by hand."


def ask_for_file(screen: ActionScreen, title: str, about: str, name: str, write: Callable[[Path], object]) -> None:
    """Ask under ``title``, with ``name`` to begin with; ``write`` gets an absolute path, in a thread, and may raise."""

    def named(typed: str | None) -> None:
        if typed:
            screen.services.background(lambda: _found(typed), lambda found: replace(found[0]) if found[1] else begin(found[0]))

    def replace(path: Path) -> None:
        question = ConfirmScreen("Replace the file?", str(path), AGAIN, "Replace")
        screen.app.push_screen(question, lambda yes: begin(path) if yes else None)

    def begin(path: Path) -> None:
        screen.services.background(lambda: write(path), lambda _: screen.notify(f"wrote {path}", markup=False))

    screen.app.push_screen(PromptScreen(title, about, name, name), named)


def _found(typed: str) -> tuple[Path, bool]:
    """The path that is meant, and whether something is there. Blocks, and raises where that is not to be known."""
    path = Path(typed).expanduser().absolute()
    return path, path.exists()
