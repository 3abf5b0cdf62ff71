"""Runs or groups beside each other: what differs, their curves in one chart, and whether the difference is one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.style import Style
from textual.widgets import Static

from scalearn_tui.dashboard.actions import Runs, actions_of, bindings
from scalearn_tui.dashboard.charts.looks import MARKS, SERIES
from scalearn_tui.dashboard.compared import Pair, SidesRead, SidesReader, paired_tests, pairs_of
from scalearn_tui.dashboard.following import Following
from scalearn_tui.dashboard.model.compare import ID, shown
from scalearn_tui.dashboard.model.index import Updated
from scalearn_tui.dashboard.model.overlays import Overlay
from scalearn_tui.dashboard.screens.action_screen import ActionScreen
from scalearn_tui.dashboard.screens.file_prompt import ask_for_file
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.widgets.chart import Chart
from scalearn_tui.dashboard.widgets.paired_test import PairedTest
from scalearn_tui.dashboard.widgets.side_table import Head, SideTable
from scalearn_tui.dashboard.widgets.status_line import StatusLine
from scalearn_tui.dashboard.widgets.tab_line import TabLine
from scalearn_tui.text.comparison import plain
from scalearn_tui.text.errors import one_line

if TYPE_CHECKING:
    from engine.registry.reading import Reader

NONE = "Nothing to compare yet: mark two or more runs or groups with space in the list (1), then d."
ONE = "a test needs two sides; mark two or more with space in the list (1), then d"


class Body(VerticalScroll, can_focus=True, inherit_bindings=False):
    """All of it, one below the other; left and right are those of the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "down", show=False, id="table.down"),
        Binding("up,k", "scroll_up", "up", show=False, id="table.up"),
        Binding("pagedown", "page_down", "page down", show=False, id="table.pagedown"),
        Binding("pageup", "page_up", "page up", show=False, id="table.pageup"),
        Binding("home", "scroll_home", "top", show=False, id="table.home"),
        Binding("end", "scroll_end", "bottom", show=False, id="table.end"),
    ]


class CompareScreen(ActionScreen):
    """Shows ``services.compared`` and follows it."""

    actions = actions_of(("compare", "view", "go", "app"))
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(actions),
        Binding("left", "side(-1)", "side to the left", show=False, id="compare.left"),
        Binding("right", "side(1)", "side to the right", show=False, id="compare.right"),
        Binding("escape,q", "perform('go.runs')", "back", show=False, id="compare.back"),
    ]

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._chosen: tuple[tuple[str, ...], ...] = ()
        self._deleted: list[str] = []
        self._following = Following(services, self._readable, self._take, self._failed)
        self._read: SidesRead | None = None
        self._everything = False
        self._chart = ""
        self._pairs: list[Pair] = []
        self._tested: object = None
        """The completed runs of all sides when the newest test began."""
        self._said = ""

    def compose(self) -> ComposeResult:
        yield StatusLine(id="status")
        yield TabLine("go.compare")
        yield Static(id="notice", markup=False)
        with Body(id="compared"):
            with Container(id="sides"):
                yield SideTable(id="side-table")
                yield Chart(self.services.background, id="chart")
            yield PairedTest(id="paired-test")
            yield Static(id="repeat", markup=False)
        yield from super().compose()

    def on_mount(self) -> None:
        self.services.runs_changed.subscribe(self, self._runs_changed, immediate=True)
        self.services.status_changed.subscribe(self, lambda _: self._describe(), immediate=True)
        self.set_focus(self.query_one(Body))
        self._describe()

    def on_screen_resume(self) -> None:
        if self._chosen != self.services.compared:
            self._begin()
        if self._following.stale:
            self._following.refresh()

    def runs_at_hand(self) -> Runs:
        """All that are compared."""
        found = [self.services.index.get(run_id) for run_id in self._ids()]
        return [run for run in found if run is not None]

    # Reading.

    def _begin(self) -> None:
        """Other sides."""
        self._chosen, self._deleted = self.services.compared, []
        self._read = self._tested = None
        self._pairs, self._said = [], ""
        self._following.begin()
        self.query_one(Chart).action_whole()
        self.query_one(Body).scroll_home(animate=False)
        self._note_deleted()
        self._describe()

    def _ids(self) -> list[str]:
        return [run_id for side in self._chosen for run_id in side]

    def _note_deleted(self) -> bool:
        """Whether any run is gone that was there before."""
        gone = [run_id for run_id in self._ids() if self.services.index.get(run_id) is None and run_id not in self._deleted]
        self._deleted += gone
        return bool(gone)

    def _runs_changed(self, updated: Updated) -> None:
        self._following.stale |= self._note_deleted() or not updated.changed.isdisjoint(self._ids())
        self._keep_up()

    def _keep_up(self) -> None:
        if self._following.stale and self.is_current:
            self._following.refresh()

    def _readable(self, registry: Reader) -> SidesReader | None:
        return SidesReader(registry, self.services.catalog, self._chosen) if self._chosen else None

    def _take(self, read: SidesRead) -> None:
        self._read = read
        self._show()
        self._test()
        self._keep_up()

    def _failed(self, error: BaseException) -> None:
        self._said = one_line(error)
        self.services.notify_error(error)
        self._describe()

    def _test(self) -> None:
        """Test again when other runs are completed than before."""
        read, registry, catalog = self._read, self.services.reader, self.services.catalog
        completed = [side.completed for side in read.sides] if read else []
        if read is None or registry is None or completed == self._tested:
            return
        self._tested, sides = completed, read.sides
        if len(sides) < 2:
            self._show_test([], ONE)
            return

        def done(pairs: list[Pair]) -> None:
            if completed is self._tested:
                self._show_test(pairs, "")

        def failed(error: BaseException) -> None:
            if completed is self._tested:
                self._show_test([], one_line(error))

        self._show_test(self._pairs, "testing…")
        self.services.background(lambda: paired_tests(sides, registry, catalog), done, failed)

    # Showing.

    def _show(self) -> None:
        read = self._read
        if read is None:
            return
        overlay, chart = self._overlay(), self.query_one(Chart)
        chart.show(overlay.title if overlay else "curves", overlay.series if overlay else ())
        marks = {place: number for number, place in enumerate(overlay.places)} if overlay else {}
        heads = [
            Head(side.heading, MARKS[marks[place]], self._colour(marks[place])) if place in marks else Head(side.heading)
            for place, side in enumerate(read.sides)
        ]
        self.query_one(SideTable).show(heads, shown(read.facts, self._everything))
        self._describe()

    def _colour(self, number: int) -> Style:
        """Of a curve of the chart."""
        return Style(foreground=self.query_one(Chart).get_visual_style(SERIES[number].name).foreground, bold=True)

    def _overlay(self) -> Overlay | None:
        """The chart that was chosen, else the first of those that have the most sides."""
        found = self._read.overlays if self._read else []
        most = max(found, key=lambda overlay: len(overlay.places), default=None)
        return next((overlay for overlay in found if overlay.title == self._chart), most)

    def _show_test(self, pairs: list[Pair], said: str) -> None:
        self._pairs, self._said = pairs, said
        self.query_one(PairedTest).show(pairs, said)
        self._describe()

    def _describe(self) -> None:
        """Say around the rest what it shows."""
        services, sides = self.services, self._read.sides if self._read else ()
        notice = "" if sides else self._notice()
        self.query_one("#notice", Static).update(notice)
        self.query_one("#notice").display, self.query_one(Body).display = bool(notice), not notice
        deleted = f"{', '.join(run_id[:ID] for run_id in self._deleted)} deleted meanwhile" if self._deleted else ""
        runs = sum(len(side.details) for side in sides)
        about = f"{runs} runs compared" if runs == len(sides) else f"{len(sides)} sides of {runs} runs compared"
        self.query_one(StatusLine).show(services.index.counts(), about if sides else "", services.trouble or deleted)
        commands = self._commands()
        more = f"  and {len(commands) - 1} more" if len(commands) > 1 else ""
        self.query_one("#repeat", Static).update(f"{commands[0]}{more}  (y copies)" if commands else "")
        self.show_possible()

    def _notice(self) -> str:
        if self.services.reader is None:
            return self.services.trouble or "reading the registry…"
        if self._deleted:
            return f"{', '.join(run_id[:ID] for run_id in self._deleted)} deleted meanwhile. {NONE}"
        return (self._said or "reading…") if self._chosen else NONE

    def _commands(self) -> list[str]:
        return [pair.command for pair in pairs_of(self._read.sides)] if self._read else []

    # What keys do.

    def action_side(self, by: int) -> None:
        """Show the sides beside those that fit."""
        self.query_one(SideTable).move(by)

    def do_keys(self, _: Runs) -> None:
        """All facts, or those that differ."""
        self._everything = not self._everything
        self._show()

    def do_chart(self, _: Runs) -> None:
        titles = [overlay.title for overlay in self._read.overlays] if self._read else []
        overlay = self._overlay()
        if overlay:
            self._chart = titles[(titles.index(overlay.title) + 1) % len(titles)]
            self.query_one(Chart).action_whole()
            self._show()

    def do_copy(self, _: Runs) -> None:
        """The commands that say the same."""
        commands = self._commands()
        if not commands:
            self.notify(ONE, severity="warning")
            return
        self.app.copy_to_clipboard("\n".join(commands))
        self.notify("copied the command" if len(commands) == 1 else f"copied {len(commands)} commands")

    def do_export(self, _: Runs) -> None:
        """Ask for a file, and write the tests as the command prints them."""
        found = [pair for pair in self._pairs if pair.found]
        if not found:
            self.notify(self._said or "nothing was tested", severity="warning", markup=False)
            return

        about = "What `scalearn compare` prints, for each side against the first"
        ask_for_file(self, "Write the test", about, "compare.txt", lambda path: _write(path, found))


def _write(output: Path, pairs: list[Pair]) -> None:
    from scalearn_tui.text.leaderboard_files import write

    texts = [plain(pair.found, pair.words) for pair in pairs if pair.found]
    write(output, "\n".join(texts))
