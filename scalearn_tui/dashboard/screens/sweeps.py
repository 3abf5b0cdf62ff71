"""The registered sweeps, and the one at hand: what is done of it, what goes on and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from engine.errors import UserError
from scalearn_tui.dashboard.actions import actions_of, bindings
from scalearn_tui.dashboard.model.index import Updated
from scalearn_tui.dashboard.model.sweeps import KnownSweep, SweepLine, SweepLines
from scalearn_tui.dashboard.screens.prompt import PromptScreen
from scalearn_tui.dashboard.screens.sweep_actions import Runs, SweepActions
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.sweep_work import SweepsRead, read_sweeps
from scalearn_tui.dashboard.widgets.colours import DIM
from scalearn_tui.dashboard.widgets.grid import Grid
from scalearn_tui.dashboard.widgets.status_line import StatusLine
from scalearn_tui.dashboard.widgets.sweep_columns import SWEEP_COLUMNS
from scalearn_tui.dashboard.widgets.sweep_pane import SweepPane
from scalearn_tui.dashboard.widgets.tab_line import TabLine
from scalearn_tui.text.errors import one_line
from scalearn_tui.text.suggestions import FIRST_SWEEP
from scalearn_tui.text.sweeps import BY, aspects_of

if TYPE_CHECKING:
    from engine.sweeps.cells import Cell


class SweepsScreen(SweepActions):
    """A list of sweeps, and a pane with the one at hand."""

    actions = actions_of(("sweep", "go", "app"))
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(actions),
        Binding("right", "enter", "cells", show=False, id="sweep.enter", tooltip="of the sweep at hand"),
        Binding("tab", "app.focus_next", "next", show=False, id="sweep.next", tooltip="sweeps, cells, settings"),
        Binding("escape", "leave", "back", show=False, id="sweep.leave", tooltip="to the list of sweeps, then to the runs"),
        Binding("q", "perform('go.runs')", "back", show=False, id="sweep.back"),
    ]

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._lines = SweepLines(services.index)
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
            yield SweepPane(self._lines, self.services.index, id="sweep")
        yield from super().compose()

    def on_mount(self) -> None:
        self.services.runs_changed.subscribe(self, self._runs_changed, immediate=True)
        self.services.status_changed.subscribe(self, lambda _: self._describe(), immediate=True)
        self.set_focus(self._list)
        self._describe()

    def on_screen_resume(self) -> None:
        if self._stale:
            self._look()

    def on_resize(self) -> None:
        self.call_after_refresh(self._pane.describe)

    @property
    def _list(self) -> Grid[SweepLine]:
        return self.query_one("#sweeps", Grid)

    @property
    def _pane(self) -> SweepPane:
        return self.query_one(SweepPane)

    # What is at hand.

    def sweep_at_hand(self) -> KnownSweep | None:
        return self._lines.get(self._list.key)

    def cells_at_hand(self) -> Sequence[Cell]:
        return self._pane.cells_at_hand()

    def runs_at_hand(self) -> Runs:
        """All runs of the sweep: what is asked of the cells at hand depends on more than their runs."""
        known = self.sweep_at_hand()
        return self._lines.runs(known.name) if known else ()

    # What changed.

    def _runs_changed(self, updated: Updated) -> None:
        if not self.is_current:
            self._stale = True
            return
        run_ids = updated.changed | updated.removed
        others = self._lines.update(run_ids)
        self._list.changed(self._lines.of_runs(run_ids))
        if self._list.key in others:
            self._draw()
        self._look()

    def _look(self) -> None:
        """See whether sweeps were registered, changed or forgotten since; count again what was missed meanwhile."""
        reader, before = self.services.reader, self._read
        if reader is None or self._reading:
            self._stale = True
            return
        missed, self._stale, self._reading = self._stale, False, True

        def found(read: SweepsRead | None) -> None:
            self._reading, self._read = False, read or before
            if self._read is not None and (read is not None or missed):
                self._lines.replace(self._read.sweeps)
                self._list.renewed()
                self._draw()
            if self._stale:
                self._look()

        def failed(_: BaseException) -> None:
            # The poller has met it too, and says so.
            self._reading, self._stale = False, True

        self.services.background(lambda: read_sweeps(reader, before), found, failed)

    @on(Grid.Moved)
    def _moved(self) -> None:
        if self._pane.shown is not self.sweep_at_hand():
            self._draw()

    def _draw(self) -> None:
        """Show the sweep at hand."""
        known = self.sweep_at_hand()
        if known is None:
            self._pane.clear()
        else:
            self._pane.show(known, self._by)
        self._describe()

    def _describe(self) -> None:
        """Say around the sweeps what is shown."""
        services, number = self.services, len(self._lines)
        notice = None if number else self._notice()
        self.query_one("#notice", Static).update(notice or "")
        self.query_one("#notice").display, self.query_one("#sweeps-body").display = notice is not None, notice is None
        shown = f"{number} sweep{'' if number == 1 else 's'}" if number else ""
        right = services.requests.pending or self._said or shown
        self.query_one(StatusLine).show(services.index.counts(), right, services.trouble)
        self.show_possible()

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

    # What keys do.

    @on(Grid.Opened)
    def _opened(self) -> None:
        """From the list to the cells; from cells to their runs."""
        known, cells = self.sweep_at_hand(), self.cells_at_hand()
        if self._list.has_focus:
            self.action_enter()
        elif known and any(self.services.index.get(cell.run) for cell in cells):
            self.services.poller.choose(self._lines.terms(known, cells))
            self.app.switch_mode("runs")
        elif cells:
            waits = all(not cell.run for cell in cells)
            self.notify("it waits until tuning has chosen" if waits else "no run of it exists yet; M queues what is missing")

    def action_enter(self) -> None:
        """Go from the list to what is beside it."""
        if len(self._lines):
            self._pane.enter()

    def action_leave(self) -> None:
        """Back to the list, from it to the runs."""
        if self._pane.has_focus_within:
            self.set_focus(self._list)
        else:
            self.app.switch_mode("runs")

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
        """The settings that were tried in place of the cells, or the cells again."""
        if self._pane.is_tuned:
            self._pane.switch()
        else:
            self.notify("the sweep tries no settings; a file with [tune] does", severity="warning", markup=False)
