"""The registered sweeps, and the cells of the one at hand: what is done, what goes on and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from engine.errors import UserError
from engine.sweeps.cells import counted
from engine.sweeps.winners import searches_among
from scalearn_tui.dashboard.actions import actions_of, bindings
from scalearn_tui.dashboard.model.index import Updated
from scalearn_tui.dashboard.model.sweep_cells import CellRow, CellRows, TunedLine, tuned_lines
from scalearn_tui.dashboard.model.sweeps import KnownSweep, SweepLine, SweepLines
from scalearn_tui.dashboard.screens.prompt import PromptScreen
from scalearn_tui.dashboard.screens.sweep_actions import Runs, SweepActions
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.sweep_work import SweepsRead, read_sweeps
from scalearn_tui.dashboard.widgets.cell_grid import CellGrid
from scalearn_tui.dashboard.widgets.facts import DIM
from scalearn_tui.dashboard.widgets.grid import Grid
from scalearn_tui.dashboard.widgets.lines import RowLines
from scalearn_tui.dashboard.widgets.status_line import StatusLine
from scalearn_tui.dashboard.widgets.sweep_columns import SWEEP_COLUMNS, cell_columns, fixed_columns, tuning_columns
from scalearn_tui.dashboard.widgets.tab_line import TabLine
from scalearn_tui.text.errors import one_line
from scalearn_tui.text.suggestions import FIRST_SWEEP
from scalearn_tui.text.sweeps import ALL, BY, aspects_of, heading, marks, words

if TYPE_CHECKING:
    from engine.sweeps.cells import Cell


class SweepsScreen(SweepActions):
    """A list, a grid of cells and, of tuned sweeps, the settings that were tried."""

    actions = actions_of(("sweep", "go", "app"))
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(actions),
        Binding("escape", "leave", "back", show=False, id="sweep.leave", tooltip="to the list of sweeps, then to the runs"),
        Binding("q", "perform('go.runs')", "back", show=False, id="sweep.back"),
        Binding("right", "enter", "cells", show=False, id="sweep.enter", tooltip="of the sweep at hand"),
        Binding("tab", "app.focus_next", "next", show=False, id="sweep.next", tooltip="sweeps, cells, settings"),
    ]

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._lines = SweepLines(services.index)
        self._rows: CellRows | None = None
        self._by = BY
        self._read: SweepsRead | None = None
        self._reading = False
        self._stale = True
        self._said = ""

    def compose(self) -> ComposeResult:
        yield StatusLine(id="status")
        yield TabLine("go.sweeps")
        yield Static(id="notice", markup=False)
        with Container(id="sweeps-body"):
            yield Grid[SweepLine](SWEEP_COLUMNS, self._lines, id="sweeps")
            with Vertical(id="sweep"):
                yield Static(id="sweep-title", markup=False)
                yield CellGrid[CellRow]("cells")
                yield Static(id="cell-at-hand", markup=False)
                yield Grid[TunedLine]((), RowLines([], hash), id="tuning")
        yield from super().compose()

    def on_mount(self) -> None:
        self.services.runs_changed.subscribe(self, self._runs_changed, immediate=True)
        self.services.status_changed.subscribe(self, lambda _: self._describe(), immediate=True)
        self._list.focus()
        self._describe()

    def on_screen_resume(self) -> None:
        if self._stale:
            self._look()

    def on_resize(self) -> None:
        self.call_after_refresh(self._describe)

    @property
    def _list(self) -> Grid[SweepLine]:
        return self.query_one("#sweeps", Grid)

    @property
    def _cells(self) -> CellGrid[CellRow]:
        return self.query_one("#cells", CellGrid)

    @property
    def _tuning(self) -> Grid[TunedLine]:
        return self.query_one("#tuning", Grid)

    # What is at hand.

    def sweep_at_hand(self) -> KnownSweep | None:
        return self._lines.get(self._list.key)

    def cells_at_hand(self) -> Sequence[Cell]:
        """Those of the place in the grid, or of the search, that the cursor is on; in the list those of the sweep."""
        known = self.sweep_at_hand()
        if known is None:
            return ()
        if self._cells.has_focus and self._rows:
            return self._rows.cells(self._cells.key, self._cells.place)
        if self._tuning.has_focus:
            return [cell for cell in known.cells if cell.search == self._tuning.key]
        return known.cells

    def runs_at_hand(self) -> Runs:
        """All runs of the sweep: what is asked of the cells at hand depends on more than their runs."""
        known = self.sweep_at_hand()
        found = [self.services.index.get(cell.run) for cell in known.cells] if known else []
        return [run for run in found if run is not None]

    # What changed.

    def _runs_changed(self, updated: Updated) -> None:
        if not self.is_current:
            self._stale = True
            return
        touched = self._lines.of_runs(updated.changed | updated.removed)
        others = self._lines.count_again(touched)
        self._list.changed(touched)
        if self._list.key in others:
            self._draw()
        self._look()

    def _look(self) -> None:
        """See whether sweeps were registered, changed or forgotten since; count again what was missed meanwhile."""
        reader, before = self.services.reader, self._read
        if reader is None or self._reading:
            return
        missed, self._stale, self._reading = self._stale, False, True

        def found(read: SweepsRead | None) -> None:
            self._reading = False
            if read is not None:
                self._read = read
                self._lines.replace(read.sweeps)
            elif missed:
                self._lines.count_again(known.name for known in before.sweeps) if before else None
            if read is not None or missed:
                self._list.renewed()
                self._draw()

        def failed(error: BaseException) -> None:
            self._reading, self._stale = False, True
            self._describe()

        self.services.background(lambda: read_sweeps(reader, before), found, failed)

    def _draw(self) -> None:
        """The cells of the sweep at hand, and the settings that were tried; the cursors stay where they are."""
        known = self.sweep_at_hand()
        searches = []
        if known is None:
            self._rows = None
        else:
            states = self._lines.states(known.name)
            self._rows = CellRows(known, self._by, states)
            self._cells.arrange(fixed_columns(self._rows), cell_columns(self._rows))
            self._cells.replace(self._rows.lines, top=False)
            runs = {run.id: run for run in self.runs_at_hand()} if self._rows.tuned else {}
            searches = searches_among(known.cells, runs)
            tried = tuned_lines(known.cells, searches)
            self._tuning.columns = tuning_columns(tried)
            self._tuning.replace(tried, top=False)
        beside = self.query_one("#sweep")
        beside.set_class(bool(searches), "-tuned")
        if not searches:
            beside.remove_class("-settings")
        self._describe()

    def _describe(self) -> None:
        """Say around the grids what they show."""
        services, known = self.services, self.sweep_at_hand()
        notice = None if known else self._notice()
        self.query_one("#notice", Static).update(notice or "")
        self.query_one("#notice").display, self.query_one("#sweeps-body").display = notice is not None, notice is None
        number = len(self._lines)
        shown = f"{number} sweep{'' if number == 1 else 's'}" if number else ""
        right = services.requests.pending or self._said or shown
        self.query_one(StatusLine).show(services.index.counts(), right, services.trouble)
        if known and self._rows:
            self.query_one("#sweep-title", Static).update(self._title(known, self._rows))
            self.query_one("#cell-at-hand", Static).update(self._at_hand(known))
        self.show_possible()

    def _title(self, known: KnownSweep, rows: CellRows) -> str:
        """``paper: 8 cells, ✓ 7 completed, · 1 missing``, as the command says it; where that is too long, with marks alone."""
        hidden, counts = self._cells.hidden, dict(self._lines.line(known.name).counts)
        more = f" · +{hidden} column{'' if hidden == 1 else 's'}, ← →" if hidden else ""
        if self.query_one("#sweep").has_class("-settings"):
            more = " · settings that were tried"
        said = [f"{known.name}: {len(known.cells)} cells, {text(counts)}{more}" for text in (words, marks)]
        return said[cell_len(said[0]) > self.query_one("#sweep-title").content_size.width]

    def _at_hand(self, known: KnownSweep) -> str:
        """What the cursor is on, in words."""
        cells = self.cells_at_hand()
        counts = counted(cells, self._lines.states(known.name))
        queues = " · M: run what is missing" if counts.keys() & {"missing", "failed", "stopped", "lost"} else ""
        if self._list.has_focus:
            return f"enter: its cells{queues}"
        if self._tuning.has_focus and self._tuning.key is not None:
            line = self._tuning.lines[self._tuning.cursor]
            return f"{line.method} · {line.target}: {words(counts)} · enter: its runs{queues}"
        key, rows = self._cells.key, self._rows
        if rows is None or not isinstance(key, tuple):
            return ""
        part, row = key
        names = [heading(name) for name in (row, rows.columns[self._cells.place]) if name != ALL]
        where = " · ".join([*(names or [ALL]), *([part] if part else [])])
        return f"{where}: {words(counts)} · enter: its runs{queues}" if cells else f"{where}: no cell"

    def _notice(self) -> Content:
        """What stands in place of the sweeps."""
        if self._read is None:
            return Content(self.services.trouble or "reading the registry…")
        return Content.assemble(
            ("No sweeps yet. A sweep is a file that declares runs, and knows which are done, failed or missing.\n\n", "bold"),
            (FIRST_SWEEP, "$text-accent"), "\n  writes such a file\n\n",
            ("scalearn sweep run paper.toml", "$text-accent"), "\n  registers it, and queues its runs\n\n",
            (f"registry: {self.services.home.database}", DIM),
        )  # fmt: skip

    def say(self, text: str) -> None:
        self._said = text
        self._describe()

    # Moving.

    @on(Grid.Moved)
    def _moved(self) -> None:
        if self._rows is None or self._rows.of is not self.sweep_at_hand():
            self._draw()
        else:
            self._describe()

    @on(events.DescendantFocus)
    def _focused(self) -> None:
        self._describe()

    @on(Grid.Opened)
    def _opened(self) -> None:
        """From the list to the cells; from a cell to its runs."""
        known, cells = self.sweep_at_hand(), self.cells_at_hand()
        if known is None:
            return
        if self._list.has_focus:
            self.action_enter()
        elif any(self.services.index.get(cell.run) for cell in cells):
            self.services.poller.choose(self._lines.terms(known, cells))
            self.app.switch_mode("runs")
        elif cells:
            waits = all(not cell.run for cell in cells)
            self.notify("it waits until tuning has chosen" if waits else "no run of it exists yet; M queues what is missing")

    def action_enter(self) -> None:
        """Go from the list to what is beside it."""
        shown = self._tuning if self.query_one("#sweep").has_class("-settings") else self._cells
        shown.focus()

    def action_leave(self) -> None:
        """Back to the list, from it to the runs."""
        if self._list.has_focus:
            self.app.switch_mode("runs")
        else:
            self._list.focus()

    def do_by(self, _: Runs) -> None:
        """Ask for the two aspects, as ``scalearn sweep show --by`` takes them."""

        def typed(text: str | None) -> None:
            if not text:
                return
            try:
                self._by = aspects_of(text)
            except UserError as error:
                self.notify(one_line(error), severity="warning", markup=False)
            else:
                self._draw()

        about = "Two of method, target, seed, setting, shots and backbone"
        self.app.push_screen(PromptScreen("Rows and columns", about, ",".join(BY), ",".join(self._by)), typed)

    def do_tuning(self, _: Runs) -> None:
        """Show the settings that were tried in place of the cells, or the cells again."""
        beside = self.query_one("#sweep")
        if not beside.has_class("-tuned"):
            self.notify("the sweep tries no settings; a file with [tune] does", severity="warning", markup=False)
            return
        in_list = self._list.has_focus
        beside.toggle_class("-settings")
        if not in_list:
            self.action_enter()
        self._describe()
