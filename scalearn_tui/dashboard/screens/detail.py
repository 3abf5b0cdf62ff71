"""One run on the whole screen."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from scalearn_tui.dashboard.actions import actions_of, bindings
from scalearn_tui.dashboard.model.index import Updated
from scalearn_tui.dashboard.screens.run_actions import RunActions, Runs
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.widgets.detail_pane import DetailPane
from scalearn_tui.dashboard.widgets.log_view import LogView


class DetailScreen(RunActions):
    """The detail pane with room."""

    actions = actions_of(("run", "view", "app"), without=("run.open",))
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(actions),
        Binding("escape,q", "app.pop_screen", "back", show=False, id="app.back"),
    ]

    def __init__(self, services: Services, run_id: str, chart_shows: str = "loss") -> None:
        super().__init__(services)
        self._run_id, self._chart_shows = run_id, chart_shows

    def runs_at_hand(self) -> Runs:
        run = self.services.index.get(self._run_id)
        return () if run is None else (run,)

    def compose(self) -> ComposeResult:
        yield DetailPane(self.services, brief=False, id="detail")
        yield from super().compose()

    def on_mount(self) -> None:
        pane = self.query_one(DetailPane)
        pane.chart_shows = self._chart_shows
        pane.show(self._run_id)
        self.set_focus(self.query_one(LogView))
        self.services.runs_changed.subscribe(self, self._runs_changed, immediate=True)
        self.show_possible()

    def _runs_changed(self, updated: Updated) -> None:
        self.show_possible()
        if not self.runs_at_hand() and self.is_current:
            self.notify(f"run {self._run_id[:7]} was deleted", severity="warning")
            self.dismiss()

    def on_screen_resume(self) -> None:
        self.query_one(DetailPane).refresh_run()

    def do_chart(self, _: Runs) -> None:
        self.query_one(DetailPane).next_chart()
