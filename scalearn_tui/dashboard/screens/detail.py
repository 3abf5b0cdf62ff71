"""One run on the whole screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer

from scalearn_tui.dashboard.screens.run_screen import RunScreen
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.widgets.detail_pane import DetailPane
from scalearn_tui.dashboard.widgets.log_view import LogView

if TYPE_CHECKING:
    from engine.registry.records import Run


class DetailScreen(RunScreen):
    """The detail pane with room."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "log", "log", id="run.log", tooltip="the log on the whole screen"),
        Binding("m", "chart", "chart", id="view.chart", tooltip="the next chart: loss, metric, machine"),
        Binding("escape,q", "app.pop_screen", "back", id="app.back"),
    ]

    def __init__(self, services: Services, run_id: str, chart_shows: str = "loss") -> None:
        super().__init__(services)
        self._run_id, self._chart_shows = run_id, chart_shows

    @property
    def run(self) -> Run | None:
        return self.services.runs.get(self._run_id)

    def compose(self) -> ComposeResult:
        yield DetailPane(self.services, brief=False, id="detail")
        yield Footer(compact=True)
        yield from super().compose()

    def on_mount(self) -> None:
        pane = self.query_one(DetailPane)
        pane.chart_shows = self._chart_shows
        pane.show(self._run_id)
        self.query_one(LogView).focus()

    def on_screen_resume(self) -> None:
        self.query_one(DetailPane).refresh_run()

    def action_chart(self) -> None:
        self.query_one(DetailPane).next_chart()

    def action_log(self) -> None:
        from scalearn_tui.dashboard.screens.log import LogScreen

        self.app.push_screen(LogScreen(self.services, self._run_id))
