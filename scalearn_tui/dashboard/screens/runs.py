"""The home screen: all runs or their groups, and the run at hand beside or below them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from scalearn_tui.dashboard.actions import actions_of, bindings, comparable
from scalearn_tui.dashboard.messages import RunsChosen
from scalearn_tui.dashboard.model.index import FlatLines, Updated
from scalearn_tui.dashboard.model.orders import BY_COLUMN, ORDERS, Order
from scalearn_tui.dashboard.screens.run_actions import RunActions
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.widgets.colours import DIM
from scalearn_tui.dashboard.widgets.grid import Grid
from scalearn_tui.dashboard.widgets.run_columns import RUN_COLUMNS
from scalearn_tui.dashboard.widgets.status_line import StatusLine
from scalearn_tui.dashboard.widgets.tab_line import TabLine
from scalearn_tui.text.suggestions import FIRST_RUN

if TYPE_CHECKING:
    from engine.registry.listing import ListedRun
    from scalearn_tui.dashboard.model.groups import GroupedLines, GroupLine
    from scalearn_tui.dashboard.widgets.detail_pane import DetailPane
    from scalearn_tui.dashboard.widgets.lines import Column

Runs = Sequence["ListedRun"]
MOST_SIDES = 8
"""Of a comparison: more curves cannot be distinguished."""
FILTER_REST = 0.08
"""Seconds without a key before a filter is applied."""


class RunsScreen(RunActions):
    """List, filter, detail pane."""

    actions = actions_of(("run", "runs", "view", "go", "app"))
    leaves = "quit"
    AUTO_FOCUS = ""  # Without a list no part of the pane takes the keys.
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(actions),
        Binding("escape", "clear", "unmark, then clear the filter", show=False, id="runs.clear"),
        Binding("q", "app.quit", "quit", show=False, id="app.quit", tooltip="leave; runs go on"),
    ]

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._filter = self._refused = ""
        self._typed = 0
        self._groups: GroupedLines | None = None
        self._pane: DetailPane | None = None

    def compose(self) -> ComposeResult:
        yield StatusLine(id="status")
        yield TabLine("go.runs")
        with Container(id="body"), Vertical(id="list"):
            yield Input(placeholder="state:failed target:rte -seed:0 'dev>80', or words", id="filter")
            yield Static(id="notice")
            yield Grid(RUN_COLUMNS, FlatLines(self.services.index), id="table")
        yield from super().compose()

    def on_mount(self) -> None:
        self.query_one("#filter").display = False
        services = self.services
        services.runs_changed.subscribe(self, self._runs_changed, immediate=True)
        services.runs_chosen.subscribe(self, self._runs_chosen, immediate=True)
        services.status_changed.subscribe(self, lambda _: self._describe(), immediate=True)
        self.set_focus(self.query_one(Grid))
        self._describe()

    def _mount_pane(self) -> None:
        """Put the run at hand beside the list once that is painted: what draws it takes long to load."""
        if self._pane is not None:
            return
        from scalearn_tui.dashboard.widgets.detail_pane import DetailPane

        self._pane = DetailPane(self.services, id="detail")
        self.query_one("#body").mount(self._pane)
        self._show_run()

    def on_screen_resume(self) -> None:
        if self._pane is not None:
            self._pane.refresh_run()

    # What is at hand.

    def runs_at_hand(self) -> Runs:
        """Those marked, of groups all runs; without marks the one at hand."""
        grid = self.query_one(Grid)
        keys = grid.marks or (() if grid.key is None else (grid.key,))
        return tuple({run.id: run for key in keys for run in self._runs_of(key)}.values())

    def _runs_of(self, key: Hashable) -> Runs:
        if self._groups is not None:
            return self._groups.runs(key)
        run = self.services.index.get(str(key))
        return () if run is None else (run,)

    # What changed.

    def _runs_changed(self, updated: Updated) -> None:
        grid = self.query_one(Grid)
        if updated.moved:
            if self._groups is not None:
                self._groups.arrange()
            grid.renewed()
        else:
            grid.changed(updated.changed if self._groups is None else self._groups.update(updated.changed))
        self._describe()
        if self._pane is None:
            self.call_after_refresh(self._mount_pane)

    def _runs_chosen(self, event: RunsChosen) -> None:
        self._refused = event.error
        if not event.error:
            self._filter = event.text
            self._show_filter(event.text)
            if self._groups is not None:
                self._groups.arrange()
            self.query_one(Grid).renewed(top=True)
        self._describe()

    def _describe(self) -> None:
        """Say around the list what it shows."""
        index, services, grid = self.services.index, self.services, self.query_one(Grid)
        self._show_notice(self._notice())
        shown = f"{index.shown():,} of {len(index):,}" if self._filter else f"{len(index):,} runs"
        matching = f" match “{self._filter}”" if self._filter else ""
        grouped = f", {self._groups.groups:,} groups" if self._groups is not None else ""
        marked = f", {len(grid.marks)} marked" if grid.marks else ""
        order = f"{index.order.name}{', reversed' if index.reversed else ''}"
        all_of_it = f"{shown}{matching}{grouped}{marked}, {order}" if services.is_read else "reading all runs…"
        right = services.requests.pending or (all_of_it if services.reader else "")
        self.query_one(StatusLine).show(index.counts(), right, services.trouble or self._refused)
        columns = RUN_COLUMNS if self._groups is None else self._group_columns()
        # What is queued or completed has no cause, and needs no room for one.
        left_out = set(services.remembered.left_out.split(","))
        if not set(index.counts()) - {"queued", "completed"}:
            left_out.add("cause")
        grid.columns = [column for column in columns if column.key not in left_out]
        arrow = "" if self._groups is not None else index.order.column
        grid.show_sorted(arrow, index.order.falling is not index.reversed)
        self._show_run()

    @staticmethod
    def _group_columns() -> Sequence[Column[GroupLine]]:
        from scalearn_tui.dashboard.widgets.group_columns import GROUP_COLUMNS

        return GROUP_COLUMNS

    def _show_notice(self, notice: Content | None) -> None:
        stands_in, grid = self.query_one("#notice", Static), self.query_one(Grid)
        if notice is not None:
            stands_in.update(notice)
            if grid.has_focus:
                # A list that is hidden would hand it to the filter, where keys would be typed instead of doing something.
                self.set_focus(None)
        elif self.focused is None:
            self.set_focus(grid)
        stands_in.display, grid.display = notice is not None, notice is None

    def _show_run(self) -> None:
        key = self.query_one(Grid).key
        runs = () if key is None else self._runs_of(key)
        if self._pane is not None:
            self._pane.show(runs[0].id if runs else None)
        self.show_possible()

    def _notice(self) -> Content | None:
        """What stands in place of the list."""
        services, index = self.services, self.services.index
        if index.shown():
            return None
        if services.reader is None:
            return Content(f"{services.trouble}\nr tries again" if services.trouble else "reading the registry…")
        if self._filter:
            return Content(f"0 of {len(index)} runs match “{self._filter}”; escape clears the filter")
        return Content.assemble(
            ("No runs yet.\n\n", "bold"),
            ("n", "bold $text-accent"), "  plans and queues one here\n",
            (FIRST_RUN, "$text-accent"),
            "  is the same on the command line\n\n",
            (f"registry: {services.home.database}", DIM),
        )  # fmt: skip

    @on(Grid.Moved)
    def _moved(self, event: Grid.Moved) -> None:
        event.stop()
        self._show_run()

    @on(Grid.Marked)
    def _marked(self) -> None:
        self._describe()

    @on(Grid.Opened)
    def _opened(self, event: Grid.Opened) -> None:
        if self._groups is not None and not isinstance(event.key, str):
            self._groups.fold(event.key)
            self.query_one(Grid).renewed()
        else:
            self.action_perform("run.open")

    # Filter and order.

    def do_filter(self, _: Runs) -> None:
        field = self.query_one("#filter", Input)
        field.display = True
        self.set_focus(field)

    @on(Input.Changed, "#filter")
    def _filter_changed(self) -> None:
        self._typed += 1
        typed = self._typed
        self.set_timer(FILTER_REST, lambda: self._apply_filter() if typed == self._typed else None)

    def _apply_filter(self) -> None:
        self.services.poller.choose(self.query_one("#filter", Input).value.strip())

    @on(Input.Submitted, "#filter")
    def _filter_entered(self) -> None:
        self._apply_filter()
        self.query_one("#filter").display = bool(self.query_one("#filter", Input).value.strip())
        self.set_focus(self.query_one(Grid))

    def _show_filter(self, text: str) -> None:
        """Put what another screen chose into the field; what is typed there is never touched."""
        field = self.query_one("#filter", Input)
        if not field.has_focus and field.value.strip() != text:
            with field.prevent(Input.Changed):
                field.value = text
            field.display = bool(text)

    def action_clear(self) -> None:
        """Take the marks away; without any, drop the filter and go back to the list."""
        grid, field = self.query_one(Grid), self.query_one("#filter", Input)
        if grid.has_focus and grid.unmark():
            return
        field.value, self._refused = "", ""
        field.display = False
        self.set_focus(grid)
        self.services.poller.choose("")

    def do_sort(self, _: Runs) -> None:
        index = self.services.index
        self._sort(ORDERS[(ORDERS.index(index.order) + 1) % len(ORDERS)], False)

    def do_reverse(self, _: Runs) -> None:
        index = self.services.index
        self._sort(index.order, not index.reversed)

    @on(Grid.HeaderClicked)
    def _header_clicked(self, event: Grid.HeaderClicked) -> None:
        index, order = self.services.index, BY_COLUMN.get(event.column)
        if order is not None and self._groups is None:
            self._sort(order, order is index.order and not index.reversed)

    def _sort(self, order: Order, reverse: bool) -> None:
        self.services.index.sort(order, reverse)
        if self._groups is not None:
            self._groups.arrange()
        self.query_one(Grid).renewed(top=True)
        self._describe()

    def do_group(self, _: Runs) -> None:
        """The next grouping, and after the last none."""
        from scalearn_tui.dashboard.model.groups import GROUPINGS, GroupedLines

        grid, groupings = self.query_one(Grid), [*GROUPINGS, None]
        now = None if self._groups is None else self._groups.grouping
        grouping = groupings[(groupings.index(now) + 1) % len(groupings)]
        grid.unmark()
        if grouping is None:
            self._groups = None
            grid.replace(FlatLines(self.services.index))
        else:
            self._groups = GroupedLines(self.services.index, grouping)
            grid.replace(self._groups)
        self._describe()

    def do_columns(self, _: Runs) -> None:
        """Choose the columns of the list."""
        from scalearn_tui.dashboard.screens.columns import ColumnsScreen

        columns = RUN_COLUMNS if self._groups is None else self._group_columns()
        before = set(filter(None, self.services.remembered.left_out.split(",")))

        def chosen(left_out: frozenset[str] | None) -> None:
            if left_out is not None:
                # Groups have other columns than runs: what is left out there stays so.
                elsewhere = before - {column.key for column in columns}
                self.services.remember(left_out=",".join(sorted(left_out | elsewhere)))
                self._describe()

        self.app.push_screen(ColumnsScreen(columns, before), chosen)

    def do_refresh(self, _: Runs) -> None:
        self.services.poller.open_again()

    def do_diff(self, runs: Runs) -> None:
        """Compare what is marked; of a group alone, its runs."""
        grid = self.query_one(Grid)
        from scalearn_tui.dashboard.model.groups import sides_of

        sides = sides_of(self._runs_of(key) for key in grid.marks or (grid.key,))
        if len(sides) > MOST_SIDES:
            self.notify(f"the first {MOST_SIDES} of {len(sides)} are compared", severity="warning")
        self.services.compared = sides[:MOST_SIDES]
        super().do_compare(runs)

    def do_compare(self, runs: Runs) -> None:
        """The same where something is marked, else what was compared last."""
        if self.query_one(Grid).marks and not comparable(runs):
            self.do_diff(runs)
        else:
            super().do_compare(runs)

    def do_chart(self, _: Runs) -> None:
        if self._pane is not None:
            self._pane.next_chart()
