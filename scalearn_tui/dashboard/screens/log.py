"""One run's log on the whole screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Footer, Static

from scalearn_tui.dashboard.screens.run_screen import RunScreen
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.widgets.facts import DIM, state_style
from scalearn_tui.dashboard.widgets.log_view import LogView
from scalearn_tui.text.glyphs import state_glyph
from scalearn_tui.text.names import method_title

if TYPE_CHECKING:
    from engine.registry.records import Run


class LogScreen(RunScreen):
    """The log, a line of context above."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,l", "app.pop_screen", "back", id="app.back")]

    def __init__(self, services: Services, run_id: str) -> None:
        super().__init__(services)
        self._run_id = run_id

    @property
    def run(self) -> Run | None:
        return self.services.runs.get(self._run_id)

    def compose(self) -> ComposeResult:
        yield Static(id="log-title")
        yield LogView(self.services.background, id="whole-log")
        yield Footer(compact=True)
        yield from super().compose()

    def on_mount(self) -> None:
        view = self.query_one(LogView)
        view.watch_file(self.services.home.log(self._run_id))
        view.focus()
        self.watch(view, "following", self._write_title)
        self.services.runs_changed.subscribe(self, lambda _: self._write_title())

    def _write_title(self) -> None:
        run = self.run
        state = (f"{state_glyph(run.state)} {run.state}", state_style(run.state)) if run else ("gone", DIM)
        what = f"{method_title(run.method)} · {run.target} · seed {run.seed}" if run else ""
        following = "following" if self.query_one(LogView).following else "f follows again"
        title = Content.assemble((self._run_id[:7], "bold"), "  ", state, f"  {what}  ", (following, DIM))
        self.query_one("#log-title", Static).update(title)
