"""The one thread that looks at the registry: it opens it, asks for changes every second, and applies the selection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from textual.message import Message

from engine.errors import UserError
from engine.files.home import Home
from scalearn_tui.dashboard.messages import RegistryOpened, RegistryTrouble, RunsChosen, RunsRead
from scalearn_tui.text.errors import one_line

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.registry.listing import ListedRun, Listing
    from engine.registry.reading import Reader
    from engine.registry.run_fields import Specs
    from engine.runs.selection import Selection

INTERVAL = 1.0
"""Seconds between two questions to the registry. Without changes nothing else happens."""
FIRST = 200
"""Runs that are shown before all are read."""
PAINTING = 0.2
"""Seconds that painting them may take undisturbed."""


class Poller(threading.Thread):
    """Posts messages until it is closed. Its methods may be called from any thread."""

    def __init__(self, home: Home, catalog: Callable[[], Catalog], post: Callable[[Message], object]) -> None:
        super().__init__(name="poller", daemon=True)
        self._home, self._catalog, self._post = home, catalog, post
        self._wake = threading.Event()
        self._closed = False
        self._again = False
        self._wanted = self._chosen = ""
        self._trouble = ""
        self._reader: Reader | None = None
        self._listing: Listing | None = None
        self._specs: Specs | None = None
        self._runs: dict[str, ListedRun] = {}

    def look(self) -> None:
        """Ask for changes now."""
        self._wake.set()

    def open_again(self) -> None:
        """Open the registry anew and read all of it."""
        self._again = True
        self._wake.set()

    def choose(self, text: str) -> None:
        """Say of which runs this selection holds, now and of those that change."""
        self._wanted = text
        self._wake.set()

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._wake.set()

    def run(self) -> None:
        """Look, wait, and so on."""
        while not self._closed:
            self._wake.clear()
            try:
                self._look()
                trouble = self._reader.doubt if self._reader else ""
            except Exception as error:  # Whatever it is, it is shown, and the next look may succeed.
                trouble = f"an older view: {one_line(error)}" if self._runs else one_line(error)
            if trouble != self._trouble and not self._closed:
                self._trouble = trouble
                self._post(RegistryTrouble(trouble))
            self._wake.wait(INTERVAL)

    def _look(self) -> None:
        if self._reader is None or self._again:
            is_first_look = self._reader is None
            self._open()
            if is_first_look and not self._wanted:
                self._show_first()
        if self._wanted != self._chosen:
            self._choose(self._wanted)
        assert self._listing is not None
        changes = self._listing.changes()
        if changes is None or self._closed:
            return
        self._runs.update({run.id: run for run in changes.runs})
        for run_id in changes.removed:
            self._runs.pop(run_id, None)
        chosen = self._holding(self._chosen, changes.runs) if self._chosen else None
        self._post(RunsRead(changes, chosen))

    def _open(self) -> None:
        from engine.registry.listing import Listing
        from engine.registry.opening import open_reader

        if self._reader is not None:
            self._reader.close()
        reader = open_reader(self._home)
        self._listing, self._specs = Listing(reader), None
        self._reader, self._again = reader, False
        self._runs.clear()
        self._post(RegistryOpened(reader))

    def _show_first(self) -> None:
        assert self._listing is not None
        first = self._listing.first(FIRST)
        if len(first.runs) == FIRST:
            self._post(RunsRead(first, None))
            self._wake.wait(PAINTING)

    def _choose(self, text: str) -> None:
        try:
            ids = self._holding(text, self._runs.values()) if text else None
        except UserError as error:
            self._wanted = self._chosen if self._wanted == text else self._wanted
            self._post(RunsChosen(text, None, one_line(error)))
            return
        self._chosen = text
        self._post(RunsChosen(text, ids))

    def _holding(self, text: str, runs: Iterable[ListedRun]) -> frozenset[str]:
        selection = self._read(text)
        return frozenset(run.id for run in runs if selection.holds(run))

    def _read(self, text: str) -> Selection[ListedRun]:
        # Anew each time: tags and sweeps are those of now.
        from engine.registry.choosing import read_row_selection
        from engine.registry.run_fields import Specs

        assert self._reader is not None
        self._specs = self._specs or Specs(self._reader)
        return read_row_selection(text, self._reader, self._catalog(), self._specs)
