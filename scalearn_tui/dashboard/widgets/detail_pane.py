"""Everything about the selected run: facts, chart and the end of its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.reactive import var
from textual.widgets import Static

from scalearn_tui.dashboard.detail import Detail, DetailReader
from scalearn_tui.dashboard.run_charts import RunChart, curve_names, run_charts
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.widgets.chart import Chart
from scalearn_tui.dashboard.widgets.facts import facts
from scalearn_tui.dashboard.widgets.log_view import LogView

if TYPE_CHECKING:
    from engine.registry.records import Run

SETTLE = 0.06
"""Seconds of rest before a newly selected run is read, so that holding a cursor key reads nothing in between."""


class DetailPane(Vertical):
    """Shows one run and follows it. It reads nothing while it is hidden."""

    chart_shows: var[str] = var("loss", init=False)
    """Key of a ``RunChart``."""

    def __init__(self, services: Services, brief: bool = True, id: str | None = None) -> None:
        super().__init__(id=id)
        self._services = services
        self._brief = brief
        self._run_id: str | None = None
        self._reader: DetailReader | None = None
        self._detail: Detail | None = None
        self._reading = False

    def compose(self) -> ComposeResult:
        yield Static(id="facts")
        yield Chart(self._services.background, id="chart")
        yield LogView(self._services.background, id="log")

    def on_mount(self) -> None:
        self._services.runs_changed.subscribe(self, lambda _: self.refresh_run(), immediate=True)

    def show(self, run_id: str | None) -> None:
        """Show another run. What is shown stays until that one is read."""
        if run_id == self._run_id:
            return
        self._run_id, self._reading = run_id, False
        if run_id is None:
            self._detail = None
            self._draw()
        self.set_timer(SETTLE, self.refresh_run)

    def on_show(self) -> None:
        self.refresh_run()

    def refresh_run(self) -> None:
        """Read the run in a thread if it changed since the last look."""
        row, registry = self._services.index.get(self._run_id), self._services.reader
        if not self.is_attached or not self.display or self.screen is not self.app.screen:
            return
        if row is None or registry is None:
            return
        if self._reader is None or self._reader.run_id != row.id:
            self._reader, self._reading = DetailReader(registry, row.id, self._curves), False
        if self._reader.seen >= row.version or self._reading:
            return
        reader, self._reading = self._reader, True
        self._services.background(reader.read, lambda detail: self._take(reader, detail), self._failed)

    def _take(self, reader: DetailReader, detail: Detail | None) -> None:
        if reader is not self._reader or not self.is_attached or reader.run_id != self._run_id:
            return
        self._reading = False
        if detail is None:
            return
        if self._detail is None or self._detail.run.id != detail.run.id:
            # What was looked at closely was another run.
            self.query_one(Chart).action_whole()
        self._detail = detail
        self._draw()
        self.refresh_run()

    def _failed(self, error: BaseException) -> None:
        self._reading = False
        if self._detail is None:
            self.query_one(Chart).show("", ())
        self._services.notify_error(error)

    def watch_chart_shows(self) -> None:
        self._draw()

    def _draw(self) -> None:
        detail = self._detail
        for widget in (Static, Chart):
            self.query_one(widget).visible = detail is not None
        if detail is None:
            self.query_one(LogView).watch_file(None)
            return
        run = detail.run
        self.query_one(LogView).watch_file(self._services.home.log(run.id))
        shown = facts(run, detail, self._services.index, self._services.catalog, self._brief)
        # Beside the list they have a fixed height, and the screen need not be laid out again.
        self.query_one("#facts", Static).update(shown, layout=not self._brief)
        chart = next((one for one in self._with_points(detail) if one.key == self.chart_shows), self._charts(run)[0])
        self.query_one(Chart).show(chart.title, chart.series(run, detail))

    def next_chart(self) -> None:
        """Show the next chart that has points."""
        keys = ["loss", "metric"] if self._detail is None else [one.key for one in self._with_points(self._detail)]
        at = keys.index(self.chart_shows) + 1 if self.chart_shows in keys else 0
        self.chart_shows = keys[at % len(keys)]

    def _curves(self, run: Run) -> list[str]:
        return curve_names(self._charts(run))

    def _charts(self, run: Run) -> list[RunChart]:
        return run_charts(run, self._services.catalog)

    def _with_points(self, detail: Detail) -> list[RunChart]:
        """The charts of the run that show something; loss and metric in any case."""
        charts = self._charts(detail.run)
        return [one for one in charts if one.key in ("loss", "metric") or one.series(detail.run, detail)]
