"""The home screen: all runs, and the selected one beside or below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Footer, Input, Static

from scalearn_tui.dashboard.run_index import ORDERS
from scalearn_tui.dashboard.screens.run_screen import RunScreen
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.widgets.detail_pane import DetailPane
from scalearn_tui.dashboard.widgets.facts import DIM
from scalearn_tui.dashboard.widgets.run_table import RunTable
from scalearn_tui.dashboard.widgets.status_line import StatusLine
from scalearn_tui.text.suggestions import FIRST_RUN

if TYPE_CHECKING:
    from engine.registry.records import Run

FILTER_REST = 0.08
"""Seconds without a key before a filter is applied."""


class RunsScreen(RunScreen):
    """Table, filter, detail pane."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", key_display="/", id="runs.filter", tooltip="show runs that contain these words"),
        Binding("s", "sort", "sort", id="runs.sort", tooltip="next order of the table"),
        Binding("n", "new", "new", id="run.new", tooltip="plan and queue runs, as `scalearn run` does"),
        Binding("l", "log", "log", id="run.log", tooltip="the log on the whole screen"),
        Binding("m", "chart", "chart", id="view.chart", tooltip="the next chart: loss, metric, machine"),
        Binding("escape", "clear", "clear the filter", show=False, id="runs.clear"),
        Binding("r", "refresh", "read again", show=False, id="runs.refresh", tooltip="read the whole registry again"),
        Binding("q", "app.quit", "quit", id="app.quit", tooltip="leave; runs go on"),
    ]

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._filter = ""
        self._order = 0

    @property
    def run(self) -> Run | None:
        return self.query_one(RunTable).selected

    def compose(self) -> ComposeResult:
        yield StatusLine(id="status")
        with Container(id="body"):
            with Vertical(id="list"):
                yield Input(placeholder="words in id, method, backbone, target or state", id="filter")
                yield Static(id="notice")
                yield RunTable(id="table")
            yield DetailPane(self.services, id="detail")
        yield Footer(compact=True)
        yield from super().compose()

    def on_mount(self) -> None:
        self.query_one("#filter").display = False
        self.services.runs_changed.subscribe(self, lambda _: self.show_runs())
        self.query_one(RunTable).focus()
        self.show_runs()

    def on_screen_resume(self) -> None:
        self.show_runs()
        self.query_one(DetailPane).refresh_run()

    def show_runs(self) -> None:
        """Show the runs of the index; skipped while another screen hides them."""
        if self.app.screen is not self:
            return
        services, order = self.services, ORDERS[self._order]
        runs = services.runs.view(self._filter, order)
        table = self.query_one(RunTable)
        table.show(runs, order)
        notice = self._notice(len(runs))
        self.query_one("#notice", Static).update(notice)
        self.query_one("#notice").display = not runs
        table.display = bool(runs)
        shown = f"{len(runs)} of {len(services.runs)}" if self._filter else f"{len(runs)} runs"
        filtered = f" match “{self._filter}”" if self._filter else ""
        right = f"{shown}{filtered}, {order.name}" if services.registry is not None else ""
        self.query_one(StatusLine).show(services.runs.counts(), right, services.trouble)
        self.query_one(DetailPane).show(None if table.selected is None else table.selected.id)

    def _notice(self, shown: int) -> Content:
        """What stands in place of the table."""
        services = self.services
        if shown:
            return Content()
        if services.registry is None:
            return Content(f"{services.trouble}\nr tries again" if services.trouble else "reading the registry…")
        if self._filter:
            return Content(f"0 of {len(services.runs)} runs match “{self._filter}”; escape clears the filter")
        return Content.assemble(
            ("No runs yet.\n\n", "bold"),
            ("n", "bold $text-accent"), "  plans and queues one here\n",
            (FIRST_RUN, "$text-accent"),
            "  is the same on the command line\n\n",
            (f"registry: {services.home.database}", DIM),
        )  # fmt: skip

    @on(RunTable.Selected)
    def _selected(self, event: RunTable.Selected) -> None:
        self.query_one(DetailPane).show(event.run_id)

    @on(RunTable.Opened)
    def _opened(self, event: RunTable.Opened) -> None:
        from scalearn_tui.dashboard.screens.detail import DetailScreen

        self.app.push_screen(DetailScreen(self.services, event.run_id, self.query_one(DetailPane).chart_shows))

    def action_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.display = True
        field.focus()

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self.set_timer(FILTER_REST, self._apply_filter)

    def _apply_filter(self) -> None:
        wanted = self.query_one("#filter", Input).value.strip()
        if wanted != self._filter:
            self._filter = wanted
            self.show_runs()

    @on(Input.Submitted, "#filter")
    def _filter_entered(self) -> None:
        self._apply_filter()
        self.query_one("#filter").display = bool(self._filter)
        self.query_one(RunTable).focus()

    def action_clear(self) -> None:
        """Drop the filter and go back to the table."""
        field = self.query_one("#filter", Input)
        field.value, self._filter = "", ""
        field.display = False
        self.query_one(RunTable).focus()
        self.show_runs()

    def action_sort(self) -> None:
        self._order = (self._order + 1) % len(ORDERS)
        self.show_runs()

    def action_refresh(self) -> None:
        self.services.open_registry()

    def action_chart(self) -> None:
        self.query_one(DetailPane).next_chart()

    def action_log(self) -> None:
        from scalearn_tui.dashboard.screens.log import LogScreen

        if self.run is not None:
            self.app.push_screen(LogScreen(self.services, self.run.id))

    def action_new(self) -> None:
        from scalearn_tui.dashboard.screens.new_run import NewRunScreen

        if self.services.registry is None:
            self.notify("the registry is not open yet", severity="warning")
            return
        self.app.push_screen(NewRunScreen(self.services))
