"""The keys of the screen below, made from its bindings, and what the marks mean."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from scalearn_tui.dashboard.actions import AREAS
from scalearn_tui.dashboard.widgets.colours import DIM, Part, state_style
from scalearn_tui.text.glyphs import STATES

KEY_WIDTH = 16
MEANINGS = {
    "queued": "waits for its sources or for a free device",
    "starting": "its process is starting",
    "running": "trains",
    "completed": "trained and evaluated",
    "failed": "ended with an error; the cause says why",
    "stopped": "ended on request after saving",
    "lost": "its process ended without an exit record",
}
TITLES = {**AREAS, "table": "Moving in the table", "chart": "The chart"}


class HelpScreen(ModalScreen[None]):
    """Closes with the keys that opened it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss", "close", id="help.close"),
        Binding("j,down", "scroll(1)", "down", show=False, id="help.down"),
        Binding("k,up", "scroll(-1)", "up", show=False, id="help.up"),
        Binding("pagedown,space", "scroll_page(1)", "page down", show=False, id="help.pagedown"),
        Binding("pageup", "scroll_page(-1)", "page up", show=False, id="help.pageup"),
        Binding("home,g", "scroll(-9999)", "top", show=False, id="help.home"),
        Binding("end,G", "scroll(9999)", "end", show=False, id="help.end"),
    ]

    def __init__(self, about: Screen[object]) -> None:
        super().__init__()
        self._about = about

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help", can_focus=False) as box:
            box.border_subtitle = "j k PgDn PgUp scroll  esc close"
            yield Static(self._content())

    def action_scroll(self, by: int) -> None:
        self.query_one("#help").scroll_relative(y=by, animate=False)

    def action_scroll_page(self, by: int) -> None:
        self.action_scroll(by * (self.query_one("#help").size.height - 1))

    def _content(self) -> Content:
        lines: list[Content] = []
        keys = self._keys()
        for area, title in TITLES.items():
            if area not in keys:
                continue
            lines += [Content.styled(title, "bold $text-primary")]
            for (description, tooltip), names in keys[area].items():
                shown = " ".join(dict.fromkeys(names))
                text = description + (f" – {tooltip}" if tooltip else "")
                lines.append(Content.assemble("  ", (shown.ljust(KEY_WIDTH), "bold $text-accent"), text))
            lines.append(Content())
        lines.append(Content.styled("States", "bold $text-primary"))
        for state, mark in STATES.items():
            parts: list[Part] = ["  ", (f"{mark.glyph} {state}".ljust(KEY_WIDTH), state_style(state)), (MEANINGS[state], DIM)]
            lines.append(Content.assemble(*parts))
        return Content("\n").join(lines)

    def _keys(self) -> dict[str, dict[tuple[str, str], list[str]]]:
        """area -> (description, tooltip) -> keys."""
        keys: dict[str, dict[tuple[str, str], list[str]]] = {"app": {("commands", ""): ["^p"]}}
        for _, binding, _, tooltip in self._about.active_bindings.values():
            area, _, _ = (binding.id or "").partition(".")
            if area in TITLES and binding.id != "app.quit-anywhere":
                names = keys.setdefault(area, {}).setdefault((binding.description, tooltip), [])
                names.append(self.app.get_key_display(binding))
        return keys
