"""The application: it takes the poller's messages into the model, lets screens hear of them, and holds what they share."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import on
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.screen import Screen
from textual.signal import Signal

from engine.files.home import Home
from scalearn_tui.dashboard.ascii import Ascii
from scalearn_tui.dashboard.background import BackgroundApp
from scalearn_tui.dashboard.key_order import KeyOrderApp
from scalearn_tui.dashboard.messages import RegistryOpened, RegistryTrouble, RunsChosen, RunsRead
from scalearn_tui.dashboard.poller import Poller
from scalearn_tui.dashboard.remembered import recall, remember
from scalearn_tui.dashboard.requests import Requests
from scalearn_tui.dashboard.screens.action_screen import ActionScreen
from scalearn_tui.dashboard.screens.runs import RunsScreen
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.sink import Sink
from scalearn_tui.dashboard.terminal_cells import CellsApp
from scalearn_tui.dashboard.widgets.key_line import KeyLine
from scalearn_tui.text.names import method_title

if TYPE_CHECKING:
    from engine.registry.listing import ListedRun

NOTIFIED = ("completed", "failed", "lost")
"""States that a notice announces on every screen."""
MOST_NOTICES = 3
SINK = Sink()


def start_supervisor(home: Home) -> None:
    """Make sure that a supervisor starts and watches the workers of ``home``."""
    from engine.launch.supervision import ensure_supervisor

    ensure_supervisor(home)


def read_keymap(home: Home) -> dict[str, str]:
    """The keys that ``config.toml`` says. Raises UserError for a mistake in it. Blocks."""
    if not home.config.exists():
        return {}
    from engine.files.config import read_config
    from scalearn_tui.dashboard.keymaps import keymap_of

    return keymap_of(read_config(home))


class Dashboard(KeyOrderApp, CellsApp, BackgroundApp):
    """Shows the registry of ``home``.

    ``launch`` is called, in a thread, after something was queued or stopped; never where ``read_only``.
    """

    TITLE = "scalearn"
    CSS_PATH = "styles/dashboard.tcss"
    DEFAULT_MODE = "runs"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    # Textual declares these as "ClassVar | None", which mypy reads as instance variables.
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]]] = [  # type: ignore[misc]
        (0, "-too-narrow"), (60, "-narrow"), (100, "-medium"), (140, "-wide"),
    ]  # fmt: skip
    VERTICAL_BREAKPOINTS: ClassVar[list[tuple[int, str]]] = [(0, "-too-short"), (15, "-short"), (34, "-tall")]  # type: ignore[misc]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", key_display="?", id="app.help"),
        Binding("ctrl+z", "suspend_process", "suspend", show=False, id="app.suspend"),
        Binding("ctrl+q", "quit", "quit", show=False, priority=True, id="app.quit-anywhere"),
    ]

    def __init__(
        self,
        home: Home | None = None,
        launch: Callable[[Home], None] = start_supervisor,
        ascii_only: bool = False,
        read_only: bool = False,
    ) -> None:
        super().__init__()
        self._last_filters = (SINK, Ascii()) if ascii_only else (SINK,)
        self.home = home or Home.default()
        self._launch = launch
        self._woken = read_only
        self.services = Services(
            self.home,
            Poller(self.home, lambda: self.services.catalog, self.post_message),
            Requests(self.home, self.background, self.set_timer, launch, self._answer, self._status_changed),
            background=self.background,
            notify_error=self.notify_error,
            launch=launch,
            run_screen=self._run_screen,
            runs_changed=Signal(self, "runs-changed"),
            runs_chosen=Signal(self, "runs-chosen"),
            status_changed=Signal(self, "status-changed"),
            remember=self._remember,
            read_only=read_only,
        )
        self.add_mode("runs", lambda: RunsScreen(self.services))
        self.add_mode("board", self._board)
        self.add_mode("sweeps", self._sweeps)
        self.add_mode("compare", self._compare)
        self.add_mode("queue", self._queue)
        self.add_mode("transfer", self._transfer)

    def _board(self) -> Screen[None]:
        from scalearn_tui.dashboard.screens.board import BoardScreen

        return BoardScreen(self.services)

    def _sweeps(self) -> Screen[None]:
        from scalearn_tui.dashboard.screens.sweeps import SweepsScreen

        return SweepsScreen(self.services)

    def _compare(self) -> Screen[None]:
        from scalearn_tui.dashboard.screens.compare import CompareScreen

        return CompareScreen(self.services)

    def _queue(self) -> Screen[None]:
        from scalearn_tui.dashboard.screens.queue import QueueScreen

        return QueueScreen(self.services)

    def _transfer(self) -> Screen[None]:
        from scalearn_tui.dashboard.screens.transfer import TransferScreen

        return TransferScreen(self.services)

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._last_filters]

    def on_mount(self) -> None:
        self.services.remembered = recall(self.home)
        if self.services.remembered.theme in self.available_themes:
            self.theme = self.services.remembered.theme
        self.theme_changed_signal.subscribe(self, lambda theme: self._remember(theme=theme.name))
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        # The registry takes longer to read than a frame to paint, so the frame comes first.
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        self.services.poller.start()
        self.background(lambda: read_keymap(self.home), self._take_keymap)

    def _take_keymap(self, keymap: dict[str, str]) -> None:
        if keymap:
            self.services.keymap.update(keymap)
            self.set_keymap(keymap)
            for line in self.screen.query(KeyLine):
                line.refresh()

    def _remember(self, **chosen: str) -> None:
        self.services.remembered = replace(self.services.remembered, **chosen)
        if not self.services.read_only:
            self.background(partial(remember, self.home, self.services.remembered), lambda _: None)

    def on_unmount(self) -> None:
        self.services.poller.close()
        gc.unfreeze()

    @on(RegistryOpened)
    def _opened(self, event: RegistryOpened) -> None:
        self.services.reader = event.reader
        self.services.index.clear()
        self._status_changed()

    @on(RunsRead)
    def _read(self, event: RunsRead) -> None:
        updated = self.services.index.update(event.changes, event.chosen)
        is_first = not self.services.is_read and event.changes.version >= 0
        self.services.is_read = event.changes.version >= 0
        if is_first:
            # What stays until the end need not be looked through for garbage: 10,000 runs would hold up keys.
            gc.freeze()
            gc.enable()
        self._notify_ended(updated.ended)
        self.services.runs_changed.publish(updated)
        if not self._woken and self.services.index.active():
            self._woken = True
            self.background(partial(self._launch, self.home), lambda _: self.services.poller.look())

    @on(RunsChosen)
    def _chosen(self, event: RunsChosen) -> None:
        if not event.error:
            self.services.index.choose(event.ids)
        self.services.runs_chosen.publish(event)

    @on(RegistryTrouble)
    def _trouble(self, event: RegistryTrouble) -> None:
        self.services.trouble = event.text
        gc.enable()
        self._status_changed()

    def _status_changed(self) -> None:
        self.services.status_changed.publish(None)

    def _answer(self, text: str, refused: bool) -> None:
        # What is seen to have happened needs no words.
        if text:
            self.notify(text, severity="warning" if refused else "information", markup=False)
        self.services.poller.look()

    def _notify_ended(self, runs: Sequence[ListedRun]) -> None:
        """A notice for each run that ended while the dashboard watched."""
        ended = [run for run in runs if run.state in NOTIFIED]
        for run in ended[:MOST_NOTICES]:
            text = f"{method_title(run.method)} on {run.target}, seed {run.seed}" + (f": {run.cause}" if run.cause else "")
            fine = run.state == "completed"
            title = f"{run.id[:7]} {run.state}"
            self.notify(text, title=title, severity="information" if fine else "error", markup=False)
        if len(ended) > MOST_NOTICES:
            self.notify(f"{len(ended) - MOST_NOTICES} more runs ended")

    def _run_screen(self, kind: Literal["detail", "log"], run_id: str) -> Screen[None]:
        from scalearn_tui.dashboard.screens.detail import DetailScreen
        from scalearn_tui.dashboard.screens.log import LogScreen

        return (DetailScreen if kind == "detail" else LogScreen)(self.services, run_id)

    def action_help(self) -> None:
        """Keys of what is on screen, and what the marks mean."""
        from scalearn_tui.dashboard.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    async def action_quit(self) -> None:
        """Leave; runs go on."""
        self.exit(self.services.index.active())

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action of the screen as a command, then the themes."""
        if isinstance(screen, ActionScreen):
            for action in screen.actions:
                yield SystemCommand(f"{action.area}: {action.title}", action.help, partial(screen.action_perform, action.id))
        yield SystemCommand("app: help", "all keys", self.action_help)
        yield SystemCommand("app: quit", "leave; runs go on", self.action_quit)
        yield SystemCommand("view: theme…", "colours of the dashboard", self.action_change_theme)
        yield SystemCommand("view: save a picture", "of the screen, as SVG", self.deliver_screenshot)
