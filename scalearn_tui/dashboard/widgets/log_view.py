"""The end of a run's log, live."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollTo
from textual.strip import Strip

from scalearn_tui.dashboard.background import Background
from scalearn_tui.dashboard.tail import Tail, Tailed

if TYPE_CHECKING:
    from textual.timer import Timer

INTERVAL = 1.0
KEPT_LINES = 20_000
WHEEL = 3
"""Lines per notch of the mouse wheel."""


class LogView(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows the last part of one file and follows it while the view stands at its end."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"log-view--line", "log-view--trouble", "log-view--empty"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "line down", show=False, id="log.down"),
        Binding("up,k", "move(-1)", "line up", show=False, id="log.up"),
        Binding("pagedown", "page(1)", "page down", show=False, id="log.pagedown"),
        Binding("pageup", "page(-1)", "page up", show=False, id="log.pageup"),
        Binding("home,g", "go(0)", "top", show=False, id="log.top"),
        Binding("end,G", "follow(True)", "end", show=False, id="log.end"),
        Binding("left", "scroll_left", "left", show=False, id="log.left"),
        Binding("right", "scroll_right", "right", show=False, id="log.right"),
        Binding("f", "follow", "follow", id="log.follow"),
    ]
    following: var[bool] = var(True)

    def __init__(self, background: Background, id: str | None = None) -> None:
        super().__init__(id=id)
        self._background = background
        self._lines: list[str] = []
        self._open = ""
        self._tail: Tail | None = None
        self._reading = False
        self._timer: Timer | None = None

    @property
    def text_lines(self) -> list[str]:
        """What is shown, from the first line kept to the newest."""
        return [*self._lines, self._open] if self._open else list(self._lines)

    def on_mount(self) -> None:
        self._timer = self.set_interval(INTERVAL, self.look)

    def watch_file(self, path: Path | None) -> None:
        """Show this file from now on; None shows nothing."""
        if self._tail is not None and path == self._tail.path:
            return
        self._tail = None if path is None else Tail(path)
        self._reading = False
        self._lines, self._open, self.following = [], "", True
        self._fit()
        self.look()

    def look(self) -> None:
        """Read what is new, in a thread; skipped while it is hidden or the last read is not done."""
        if self._tail is None or self._reading or not self.display or self.screen is not self.app.screen:
            return
        tail, self._reading = self._tail, True
        self._background(tail.read, lambda new: self._take(tail, new))

    def _take(self, tail: Tail, new: Tailed | None) -> None:
        if tail is not self._tail:
            return
        self._reading = False
        if new is None:
            self._to_end()
            return
        if new.fresh:
            self._lines = ["… earlier lines are in the file"] if new.skipped else []
        self._lines.extend(new.lines)
        del self._lines[:-KEPT_LINES]
        self._open = new.open_line
        self._fit()

    def _fit(self) -> None:
        lines = self.text_lines
        width = max((len(line) for line in lines[-2000:]), default=0)
        self.virtual_size = Size(width, len(lines))
        self.refresh()
        self._to_end()

    def _to_end(self) -> None:
        if self.following:
            self.call_after_refresh(self._jump)

    def _jump(self) -> None:
        if self.following:
            self.scroll_to(y=self.max_scroll_y, animate=False)

    def on_resize(self) -> None:
        self._to_end()

    def action_go(self, line: float) -> None:
        """Scroll to a line; at the end it follows what comes."""
        line = max(0, min(line, self.max_scroll_y))
        self.following = line >= self.max_scroll_y
        self.scroll_to(y=line, animate=False)

    def action_move(self, by: int) -> None:
        self.action_go(self.scroll_y + by)

    def action_page(self, direction: int) -> None:
        self.action_go(self.scroll_y + direction * max(1, self.size.height - 1))

    def action_follow(self, follow: bool | None = None) -> None:
        """Stop following, or jump to the end and follow."""
        self.following = not self.following if follow is None else follow
        self._to_end()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -WHEEL)

    def _wheel(self, event: events.MouseEvent, by: int) -> None:
        event.stop()
        event.prevent_default()
        self.action_move(by)

    def on_scroll_to(self, message: ScrollTo) -> None:
        """The scrollbar was dragged."""
        self.following = message.y is not None and message.y >= self.max_scroll_y

    def render_line(self, y: int) -> Strip:
        x, top = self.scroll_offset
        at, size = top + y, self.scrollable_content_region.size
        kept = len(self._lines)
        text = self._lines[at] if at < kept else self._open if at == kept else ""
        look = "log-view--trouble" if _is_trouble(text) else "log-view--line"
        if not kept and not self._open and y == 0:
            text, look = "no log yet", "log-view--empty"
        style = self.get_component_rich_style(look)
        return Strip([Segment(text, style)]).crop_extend(x, x + size.width, self.rich_style)


def _is_trouble(line: str) -> bool:
    return line.startswith("Traceback ") or " ERROR " in line or line.partition(":")[0].endswith("Error")
