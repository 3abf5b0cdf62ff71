"""One run's log on the whole screen."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from scalearn_tui.dashboard.actions import actions_of, bindings
from scalearn_tui.dashboard.screens.run_actions import RunActions, Runs
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.widgets.facts import DIM, state_style
from scalearn_tui.dashboard.widgets.log_view import LogView
from scalearn_tui.text.glyphs import state_glyph
from scalearn_tui.text.names import method_title


class LogScreen(RunActions):
    """The log, a line of context above."""

    actions = actions_of(("run", "app"), without=("run.open", "run.log"))
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(actions),
        Binding("escape,q,l", "app.pop_screen", "back", show=False, id="app.back"),
    ]

    def __init__(self, services: Services, run_id: str) -> None:
        super().__init__(services)
        self._run_id = run_id

    def runs_at_hand(self) -> Runs:
        run = self.services.index.get(self._run_id)
        return () if run is None else (run,)

    def compose(self) -> ComposeResult:
        yield Static(id="log-title")
        yield LogView(self.services.background, id="whole-log")
        yield from super().compose()

    def on_mount(self) -> None:
        view = self.query_one(LogView)
        view.watch_file(self.services.home.log(self._run_id))
        view.focus()
        self.watch(view, "following", self._write_title)
        self.services.runs_changed.subscribe(self, lambda _: self._write_title(), immediate=True)
        self.show_possible()

    def _write_title(self) -> None:
        run = self.services.index.get(self._run_id)
        state = (f"{state_glyph(run.state)} {run.state}", state_style(run.state)) if run else ("gone", DIM)
        what = f"{method_title(run.method)} · {run.target} · seed {run.seed}" if run else ""
        following = "following" if self.query_one(LogView).following else "f follows again"
        title = Content.assemble((self._run_id[:7], "bold"), "  ", state, f"  {what}  ", (following, DIM))
        self.query_one("#log-title", Static).update(title)
