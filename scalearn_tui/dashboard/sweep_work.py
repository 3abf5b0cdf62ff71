"""What the sweeps' screen reads and plans. All of it blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.plugins.home_catalog import load_catalog
from engine.sweeps.cells import from_records
from scalearn_tui.dashboard.model.sweeps import KnownSweep

if TYPE_CHECKING:
    from engine.registry.reading import Reader
    from engine.registry.records import Sweep
    from engine.sweeps.cells import Cell
    from engine.sweeps.rest import Rest


@dataclass(frozen=True)
class SweepsRead:
    """All registered sweeps."""

    stamps: list[Any]
    """Equal to those of another time if nothing changed since."""
    sweeps: list[KnownSweep]


def read_sweeps(reader: Reader, before: SweepsRead | None) -> SweepsRead | None:
    """All sweeps, the one that was registered or changed last first; None if they are as ``before``."""
    stamps = reader.sweep_stamps()
    if before and stamps == before.stamps:
        return None
    return SweepsRead(stamps, [KnownSweep(sweep, from_records(sweep.cells)) for sweep in reader.sweeps()])


def plan_rest(sweep: Sweep, cells: Sequence[Cell], reader: Reader) -> tuple[Rest, list[str]]:
    """What is left of the cells, and what its user should know of it. Raises UserError, also for files that cannot be read."""
    from engine.sweeps.rest import rest_of
    from scalearn_tui.children.data_files import incomplete_notes, open_files
    from scalearn_tui.text.queue import paused_notice

    rest = rest_of(sweep, cells, reader, load_catalog(reader.home))
    notes = [*rest.plan.notes, *incomplete_notes(rest.plan, open_files(rest.plan, reader.home))] if rest.runs else []
    paused = paused_notice(reader.home)
    return rest, [*notes, *([paused] if paused else [])]
