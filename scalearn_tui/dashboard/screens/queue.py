"""The queue and what it is for: the devices with the runs on them, and what waits, in its order and why."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from scalearn_tui.dashboard.actions import BY_ID, actions_of, bindings
from scalearn_tui.dashboard.model.index import Updated
from scalearn_tui.dashboard.model.queue import QueueLine, QueueLines, QueueLook, seconds_left, typical_seconds
from scalearn_tui.dashboard.queue_look import QueueWatch
from scalearn_tui.dashboard.requests import Request
from scalearn_tui.dashboard.screens.run_actions import RunActions, Runs
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.widgets.device_table import DeviceTable
from scalearn_tui.dashboard.widgets.grid import Grid
from scalearn_tui.dashboard.widgets.queue_columns import QUEUE_COLUMNS, at_hand_text, queue_text, supervisor_text
from scalearn_tui.dashboard.widgets.run_columns import ID_LENGTH
from scalearn_tui.dashboard.widgets.status_line import StatusLine
from scalearn_tui.dashboard.widgets.tab_line import TabLine
from scalearn_tui.text.names import method_title

if TYPE_CHECKING:
    from engine.registry.records import Run
    from engine.registry.store import Store

INTERVAL = 2.0
"""Seconds between two looks at devices and queue while the screen is shown."""
NOTHING_WAITS = """Nothing is queued or running.

n  plans and queues runs here
2  shows what is done; enter on a missing cell queues it"""


class QueueScreen(RunActions):
    """Devices above, the queue below them."""

    actions = (*actions_of(("queue",)), BY_ID["runs.new"], *actions_of(("run", "go", "app")))
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(actions),
        Binding("escape", "leave", "unmark, then back", show=False, id="queue.leave"),
        Binding("q", "perform('go.runs')", "back", show=False, id="queue.back"),
    ]

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._watch = QueueWatch(services.background, self._seen)
        self._lines = QueueLines(QueueLook(), services.index)
        self._typical: dict[str, float] = {}
        self._moving = threading.Lock()

    def compose(self) -> ComposeResult:
        yield StatusLine(id="status")
        yield TabLine("go.queue")
        yield Static(id="supervisor", markup=False)
        with VerticalScroll(id="devices", can_focus=False):
            yield DeviceTable(self._named, id="device-table")
        yield Static(id="queue-title", markup=False)
        yield Static(id="notice", markup=False)
        yield Grid[QueueLine](QUEUE_COLUMNS, self._lines, id="table")
        yield Static(id="at-hand", markup=False)
        yield from super().compose()

    def on_mount(self) -> None:
        self._timer = self.set_interval(INTERVAL, self._look, pause=True)
        self.services.runs_changed.subscribe(self, self._runs_changed, immediate=True)
        self.services.status_changed.subscribe(self, self._status_changed, immediate=True)
        self.set_focus(self.query_one(Grid))
        self._describe()

    def on_screen_resume(self) -> None:
        self._timer.resume()
        self._renew()
        self._look()

    def on_screen_suspend(self) -> None:
        self._timer.pause()

    def runs_at_hand(self) -> Runs:
        """Those marked, else the one under the cursor."""
        grid = self.query_one(Grid)
        keys = grid.marks or (() if grid.key is None else (grid.key,))
        found = [self.services.index.get(str(key)) for key in keys]
        return [run for run in found if run is not None]

    def _named(self, run_id: str) -> str:
        run = self.services.index.get(run_id)
        return run_id[:ID_LENGTH] + (f" {method_title(run.method)} {run.target} s{run.seed}" if run else "")

    # Looking.

    def _look(self) -> None:
        if self.services.reader is not None:
            self._watch.look(self.services.reader)

    def _seen(self, before: QueueLook | None) -> None:
        now = self._watch.now
        if before is None or now is None or (before.live, before.waiting) != (now.live, now.waiting):
            self._renew()
        else:
            self._describe()

    def _runs_changed(self, updated: Updated) -> None:
        """Another look before its time is worth it only where runs came to the queue, moved in it or left a state."""
        if not self.is_current:
            return
        self.query_one(Grid).changed(self._lines.update(updated.changed))
        if updated.ended or any(run and run.state == "queued" for run in map(self.services.index.get, updated.changed)):
            self._look()
        self._describe()

    def _status_changed(self, _: None) -> None:
        """A request may have ended, and a pause is seen in no run."""
        if self.is_current:
            self._look()
            self._describe()

    # Showing.

    def _renew(self) -> None:
        """Other lines, or the same ones with what happened to their runs while another screen was shown."""
        if self._watch.now is not None:
            self._lines = QueueLines(self._watch.now, self.services.index)
            self.query_one(Grid).replace(self._lines, top=False)
            queued, runs = self._lines.queued, tuple(self.services.index.all())
            self.services.background(lambda: typical_seconds(queued, runs), self._take_typical)
        self._describe()

    def _take_typical(self, typical: dict[str, float]) -> None:
        self._typical = typical
        self._describe()

    def _describe(self) -> None:
        """Say around the queue how it goes."""
        services, now, grid = self.services, self._watch.now, self.query_one(Grid)
        trouble = services.trouble or self._watch.trouble
        right = services.requests.pending or (f"{len(grid.marks)} marked" if grid.marks else "")
        self.query_one(StatusLine).show(services.index.counts(), right, trouble)
        notice = trouble or "looking…" if now is None else "" if len(self._lines) else NOTHING_WAITS
        self._write("#notice", notice)
        self.query_one("#notice").display, grid.display = bool(notice), not notice
        self.query_one(DeviceTable).show(now.devices if now else ())
        self._write("#supervisor", supervisor_text(now) if now else "")
        left = seconds_left(now, self._typical, services.index) if now else None
        self._write("#queue-title", queue_text(now, left) if now else "")
        self._show_at_hand()

    def _write(self, selector: str, text: Content | str) -> None:
        """Draw anew only what is new; all have a height of their own."""
        line = self.query_one(selector, Static)
        if line.content != text:
            line.update(text, layout=False)

    @on(Grid.Moved)
    def _show_at_hand(self) -> None:
        position = self.query_one(Grid).cursor
        text = at_hand_text(self._lines[position]) if position < len(self._lines) else ""
        self._write("#at-hand", text)
        self.show_possible()

    @on(Grid.Marked)
    def _marked(self) -> None:
        self._describe()

    # What keys do.

    @on(Grid.Opened)
    def _opened(self) -> None:
        self.action_perform("run.open")

    def action_leave(self) -> None:
        """Take the marks away; without any, back to the runs."""
        if not self.query_one(Grid).unmark():
            self.action_perform("go.runs")

    def do_pause(self, _: Runs) -> None:
        """Pause the queue, or let it go on."""
        if self._watch.now is None:
            self.notify("the queue is not read yet", severity="warning")
        elif self._watch.now.paused:
            self._set_paused(False, "letting queued runs start", "queued runs start again")
        else:
            self._set_paused(True, "pausing the queue", "the queue is paused; running runs go on")

    def _set_paused(self, paused: bool, doing: str, done: str) -> None:
        self.services.requests.send(Request(doing, done, (), partial(set_paused, paused=paused), lambda _: True))

    def do_earlier(self, runs: Runs) -> None:
        self._move(runs, True)

    def do_later(self, runs: Runs) -> None:
        self._move(runs, False)

    def _move(self, runs: Runs, earlier: bool) -> None:
        """One place. Where it now is answers for itself."""
        ids = tuple(run.id for run in runs if run.state == "queued")
        given: dict[str, int] = {}

        def write(store: Store) -> None:
            from engine.launch.reorder import move

            # A second press finds the order that the first one made.
            with self._moving:
                given.update(move(store, ids, earlier))

        def holds(run: Run | None) -> bool:
            return run is not None and run.state == "queued" and run.priority == given.get(run.id, run.priority)

        named = f"{len(ids)} runs" if ids[1:] else ids[0][:ID_LENGTH]
        self.services.requests.send(Request(f"moving {named}", "", ids, write, holds))


def set_paused(store: Store, paused: bool) -> None:
    """Write it and read it back. Raises UserError where it did not come about."""
    from engine.errors import UserError
    from engine.launch.queue import is_paused, pause, proceed

    (pause if paused else proceed)(store.home)
    if is_paused(store.home) is not paused:
        raise UserError("another program has paused the queue or let it go on at the same moment; look, and press again")
