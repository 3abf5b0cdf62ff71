"""Stopping a sweep: the runs that it alone asks for end, those of other sweeps go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.registry.reading import Reader
from engine.registry.records import Run

if TYPE_CHECKING:
    from engine.registry.store import Store


@dataclass(frozen=True)
class Stoppable:
    """The queued and live runs of a sweep."""

    alone: list[Run]
    """No other sweep asks for them, or they are sources that no other run needs."""
    shared: list[Run]
    """Other sweeps that were not stopped ask for them too."""


def stoppable(name: str, reader: Reader) -> Stoppable:
    """What stopping the sweep of this name would do; nothing where there is none."""
    sweeps = reader.sweeps()
    asked = [cell["run"] for sweep in sweeps if sweep.name == name for cell in sweep.cells]
    others = {cell["run"] for sweep in sweeps if sweep.name != name and not sweep.stopped for cell in sweep.cells}
    cells = [run_id for run_id in asked if run_id not in others]
    return Stoppable(
        alone=_active([*cells, *reader.sources_of_these_alone(cells)], reader),
        shared=_active([run_id for run_id in asked if run_id in others], reader),
    )


def stop_sweep(name: str, store: Store) -> Stoppable:
    """Ask the runs that only this sweep asks for to stop; what there was to stop."""
    # First, otherwise tuning may yet choose a setting and queue its runs.
    store.stop_sweep(name)
    found = stoppable(name, store)
    store.request_stop([run.id for run in found.alone])
    return found


def _active(run_ids: list[str], reader: Reader) -> list[Run]:
    return [run for run in reader.runs(ids=run_ids) if run.state.active]
