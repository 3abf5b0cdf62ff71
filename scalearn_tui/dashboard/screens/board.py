"""The leaderboard: methods against targets, from the code that ``scalearn leaderboard`` prints."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from engine.reports.formats.grid import Line, footer, title
from scalearn_tui.dashboard.actions import actions_of, bindings
from scalearn_tui.dashboard.model.board import BoardLines, NoLines
from scalearn_tui.dashboard.model.index import Updated
from scalearn_tui.dashboard.screens.file_prompt import ask_for_file
from scalearn_tui.dashboard.screens.prompt import PromptScreen
from scalearn_tui.dashboard.screens.run_actions import RunActions, Runs
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.widgets.grid import MARGIN, Grid
from scalearn_tui.dashboard.widgets.status_line import StatusLine
from scalearn_tui.dashboard.widgets.tab_line import TabLine
from scalearn_tui.text.board_asked import Asked, build, export, form_values, tested
from scalearn_tui.text.errors import one_line

if TYPE_CHECKING:
    from engine.reports.table import Leaderboard


class BoardScreen(RunActions):
    """One table at a time, its cell at hand, and its footnotes."""

    actions = actions_of(("board", "go", "app"))
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(actions),
        Binding("left", "column(-1)", "column to the left", show=False, id="board.left"),
        Binding("right", "column(1)", "column to the right", show=False, id="board.right"),
        Binding("escape,q", "perform('go.runs')", "back", show=False, id="board.back"),
    ]

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._asked = self._shown = Asked()
        self._board: Leaderboard | None = None
        self._lines: BoardLines | None = None
        self._table = self._place = self._first = 0
        self._completed = -1
        self._computing = 0
        self._stale = True
        self._said = ""

    def compose(self) -> ComposeResult:
        yield StatusLine(id="status")
        yield TabLine("go.board")
        yield Static(id="board-title", markup=False)
        yield Static(id="notice", markup=False)
        yield Grid[Line]((), NoLines(), id="table")
        yield Static(id="at-hand", markup=False)
        with VerticalScroll(id="footnotes", can_focus=False):
            yield Static(id="footer", markup=False)
        yield from super().compose()

    def on_mount(self) -> None:
        self.services.runs_changed.subscribe(self, self._runs_changed, immediate=True)
        self.services.status_changed.subscribe(self, lambda _: self._describe(), immediate=True)
        self.set_focus(self.query_one(Grid))
        self._describe()

    def on_screen_resume(self) -> None:
        if self._stale:
            self._compute()

    def on_resize(self) -> None:
        self.call_after_refresh(self._describe)

    def runs_at_hand(self) -> Runs:
        """Those of the cell at hand."""
        line = self._line()
        cell = line.row.cells.get(self._column()) if line else None
        found = [self.services.index.get(run_id) for run_id in cell.run_ids] if cell else []
        return [run for run in found if run is not None]

    def _line(self) -> Line | None:
        grid = self.query_one(Grid)
        return self._lines[grid.cursor] if self._lines and len(self._lines) else None

    def _column(self) -> str:
        """Key of the table's column at hand."""
        return self._lines.table.columns[self._place].key if self._lines else ""

    # Computing.

    def _runs_changed(self, updated: Updated) -> None:
        """Only runs that completed or went change a table."""
        completed = self.services.index.counts().get("completed", 0)
        if completed == self._completed and all(run.state != "completed" for run in updated.ended):
            return
        self._completed, self._stale = completed, True
        if self.is_current:
            self._compute()

    def _compute(self) -> None:
        """Build the tables, show them, then test them; what was asked for later wins."""
        reader, asked = self.services.reader, self._asked
        if reader is None:
            return
        catalog = self.services.catalog
        self._stale, self._computing = False, self._computing + 1
        turn = self._computing

        def built(board: Leaderboard) -> None:
            if turn == self._computing:
                self._shown = asked
                self._show(board, "testing…" if board.tables else "")
                self.services.background(lambda: tested(board, asked, reader, catalog), done, failed)

        def done(board: Leaderboard) -> None:
            if turn == self._computing:
                self._show(board, "")

        def failed(error: BaseException) -> None:
            if turn == self._computing:
                self._said, self._asked = one_line(error), self._shown
                self._describe()

        self._said = "computing…"
        self._describe()
        self.services.background(lambda: build(asked, reader, catalog), built, failed)

    def _show(self, board: Leaderboard, said: str) -> None:
        """Another picture; the cursor stays on its row and column."""
        before = self._lines.table if self._lines else None
        self._board, self._said = board, said
        self._table = min(self._table, max(0, len(board.tables) - 1))
        self._lines = BoardLines(board.tables[self._table]) if board.tables else None
        now = self._lines.table if self._lines else None
        if before is None or now is None or (before.benchmark, before.backbone) != (now.benchmark, now.backbone):
            self._place = self._first = 0
        elif now:
            self._place = min(self._place, len(now.columns) - 1)
            self._first = min(self._first, self._place)
        self._draw()

    def _draw(self) -> None:
        grid = self.query_one(Grid)
        if self._lines and self._board:
            self._window()
            grid.replace(self._lines, top=False)
            notes = footer(self._board, self._lines.table)
            self.query_one("#footer", Static).update("\n".join(f"{name}: {text}" for name, text in notes))
        self._describe()

    def _window(self) -> None:
        """Move the columns so that the one at hand is seen."""
        grid, lines = self.query_one(Grid), self._lines
        if lines is None:
            return
        self._first = min(self._first, self._place)
        width = grid.scrollable_content_region.width - 2 * MARGIN
        while self._first < self._place and lines.tasks[self._place].key not in lines.visible(self._first, width):
            self._first += 1
        grid.columns = lines.columns(self._first)
        grid.cell = lines.tasks[self._place].key

    def _describe(self) -> None:
        """Say around the grid what it shows."""
        lines, board, grid = self._lines, self._board, self.query_one(Grid)
        notice = "" if lines else self._notice()
        self.query_one("#notice", Static).update(notice)
        for selector in ("#table", "#at-hand", "#footnotes", "#board-title"):
            self.query_one(selector).display = not notice
        self.query_one("#notice").display = bool(notice)
        self.query_one(StatusLine).show(self.services.index.counts(), self._said or self._asked.terms, self.services.trouble)
        if lines and board:
            shown = len(lines.visible(self._first, grid.scrollable_content_region.width - 2 * MARGIN))
            hidden = len(lines.tasks) - shown
            parts = [title(lines.table), self._asked.split, f"as of {board.at.astimezone():%H:%M}"]
            parts += [f"against {self._asked.against}"] if self._asked.against else []
            parts += [f"+{hidden} column{'' if hidden == 1 else 's'}, ← →"] if hidden else []
            parts += [f"table {self._table + 1} of {len(board.tables)}, b"] if len(board.tables) > 1 else []
            self.query_one("#board-title", Static).update(" · ".join(parts))
            line = self._line()
            self.query_one("#at-hand", Static).update(lines.described(line, self._place) if line else "")
        self.show_possible()

    def _notice(self) -> str:
        """What stands in place of the grid."""
        if self.services.reader is None:
            return self.services.trouble or "reading the registry…"
        if self._board is None:
            return self._said
        if self._asked != Asked():
            return "no completed run matches; / takes other terms, m another split"
        left_out = "\n".join(self._board.left_out)
        return f"No completed run to compare yet. 1 shows what is under way; n there queues runs.\n{left_out}".rstrip()

    @on(Grid.Moved)
    def _moved(self) -> None:
        self._describe()

    # What keys do.

    def action_column(self, by: int) -> None:
        """Another cell of the row."""
        if self._lines:
            self._place = max(0, min(self._place + by, len(self._lines.tasks) - 1))
            self._window()
            self._describe()

    @on(Grid.Opened)
    def _opened(self) -> None:
        """The runs of a cell, or the form for one that is missing."""
        line, lines, reader = self._line(), self._lines, self.services.reader
        if line is None or lines is None or reader is None:
            return
        cell = line.row.cells.get(self._column())
        if line.row.published:
            self.notify(f"{line.title} is from {line.row.source or 'a paper'}; it has no runs here", markup=False)
        elif cell:
            self.services.poller.choose(f"id:{','.join(run_id[:10] for run_id in cell.run_ids)}")
            self.app.switch_mode("runs")
        else:
            task = lines.table.columns[self._place].task
            beside = lines.run_of_column(self._place)
            self.services.background(lambda: form_values(line.row, task, beside, reader), self._open_form)

    def _ask_for(self, asked: Asked) -> None:
        self._asked = asked
        self._compute()

    def do_filter(self, _: Runs) -> None:
        def typed(terms: str | None) -> None:
            if terms is not None:
                self._ask_for(replace(self._asked, terms=terms, against=""))

        about = "target:rte -tag:draft 'dev>80'; empty for all completed runs"
        self.app.push_screen(PromptScreen("Runs that count", about, "", self._asked.terms), typed)

    def do_against(self, _: Runs) -> None:
        line = self._line()
        if line is None or line.row.published:
            self.notify("only rows with runs are tested; move to one of them", severity="warning")
        else:
            against = "" if self._asked.against == line.row.name else line.row.name
            self._ask_for(replace(self._asked, against=against))

    def do_split(self, _: Runs) -> None:
        self._ask_for(replace(self._asked, split="dev" if self._asked.split == "test" else "test"))

    def do_metrics(self, _: Runs) -> None:
        self._ask_for(replace(self._asked, every_metric=not self._asked.every_metric))

    def do_refresh(self, _: Runs) -> None:
        self._compute()

    def do_table(self, _: Runs) -> None:
        if self._board and self._board.tables:
            self._table = (self._table + 1) % len(self._board.tables)
            self._show(self._board, self._said)

    def do_export(self, _: Runs) -> None:
        """Ask for a file, and write it as the command does."""
        reader, asked, catalog = self.services.reader, self._asked, self.services.catalog
        if reader is None or self._lines is None:
            self.notify("there is nothing to write yet", severity="warning")
            return

        about = "All tables. The name's end says the format: .md, .tex, .html, .csv, .json"
        ask_for_file(self, "Write the leaderboard", about, "leaderboard.md", lambda path: export(asked, path, reader, catalog))
