"""The application: it owns the registry's handle, asks it for changes about once a second, and routes requests."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.screen import ModalScreen, Screen
from textual.signal import Signal

from engine.files.home import Home
from scalearn_tui.dashboard.background import BackgroundApp
from scalearn_tui.dashboard.run_index import RunIndex
from scalearn_tui.dashboard.screens.runs import RunsScreen
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.sink import Sink
from scalearn_tui.text.errors import one_line
from scalearn_tui.text.names import method_title

if TYPE_CHECKING:
    from engine.registry.reading import Reader
    from engine.registry.records import Run
    from engine.registry.store import Store

INTERVAL = 1.0
"""Seconds between two questions to the registry."""
NOTIFIED = ("completed", "failed", "lost")
"""States that a notice announces on every screen."""
MOST_NOTICES = 3
SINK = Sink()


@dataclass(frozen=True)
class Changes:
    """Result of a look at the registry."""

    clock: int
    runs: list[Run]
    everything: bool
    """Whether ``runs`` are all that exist; otherwise they are the newer rows."""


def look(registry: Reader, clock: int, known: RunIndex) -> Changes | None:
    """Newer rows than the known ones, all rows after a deletion, None when nothing happened since ``clock``. Blocks."""
    now = registry.version()
    if now == clock:
        return None
    runs = registry.changed_since(known.version)
    expected = len(known) + sum(known.get(run.id) is None for run in runs)
    if registry.count() < expected:
        return Changes(now, registry.runs(), True)
    return Changes(now, runs, False)


def start_supervisor(home: Home) -> None:
    """Make sure that a supervisor starts and watches the workers of ``home``."""
    from engine.launch.supervision import ensure_supervisor

    ensure_supervisor(home)


class Dashboard(BackgroundApp):
    """Shows the registry of ``home``. ``launch`` is called, in a thread, after something was queued or stopped."""

    TITLE = "scalearn"
    CSS_PATH = "styles/dashboard.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    # Textual declares these as "ClassVar | None", which mypy reads as instance variables.
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]]] = [  # type: ignore[misc]
        (0, "-too-narrow"), (60, "-narrow"), (100, "-medium"), (140, "-wide"),
    ]  # fmt: skip
    VERTICAL_BREAKPOINTS: ClassVar[list[tuple[int, str]]] = [(0, "-too-short"), (15, "-short"), (34, "-tall")]  # type: ignore[misc]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", key_display="?", id="app.help"),
        Binding("ctrl+q", "quit", "quit", show=False, priority=True, id="app.quit-anywhere"),
    ]

    def __init__(self, home: Home | None = None, launch: Callable[[Home], None] = start_supervisor) -> None:
        super().__init__()
        self.home = home or Home.default()
        self.services = Services(
            self.home,
            Signal(self, "runs-changed"),
            background=self.background,
            notify_error=self.notify_error,
            write=self.write,
            launch=launch,
            poll=self.poll,
            open_registry=self.open_registry,
        )
        self._clock = -1
        self._looking = False

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), SINK]

    def get_default_screen(self) -> Screen[None]:
        return RunsScreen(self.services)

    def on_mount(self) -> None:
        self.set_interval(INTERVAL, self.poll)
        # The registry's libraries take longer to import than a frame to paint, so the frame comes first.
        self.call_after_refresh(self.open_registry)

    def open_registry(self) -> None:
        """Open the registry in a thread."""
        home = self.home

        def work() -> tuple[Reader, int, list[Run]]:
            from engine.registry.opening import open_reader

            registry = open_reader(home)
            clock = registry.version()
            return registry, clock, registry.runs()

        self.background(work, self._opened, self._not_opened)

    def _opened(self, opened: tuple[Reader, int, list[Run]]) -> None:
        registry, self._clock, runs = opened
        self.services.registry, self.services.trouble = registry, registry.doubt
        self.services.runs.replace(runs)
        self.services.runs_changed.publish(None)
        if any(run.state.active for run in runs):
            self.background(partial(self.services.launch, self.home), lambda _: self.poll())

    def _not_opened(self, error: BaseException) -> None:
        self.services.trouble = one_line(error)
        self.services.runs_changed.publish(None)

    def poll(self) -> None:
        """Ask for changes in a thread, unless the last question is still open or a dialog hides the runs."""
        if self.services.registry is None or self._looking or isinstance(self.screen, ModalScreen):
            return
        self._looking = True
        self.background(partial(look, self.services.registry, self._clock, self.services.runs), self._looked, self._look_failed)

    def _looked(self, changes: Changes | None) -> None:
        self._looking = False
        recovered, self.services.trouble = bool(self.services.trouble), ""
        if changes is None:
            if recovered:
                self.services.runs_changed.publish(None)
            return
        self._clock = changes.clock
        if changes.everything:
            self.services.runs.replace(changes.runs)
        else:
            self._notify_ended(self.services.runs.update(changes.runs))
        self.services.runs_changed.publish(None)

    def _look_failed(self, error: BaseException) -> None:
        self._looking = False
        self.services.trouble = f"an older view: {one_line(error)}"
        self.services.runs_changed.publish(None)

    def _notify_ended(self, transitions: list[tuple[str | None, Run]]) -> None:
        """A notice for each run that ended while the dashboard watched."""
        ended = [run for before, run in transitions if before is not None and run.state in NOTIFIED]
        for run in ended[:MOST_NOTICES]:
            text = f"{method_title(run.method)} on {run.target}, seed {run.seed}" + (f": {run.cause}" if run.cause else "")
            fine = run.state == "completed"
            title = f"{run.id[:7]} {run.state}"
            self.notify(text, title=title, severity="information" if fine else "error", markup=False)
        if len(ended) > MOST_NOTICES:
            self.notify(f"{len(ended) - MOST_NOTICES} more runs ended")

    def write(self, change: Callable[[Store], object], notice: str) -> None:
        """Write a request into the registry in a thread, wake the supervisor, then show ``notice``."""

        def work() -> None:
            from engine.registry.store import open_store

            if self.services.registry:
                # A request must not make a registry anew that was removed.
                self.services.registry.check()
            change(open_store(self.home))
            self.services.launch(self.home)

        def done(_: None) -> None:
            self.notify(notice, markup=False)
            self.poll()

        self.background(work, done)

    def action_help(self) -> None:
        """Keys of what is on screen, and what the marks mean."""
        from scalearn_tui.dashboard.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    async def action_quit(self) -> None:
        """Leave; runs go on."""
        self.exit(self.services.runs.active())

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every named key of the screen as a command, then the themes."""
        for _, binding, enabled, tooltip in screen.active_bindings.values():
            area, _, _ = (binding.id or "").partition(".")
            if enabled and area in ("run", "runs", "view", "app") and binding.id != "app.quit-anywhere":
                yield SystemCommand(
                    f"{area}: {binding.description}", tooltip or "", partial(self.run_action, binding.action, screen)
                )
        yield SystemCommand("view: theme…", "colours of the dashboard", self.action_change_theme)
        yield SystemCommand("view: save a picture", "of the screen, as SVG", self.deliver_screenshot)


def main() -> None:
    """Entry point of ``scalearn-tui``."""
    about = "A live view of all runs: start, watch, stop and resume them. Runs go on after it quits."
    argparse.ArgumentParser("scalearn-tui", description=about, epilog="Registry: $SCALEARN_HOME. Keys: ? inside.").parse_args()
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("scalearn-tui needs a terminal; `scalearn ls` and `scalearn show` work without one", file=sys.stderr)
        sys.exit(2)
    app = Dashboard()
    going_on = app.run()
    if app.return_code:
        sys.exit(app.return_code)
    if going_on:
        runs = "1 run goes" if going_on == 1 else f"{going_on} runs go"
        print(f"{runs} on; `scalearn ls` lists them, `scalearn-tui` shows them again")


if __name__ == "__main__":
    main()
