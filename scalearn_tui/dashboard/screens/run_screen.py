"""What the full screens share: the run at hand, what can be done with it, and a notice when the terminal is too small."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from scalearn_tui.dashboard.screens.confirm import ConfirmScreen
from scalearn_tui.dashboard.services import Services
from scalearn_tui.text.names import method_title

if TYPE_CHECKING:
    from engine.registry.records import Run

SMALLEST = (60, 15)


class TooSmall(Static):
    """Covers the screen when it is smaller than anything useful."""

    def on_mount(self) -> None:
        self._write()

    def on_resize(self) -> None:
        self._write()

    def _write(self) -> None:
        have = self.app.size
        need = f"{SMALLEST[0]}x{SMALLEST[1]}"
        self.update(f"needs {need}, have {have.width}x{have.height}; `scalearn ls` works at any size")


class RunScreen(Screen[None]):
    """A screen about runs. Subclasses say which run is at hand."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("T", "stop", "stop", id="run.stop", tooltip="save, then end the run; asks first"),
        Binding("R", "resume", "resume", id="run.resume", tooltip="queue a failed, stopped or lost run again"),
        Binding("y", "copy_id", "copy id", show=False, id="run.copy-id", tooltip="copy the run's id to the clipboard"),
    ]

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services

    @property
    def run(self) -> Run | None:
        """The run that keys act on."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield TooSmall()

    def action_stop(self) -> None:
        """Ask, then request a stop."""
        run = self.run
        if run is None:
            return
        if not run.state.active:
            self.notify(f"{run.id[:7]} is {run.state}; only queued and live runs can be stopped", severity="warning")
            return
        if run.stop_requested:
            self.notify(f"{run.id[:7]} was asked to stop; it ends after saving", severity="warning")
            return
        name = f"{method_title(run.method)} on {run.target}, seed {run.seed}"

        def decided(yes: bool | None) -> None:
            if yes:
                self.services.write(lambda store: store.request_stop([run.id]), f"{run.id[:7]} was asked to stop")

        self.app.push_screen(ConfirmScreen(f"Stop run {run.id[:7]}?", name, what_survives(run), "Stop"), decided)

    def action_resume(self) -> None:
        """Queue the run again."""
        run = self.run
        if run is None:
            return
        if not run.state.over:
            self.notify(f"{run.id[:7]} is {run.state}; only failed, stopped and lost runs can be resumed", severity="warning")
            return
        self.services.write(lambda store: store.requeue([run.id]), f"{run.id[:7]} is queued again")

    def action_copy_id(self) -> None:
        """Copy the run's id."""
        if self.run is not None:
            self.app.copy_to_clipboard(self.run.id)
            self.notify(f"copied {self.run.id}")


def what_survives(run: Run) -> str:
    """What a stop leaves behind, in a sentence or two."""
    if run.state == "queued":
        return "It leaves the queue; nothing was trained yet in this attempt. R queues it again."
    best = f" and its best checkpoint (epoch {run.best_epoch})" if run.best_epoch is not None else ""
    return f"It saves step {run.step:,} and ends. Its curves, log{best} are kept; R goes on from there."
