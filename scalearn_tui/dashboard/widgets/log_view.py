"""A run's log, live: its end at once, the lines above when they are scrolled to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollTo
from textual.strip import Strip

from scalearn_tui.dashboard.blocking import Background
from scalearn_tui.dashboard.log_file import LogFile, Page
from scalearn_tui.dashboard.log_search import Query
from scalearn_tui.dashboard.widgets.log_rows import Look, height, row, wrapped
from scalearn_tui.dashboard.widgets.rows import repaint

if TYPE_CHECKING:
    from textual.timer import Timer

INTERVAL = 1.0
WHEEL = 3
"""Lines per notch of the mouse wheel."""
SIDE = 8
"""Cells per step to the side."""
NO_LINES = Page(0, (), 0, False)


class LogView(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows one file, of which it holds the lines near those shown, and follows it while it stands at its end.

    Once it leaves the end of a long file, all its lines are counted in a thread; what was shown stays meanwhile.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"log-view--line", "log-view--trouble", "log-view--match", "log-view--empty"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "line down", show=False, id="log.down"),
        Binding("up,k", "move(-1)", "line up", show=False, id="log.up"),
        Binding("pagedown", "page(1)", "page down", show=False, id="log.pagedown"),
        Binding("pageup", "page(-1)", "page up", show=False, id="log.pageup"),
        Binding("home,g", "top", "top", show=False, id="log.top"),
        Binding("end,G", "follow(True)", "end", show=False, id="log.end"),
        Binding("left", "side(-1)", "left", show=False, id="log.left"),
        Binding("right", "side(1)", "right", show=False, id="log.right"),
        Binding("f", "follow", "follow", id="log.follow"),
    ]
    following: var[bool] = var(True, init=False)
    wrap: var[bool] = var(False, init=False)
    searched: var[Query | None] = var(None, init=False)
    """What is marked in the lines."""

    class Moved(Message):
        """Other lines are shown, or more is known of the file."""

    def __init__(self, background: Background, id: str | None = None) -> None:
        super().__init__(id=id)
        self._background = background
        self._file: LogFile | None = None
        self._counting: LogFile | None = None
        self._page = NO_LINES
        self._reading = self._to_top = False
        self._wanted: int | None = None
        self._shown: list[Strip] = []
        self._timer: Timer | None = None

    @property
    def text_lines(self) -> list[str]:
        """The lines held."""
        return list(self._page.lines)

    @property
    def top(self) -> int:
        """Number of the first line shown, from 0."""
        return self._last_top() if self.following else int(self.scroll_y)

    @property
    def position(self) -> str:
        """Which part of the file is shown, in words."""
        if self._counting is not None:
            return f"counting lines, {self._counting.percent}%"
        if self._file is None or not self._page.count:
            return ""
        if self._file.start:
            return "end of the file"
        return f"line {min(self.top + 1, self._page.count):,} of {self._page.count:,}"

    def on_mount(self) -> None:
        self._timer = self.set_interval(INTERVAL, self.look)

    def on_unmount(self) -> None:
        self._stop_counting()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self._shown:
            # Once the style sheet is applied to the components, too.
            self.call_later(self._paint)

    def watch_file(self, path: Path | None) -> None:
        """Show this file from now on; None shows nothing."""
        if self._file is not None and path == self._file.path:
            return
        self._stop_counting()
        self._file = None if path is None else LogFile(path)
        self._reading = self._to_top = False
        self._wanted, self._page, self.following = None, NO_LINES, True
        self._fit()
        self.look()

    def look(self) -> None:
        """Read what is new, in a thread; skipped while it is hidden or the last read is not done."""
        file = self._file
        if file is None or self._reading or not self.display or self.screen is not self.app.screen:
            return
        self._reading, rows = True, max(1, self.size.height)
        first = None if self.following else max(0, self.top - 2 * rows)
        self._background(lambda: file.page(first, 5 * rows), lambda page: self._take(file, page), self._failed)
        if self._counting is not None:
            self.post_message(self.Moved())

    def _failed(self, error: BaseException) -> None:
        self._reading = False
        self.app.notify(str(error), severity="error", markup=False)

    def _take(self, file: LogFile, page: Page) -> None:
        if file is not self._file or not self.is_attached:
            return
        self._reading = False
        if page.fresh and self._page.count:
            self.following = True
        changed, self._page = page != self._page, page
        if changed:
            self._fit()
            self._to_end()
        if not self._holds_shown():
            self.look()

    def _holds_shown(self) -> bool:
        """Whether the lines held are all that the view needs."""
        page, rows = self._page, max(1, self.size.height)
        last = min(self.top + rows, page.count)
        return page.first <= self.top and last <= page.first + len(page.lines)

    def _last_top(self) -> int:
        """The first line shown when the view stands at the end."""
        page, rows = self._page, max(1, self.scrollable_content_region.height)
        if not self.wrap or page.first + len(page.lines) < page.count:
            return max(0, page.count - rows)
        width, top = self.scrollable_content_region.width, page.count
        for line in reversed(page.lines):
            rows -= height(line, width)
            if rows < 0:
                break
            top -= 1
        return min(top, page.count - 1) if page.count else 0

    def _fit(self) -> None:
        width = 0 if self.wrap else max(map(cell_len, self._page.lines), default=0)
        if self._page.count and not self.wrap:
            width = max(width, self.virtual_size.width)
        self.virtual_size = Size(width, self._last_top() + max(1, self.scrollable_content_region.height))
        self._paint()

    def _paint(self) -> None:
        """Make the rows anew; those of before stay while the lines are not there."""
        if not self._holds_shown():
            self.refresh()
            return
        before, self._shown = self._shown, self._rows()
        repaint(self, before, self._shown)
        self.post_message(self.Moved())

    def _rows(self) -> list[Strip]:
        region, page = self.scrollable_content_region, self._page
        if not page.count:
            return [Strip([Segment("no log yet", self.get_component_rich_style("log-view--empty"))])]
        look = Look(*(self.get_component_rich_style(f"log-view--{name}") for name in ("line", "trouble", "match")))
        start = self.top - page.first
        lines = page.lines[start : start + region.height]
        if not self.wrap:
            return [row(line, self.searched, look) for line in lines]
        rows: list[Strip] = []
        for line in lines:
            if len(rows) < region.height or self.following:
                rows += wrapped(line, region.width, self.searched, look)
        return rows[-region.height :] if self.following else rows

    def _to_end(self) -> None:
        if self.following:
            self.call_after_refresh(self._jump)

    def _jump(self) -> None:
        if self.following:
            self.scroll_to(y=self.max_scroll_y, animate=False)

    def on_resize(self) -> None:
        self._fit()
        self._to_end()
        if not self._holds_shown():
            self.look()

    def watch_scroll_y(self, old: float, new: float) -> None:
        super().watch_scroll_y(old, new)
        self._paint()
        if not self._holds_shown():
            self.look()

    def watch_following(self, following: bool) -> None:
        if not following and self._file is not None and self._file.start:
            self._count()
        self._paint()

    def watch_wrap(self) -> None:
        self.scroll_x = 0
        self._fit()
        self._to_end()

    def watch_searched(self) -> None:
        self._paint()

    def _count(self) -> None:
        """Find all lines of the file, in a thread, then go on with their true numbers."""
        part = self._file
        if part is None or self._counting is not None:
            return
        whole, start = LogFile(part.path, whole=True), part.start
        self._counting = whole

        def count() -> int:
            whole.page(0, 1)
            return whole.number_at(start)

        self._background(count, lambda above: self._counted(whole, above), lambda _: self._stop_counting())

    def _counted(self, whole: LogFile, above: int) -> None:
        if whole is not self._counting or not self.is_attached:
            return
        self._counting, self._file, self._reading = None, whole, False
        page, top = self._page, self.top
        self._page = Page(page.first + above, page.lines, page.count + above, False)
        self._fit()
        if self._wanted is not None:
            self.go_to(self._wanted)
        elif not self.following:
            self.call_after_refresh(self.scroll_to, y=0 if self._to_top else top + above, animate=False)
        self._wanted, self._to_top = None, False
        self.look()

    def _stop_counting(self) -> None:
        if self._counting is not None:
            self._counting.cancelled = True
            self._counting = None

    def go_to(self, line: int) -> None:
        """Show a line of the file, counted from 0 at its beginning, with some lines above it."""
        self.following = False
        if self._file is not None and self._file.start:
            self._wanted = line
            return
        if self.shows(line):
            return
        self.call_after_refresh(self.scroll_to, y=max(0, line - self.size.height // 3), animate=False)

    def shows(self, line: int) -> bool:
        """Whether a line of the file is on the screen; unknown, so False, before all lines are counted."""
        known = self._file is not None and not self._file.start
        return known and self.top <= line < self.top + max(1, self.scrollable_content_region.height // (3 if self.wrap else 1))

    def action_top(self) -> None:
        """Show the beginning of the file."""
        self._to_top = self._file is not None and self._file.start > 0
        self._go(0)
        if not self._to_top and self.max_scroll_y:
            self.following = False

    def _go(self, line: float) -> None:
        """Scroll to a line of those known; at the end it follows what comes."""
        line = max(0, min(line, self.max_scroll_y))
        self.following = line >= self.max_scroll_y and not self._to_top
        self.scroll_to(y=line, animate=False)

    def action_move(self, by: int) -> None:
        self._go(self.scroll_y + by)

    def action_page(self, direction: int) -> None:
        self._go(self.scroll_y + direction * max(1, self.size.height - 1))

    def action_side(self, direction: int) -> None:
        self.scroll_to(x=self.scroll_x + direction * SIDE, animate=False)

    def action_follow(self, follow: bool | None = None) -> None:
        """Stop following, or jump to the end and follow."""
        self.following = not self.following if follow is None else follow
        self._to_end()
        self.look()

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
        if message.y is not None:
            self.following = message.y >= self.max_scroll_y

    def render_line(self, y: int) -> Strip:
        x, width = int(self.scroll_x), self.scrollable_content_region.width
        strip = self._shown[y] if y < len(self._shown) else Strip([])
        return strip.crop_extend(x, x + width, self.rich_style)
