"""One run's log on the whole screen, and searching it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from scalearn_tui.dashboard.actions import actions_of, bindings
from scalearn_tui.dashboard.log_search import ERRORS, Query, Search
from scalearn_tui.dashboard.pager import pager, read_in
from scalearn_tui.dashboard.screens.run_actions import RunActions, Runs
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.widgets.colours import DIM, state_style
from scalearn_tui.dashboard.widgets.log_view import LogView
from scalearn_tui.text.glyphs import state_glyph
from scalearn_tui.text.names import method_title


class LogScreen(RunActions):
    """The log, a line of context above."""

    actions = actions_of(("log", "run", "app"), without=("run.open", "run.log"))
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(actions),
        Binding("n", "match(1)", "next match", show=False, id="log.next"),
        Binding("N", "match(-1)", "previous match", show=False, id="log.previous"),
        Binding("E", "error(-1)", "previous error", show=False, id="log.previous-error"),
        Binding("h", "side(-1)", "left", show=False, id="log.vi-left"),
        Binding("l", "side(1)", "right", show=False, id="log.vi-right"),
        Binding("escape", "leave", "leave the search, then go back", show=False, id="log.leave"),
        Binding("q", "app.pop_screen", "back", show=False, id="app.back"),
    ]

    def __init__(self, services: Services, run_id: str) -> None:
        super().__init__(services)
        self._run_id = run_id
        self._path = services.home.log(run_id)
        self._search: Search | None = None
        self._at: int | None = None
        self._searching = False

    def runs_at_hand(self) -> Runs:
        run = self.services.index.get(self._run_id)
        return () if run is None else (run,)

    def compose(self) -> ComposeResult:
        yield Static(id="log-title")
        yield LogView(self.services.background, id="whole-log")
        yield Input(placeholder="text to find, then Enter", id="log-search")
        yield Static(id="log-status")
        yield from super().compose()

    def on_mount(self) -> None:
        self.query_one("#log-search").display = False
        view = self.query_one(LogView)
        view.watch_file(self._path)
        self.set_focus(view)
        self.services.runs_changed.subscribe(self, lambda _: self._write_title(), immediate=True)
        self._write_title()
        self._write_status()
        self.show_possible()

    def on_unmount(self) -> None:
        self._end_search()

    def _write_title(self) -> None:
        run = self.services.index.get(self._run_id)
        state = (f"{state_glyph(run.state)} {run.state}", state_style(run.state)) if run else ("gone", DIM)
        what = f"{method_title(run.method)} · {run.target} · seed {run.seed}" if run else ""
        self.query_one("#log-title", Static).update(Content.assemble((self._run_id[:7], "bold"), "  ", state, f"  {what}"))

    @on(LogView.Moved)
    def _write_status(self) -> None:
        view = self.query_one(LogView)
        parts = [view.position, "following" if view.following else "f follows again", self._found()]
        self.query_one("#log-status", Static).update(Content.styled(" · ".join(filter(None, parts)), DIM))

    def _found(self) -> str:
        """How the search stands, in words."""
        search = self._search
        if search is None:
            return ""
        what = "errors" if search.query is ERRORS else "matches"
        if self._searching:
            return f"searching, {len(search.lines):,} {what}"
        if not search.lines:
            return "no error" if search.query is ERRORS else "no match"
        of = f"{len(search.lines):,}{'+' if search.full else ''}"
        return f"{what[:-1] if what == 'errors' else 'match'} {(self._at or 0) + 1:,} of {of}"

    def do_search(self, _: Runs) -> None:
        field = self.query_one("#log-search", Input)
        field.display = True
        self.set_focus(field)

    @on(Input.Submitted, "#log-search")
    def _entered(self, event: Input.Submitted) -> None:
        self._close_field()
        self._end_search()
        if event.value:
            self._begin(Query.plain(event.value), 1)

    def action_match(self, step: int) -> None:
        """Go to the next match, or the one before."""
        if self._search is None:
            self.do_search(())
        else:
            self._read_on(step)

    def do_next_error(self, _: Runs) -> None:
        self.action_error(1)

    def action_error(self, step: int) -> None:
        """Go to the next line that tells of an error, or the one before."""
        if self._search is None or self._search.query is not ERRORS:
            self._begin(ERRORS, step)
        else:
            self._read_on(step)

    def _begin(self, query: Query, step: int) -> None:
        self._end_search()
        self._search = Search(self._path, query)
        self.query_one(LogView).searched = query
        self._read_on(step)

    def _read_on(self, step: int) -> None:
        """Search what is new of the file, in a thread, then go to a match."""
        search = self._search
        if search is None or self._searching:
            return
        self._searching = True
        self.services.background(search.read_on, lambda _: self._show(search, step), self._failed)
        self._write_status()

    def _show(self, search: Search, step: int) -> None:
        if search is not self._search or not self.is_attached:
            return
        self._searching = False
        view, lines = self.query_one(LogView), search.lines
        last = lines[self._at] if self._at is not None and self._at < len(lines) else None
        at_last = last is not None and view.shows(last)
        self._at = search.next(last if at_last and last is not None else view.top - (step > 0), step)
        if self._at is not None:
            view.go_to(lines[self._at])
        self._write_status()

    def _failed(self, error: BaseException) -> None:
        self._searching = False
        self.services.notify_error(error)

    def _end_search(self) -> None:
        if self._search is not None:
            self._search.cancelled = True
        self._search, self._at, self._searching = None, None, False

    def _close_field(self) -> None:
        self.query_one("#log-search").display = False
        self.set_focus(self.query_one(LogView))

    def action_leave(self) -> None:
        """Leave the search, or the screen if there is none."""
        if self._search is None and not self.query_one("#log-search").display:
            self.app.pop_screen()
            return
        self._end_search()
        self.query_one("#log-search", Input).value = ""
        self.query_one(LogView).searched = None
        self._close_field()
        self._write_status()

    def do_wrap(self, _: Runs) -> None:
        view = self.query_one(LogView)
        view.wrap = not view.wrap

    def action_side(self, direction: int) -> None:
        self.query_one(LogView).action_side(direction)

    def do_pager(self, _: Runs) -> None:
        """Hand the terminal to the user's pager until it ends."""
        command = pager()
        if not command:
            self.notify("there is no pager; set PAGER to one, such as less", severity="warning")
            return
        try:
            with self.app.suspend():
                read_in(command, self._path)
        except SuspendNotSupported:
            self.notify("this terminal cannot be lent to a pager", severity="warning")
