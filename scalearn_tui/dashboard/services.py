"""What screens and widgets get from the application, which they never import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from textual.signal import Signal

from engine.catalog.catalog import BUILT_IN, Catalog
from engine.files.home import Home
from engine.plugins.home_catalog import load_catalog
from scalearn_tui.dashboard.run_index import RunIndex

if TYPE_CHECKING:
    from engine.registry.reading import Reader
    from engine.registry.store import Store

Result = TypeVar("Result")


class Background(Protocol):
    """Runs ``work()`` in a thread; later calls ``then(result)``, or ``failed(error)``, on the event loop.

    Without ``failed`` an error becomes a notice.
    """

    def __call__(
        self, work: Callable[[], Result], then: Callable[[Result], None], failed: Callable[[BaseException], None] | None = None
    ) -> None: ...


@dataclass
class Services:
    """Made once by the application, which alone changes ``registry`` and ``trouble``."""

    home: Home
    runs_changed: Signal[None]
    """Published after ``runs``, ``registry`` or ``trouble`` changed."""
    background: Background
    notify_error: Callable[[BaseException], None]
    write: Callable[[Callable[[Store], object], str], None]
    """Writes a request into the registry in a thread, wakes the supervisor, then shows the text as a notice."""
    launch: Callable[[Home], None]
    """Wakes the supervisor. Blocks."""
    poll: Callable[[], None]
    """Asks the registry for changes now."""
    open_registry: Callable[[], None]
    """Opens the registry and reads all of it, in a thread."""
    runs: RunIndex = field(default_factory=RunIndex)
    catalog: Catalog = BUILT_IN
    """What can be named in ``home``, as ``reload_catalog`` read it last."""
    registry: Reader | None = None
    """None until the registry is open."""
    trouble: str = ""
    """Why what is shown may be old; empty while the registry answers."""

    def __post_init__(self) -> None:
        self.reload_catalog()

    def reload_catalog(self) -> Catalog:
        """The catalog anew: a benchmark may have been added since."""
        self.catalog = load_catalog(self.home)
        return self.catalog
