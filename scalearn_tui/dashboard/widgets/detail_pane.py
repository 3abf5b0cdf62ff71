"""Everything about the selected run: facts, chart and the end of its log."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.cache import LRUCache
from textual.containers import Vertical
from textual.reactive import var

from scalearn_tui.dashboard.detail import Detail, DetailReader
from scalearn_tui.dashboard.run_charts import RunChart, curve_names, run_charts
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.widgets.chart import Chart
from scalearn_tui.dashboard.widgets.fact_lines import FactLines
from scalearn_tui.dashboard.widgets.facts import facts
from scalearn_tui.dashboard.widgets.log_view import LogView

if TYPE_CHECKING:
    from engine.registry.records import Run

SETTLE = 0.06
"""Seconds between two runs; of those that follow faster, as when a key is held, only the last is read."""
KEPT = 32
"""Runs that need not be read again when the cursor comes back to them."""


class DetailPane(Vertical):
    """Shows one run and follows it. It reads nothing while it is hidden."""

    chart_shows: var[str] = var("loss", init=False)
    """Key of a ``RunChart``."""

    def __init__(self, services: Services, brief: bool = True, id: str | None = None) -> None:
        super().__init__(id=id)
        self._services = services
        self._brief = brief
        self._run_id: str | None = None
        self._moved_at = 0.0
        self._readers: LRUCache[str, DetailReader] = LRUCache(KEPT)
        self._detail: Detail | None = None

    def compose(self) -> ComposeResult:
        yield FactLines(id="facts")
        yield Chart(self._services.background, id="chart")
        yield LogView(self._services.background, id="log")

    def on_mount(self) -> None:
        self._services.runs_changed.subscribe(self, lambda _: self.refresh_run(), immediate=True)

    def show(self, run_id: str | None) -> None:
        """Show another run. What is shown stays until that one is read."""
        if run_id == self._run_id:
            return
        self._run_id = run_id
        if run_id is None:
            self._detail = None
            self._draw()
        before, self._moved_at = self._moved_at, monotonic()
        if self._moved_at - before > SETTLE:
            self.refresh_run()
        else:
            self.set_timer(SETTLE, lambda: self.refresh_run() if run_id == self._run_id else None)

    def on_show(self) -> None:
        self.refresh_run()

    def refresh_run(self) -> None:
        """Show the run as it is by now; it is read, in a thread, if it changed since the last look."""
        row, registry = self._services.index.get(self._run_id), self._services.reader
        if not self.is_attached or not self.display or self.screen is not self.app.screen:
            return
        if row is None or registry is None:
            return
        reader = self._readers.get(row.id)
        if reader is None or reader.registry is not registry:
            reader = self._readers[row.id] = DetailReader(registry, row.id, self._curves)
        if reader.seen < row.version:
            self._read(reader)
        elif reader.detail is not None and reader.detail is not self._detail:
            self._show(reader.detail)

    def _read(self, reader: DetailReader) -> None:
        if reader.busy:
            return
        reader.busy = True

        def done(detail: Detail | None) -> None:
            reader.busy, reader.detail = False, detail
            if self.is_attached and detail is not None and reader.run_id == self._run_id:
                self._show(detail)
                self.refresh_run()

        def failed(error: BaseException) -> None:
            reader.busy = False
            if self._detail is None:
                self.query_one(Chart).show("", ())
            self._services.notify_error(error)

        self._services.background(reader.read, done, failed)

    def _show(self, detail: Detail) -> None:
        if self._detail is None or self._detail.run.id != detail.run.id:
            # What was looked at closely was another run.
            self.query_one(Chart).action_whole()
        self._detail = detail
        self._draw()

    @on(LogView.Moved)
    def _log_moved(self, event: LogView.Moved) -> None:
        # Only the screen of a log listens; each widget on the way up costs as much as a row.
        event.stop()

    def watch_chart_shows(self) -> None:
        self._draw()

    def _draw(self) -> None:
        detail = self._detail
        for widget in (FactLines, Chart):
            self.query_one(widget).visible = detail is not None
        if detail is None:
            self.query_one(LogView).watch_file(None)
            return
        run = detail.run
        self.query_one(LogView).watch_file(self._services.home.log(run.id))
        self.query_one(FactLines).show(facts(run, detail, self._services.index, self._services.catalog, self._brief))
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
