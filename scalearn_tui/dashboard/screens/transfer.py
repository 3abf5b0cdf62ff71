"""What the chosen runs learned to take from each source, as maps of numbers with a cursor over the cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from scalearn_tui.dashboard.actions import Runs, actions_of, bindings
from scalearn_tui.dashboard.following import Following
from scalearn_tui.dashboard.model.compare import ID
from scalearn_tui.dashboard.model.index import Updated
from scalearn_tui.dashboard.model.transfer import TransferMap
from scalearn_tui.dashboard.screens.action_screen import ActionScreen
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.transferred import Taken, TransferReader
from scalearn_tui.dashboard.widgets.heat_map import HeatMap
from scalearn_tui.dashboard.widgets.probing_curve import ProbingCurve
from scalearn_tui.dashboard.widgets.status_line import StatusLine
from scalearn_tui.dashboard.widgets.tab_line import TabLine
from scalearn_tui.text.errors import one_line

if TYPE_CHECKING:
    from engine.registry.reading import Reader

NONE = "Nothing to show yet: put the cursor on a run or a group in the list (1), or mark several with space, then 7."
NO_NUMBERS = "there are no numbers to print"


class TransferScreen(ActionScreen):
    """Shows ``services.weighed`` and follows it."""

    actions = actions_of(("transfer", "go", "app"))
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(actions),
        Binding("escape,q", "perform('go.runs')", "back", show=False, id="transfer.back"),
    ]

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._chosen: tuple[str, ...] = ()
        self._following = Following(services, self._readable, self._take, self._failed)
        self._read: list[Taken] | None = None
        self._group = self._map = 0
        """Which of the groups, and which of its maps, are shown; counted on beyond the last."""
        self._said = ""

    def compose(self) -> ComposeResult:
        yield StatusLine(id="status")
        yield TabLine("go.transfer")
        yield Static(id="notice", markup=False)
        yield Static(id="transfer-title", markup=False)
        yield Static(id="transfer-cell", markup=False)
        yield HeatMap(id="map")
        yield ProbingCurve(id="curve")
        yield Static(id="transfer-notes", markup=False)
        yield Static(id="transfer-command", markup=False)
        yield from super().compose()

    def on_mount(self) -> None:
        self.services.runs_changed.subscribe(self, self._runs_changed, immediate=True)
        self.services.status_changed.subscribe(self, lambda _: self._status_changed(), immediate=True)
        self.set_focus(self.query_one(HeatMap))
        self._show()

    def on_screen_resume(self) -> None:
        if self._chosen != self.services.weighed:
            self._begin()
        # Commands write weights of completed runs, of which the registry knows nothing.
        self._following.refresh()

    def runs_at_hand(self) -> Runs:
        """All that were chosen."""
        found = [self.services.index.get(run_id) for run_id in self._chosen]
        return [run for run in found if run is not None]

    # Reading.

    def _begin(self) -> None:
        """Other runs."""
        self._chosen, self._read = self.services.weighed, None
        self._said, self._group, self._map = "", 0, 0
        self._following.begin()
        self.query_one(HeatMap).point(0, 0)
        self._show()

    def _runs_changed(self, updated: Updated) -> None:
        self._following.stale |= not updated.changed.isdisjoint(self._chosen) or len(self.runs_at_hand()) < self._known()
        self._keep_up()

    def _keep_up(self) -> None:
        if self._following.stale and self.is_current:
            self._following.refresh()

    def _known(self) -> int:
        """Runs that the newest reading found."""
        return sum(len(taken.side.runs) for taken in self._read or ())

    def _status_changed(self) -> None:
        if not self._following.has_begun and self.is_current:
            self._following.refresh()
        self._show()

    def _readable(self, registry: Reader) -> TransferReader | None:
        return TransferReader(registry, self.services.catalog, self._chosen) if self._chosen else None

    def _take(self, read: list[Taken]) -> None:
        self._read, self._said = read, ""
        self._show()
        self._keep_up()

    def _failed(self, error: BaseException) -> None:
        self._said = one_line(error)
        self.services.notify_error(error)
        self._show()

    # Showing.

    def _taken(self) -> Taken | None:
        """The group that is shown."""
        return self._read[self._group % len(self._read)] if self._read else None

    def _shown(self) -> TransferMap | None:
        taken = self._taken()
        return taken.maps[self._map % len(taken.maps)] if taken and taken.maps else None

    def _show(self) -> None:
        taken, shown = self._taken(), self._shown()
        heat_map, curve = self.query_one(HeatMap), self.query_one(ProbingCurve)
        curve.display = taken is not None and taken.curves is not None
        heat_map.set_class(curve.display, "-with-curve")
        heat_map.display = shown is not None
        heat_map.show(shown)
        curve.show(taken.curves if taken else None)
        self._write("#notice", "" if taken else self._notice())
        self._write("#transfer-title", self._title(taken, shown) if taken else "")
        self._write("#transfer-notes", "\n".join(taken.notes) if taken else "")
        self.query_one("#transfer-notes").set_class(shown is None, "-alone")
        self._write("#transfer-command", f"y copies: {taken.command}" if taken and taken.command else "")
        self._show_cell()
        services = self.services
        about = f"{self._known()} runs, {len(self._read)} groups" if self._read and len(self._read) > 1 else ""
        self.query_one(StatusLine).show(services.index.counts(), about, services.trouble or self._gone())
        self.show_possible()

    @on(HeatMap.Moved)
    def _show_cell(self) -> None:
        heat_map, shown = self.query_one(HeatMap), self._shown()
        self._write("#transfer-cell", shown.described(heat_map.row, heat_map.column) if shown else "", layout=False)

    def _write(self, selector: str, text: str, layout: bool = True) -> None:
        """Without ``layout`` where the height is the same for every text."""
        line = self.query_one(selector, Static)
        if line.content != text:
            line.update(text, layout=layout)
        line.display = bool(text)

    def _title(self, taken: Taken, shown: TransferMap | None) -> str:
        """``A ScaLearn (3) on glue/rte, minilm: scales``; without the letter where there is one group."""
        run, side = taken.side.runs[0], taken.side
        heading = side.title if taken.of_all else side.heading
        if self._read and len(self._read) == 1:
            heading = heading.removeprefix(f"{side.letter} ")
        return f"{heading} on {run.target}, {run.backbone}" + (f": {shown.title}" if shown else "")

    def _gone(self) -> str:
        gone = [run_id for run_id in self._chosen if self.services.index.get(run_id) is None]
        return f"{', '.join(run_id[:ID] for run_id in gone)} deleted meanwhile" if gone and self.services.is_read else ""

    def _notice(self) -> str:
        if self.services.reader is None:
            return self.services.trouble or "reading the registry…"
        if not self._chosen or self._read is not None:
            return f"{self._gone()}. {NONE}".removeprefix(". ")
        return self._said or "reading…"

    # What keys do.

    def do_numbers(self, _: Runs) -> None:
        """The next map of the group."""
        taken = self._taken()
        if taken and len(taken.maps) > 1:
            self._map += 1
            self._show()
        else:
            self.notify("there is one map of these runs" if taken and taken.maps else NO_NUMBERS, severity="warning")

    def do_group(self, _: Runs) -> None:
        """The next of the groups."""
        self._group += 1
        self._show()

    def do_copy(self, _: Runs) -> None:
        """The command that prints the same numbers."""
        taken = self._taken()
        if taken is None or not taken.command:
            self.notify(NO_NUMBERS, severity="warning")
            return
        self.app.copy_to_clipboard(taken.command)
        self.notify("copied the command")

    def do_refresh(self, _: Runs) -> None:
        self._following.refresh()
