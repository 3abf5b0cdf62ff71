"""What screens and widgets get from the application, which they never import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from textual.screen import Screen
from textual.signal import Signal

from engine.files.home import Home
from scalearn_tui.dashboard.blocking import Background
from scalearn_tui.dashboard.messages import RunsChosen
from scalearn_tui.dashboard.model.index import RunIndex, Updated
from scalearn_tui.dashboard.poller import Poller
from scalearn_tui.dashboard.remembered import Remembered
from scalearn_tui.dashboard.requests import Requests

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.registry.reading import Reader


@dataclass
class Services:
    """Made once by the application, which alone changes ``index``, ``reader`` and ``trouble``."""

    home: Home
    poller: Poller
    requests: Requests
    background: Background
    notify_error: Callable[[BaseException], None]
    remember: Callable[..., None]
    """Keeps fields of ``remembered`` for the next time; they apply at once."""
    launch: Callable[[Home], None]
    """Wakes the supervisor. Blocks."""
    run_screen: Callable[[Literal["detail", "log"], str], Screen[None]]
    """Makes the screen of a run, by its id: screens lead to each other, and import each other in no circle."""
    runs_changed: Signal[Updated]
    """After ``index`` changed."""
    runs_chosen: Signal[RunsChosen]
    """After a selection was applied to ``index``, or refused."""
    status_changed: Signal[None]
    """After ``reader``, ``trouble`` or the requests under way changed."""
    index: RunIndex = field(default_factory=RunIndex)
    reader: Reader | None = None
    """None until the registry is open."""
    keymap: dict[str, str] = field(default_factory=dict)
    """Other keys than the usual ones, by the ids of actions."""
    draft: dict[str, str] = field(default_factory=dict)
    """What stands in the form's fields when it is opened."""
    compared: tuple[tuple[str, ...], ...] = ()
    """Ids of the runs that are compared, by side."""
    weighed: tuple[str, ...] = ()
    """Ids of the runs of which it is shown what they take from sources."""
    is_read: bool = False
    """Whether ``index`` has all runs."""
    remembered: Remembered = field(default_factory=Remembered)
    read_only: bool = False
    """Whether one may only look."""
    trouble: str = ""
    """Why what is shown may be old; empty while the registry answers."""

    _catalog: Catalog | None = None

    @property
    def catalog(self) -> Catalog:
        """What can be named in ``home``, as ``reload_catalog`` read it last, at first when it is asked for: rows need none."""
        return self._catalog or self.reload_catalog()

    def reload_catalog(self) -> Catalog:
        """The catalog anew: a benchmark may have been added since."""
        from engine.plugins.home_catalog import load_catalog

        self._catalog = load_catalog(self.home)
        return self._catalog
