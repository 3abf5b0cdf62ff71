"""The rest of a registered sweep: of some of its cells those without a run and those whose run ended without success."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.catalog.catalog import Catalog
from engine.errors import UserError
from engine.plans.planner import Plan, PlannedRun, submit
from engine.plans.several import narrowed
from engine.registry.reading import Reader
from engine.registry.records import Sweep
from engine.sweeps.cells import Cell
from engine.sweeps.declaration import parse_sweep
from engine.sweeps.planning import PlannedSweep, difference, plan_sweep, refuse_loss

if TYPE_CHECKING:
    from engine.registry.store import Store


@dataclass(frozen=True)
class Rest:
    """What is left to train, and what waits."""

    sweep: Sweep
    """As it was registered when this was planned."""
    planned: PlannedSweep
    plan: Plan
    """Of the runs that are missing or over, and of the sources that these need."""
    undecided: int
    """Cells whose setting tuning has yet to choose."""

    @property
    def runs(self) -> list[PlannedRun]:
        """Those of the cells, without sources."""
        return [planned for planned in self.plan.runs if planned.role == "target"]

    @property
    def sources(self) -> list[PlannedRun]:
        """The sources that are not completed yet, nor under way."""
        return [planned for planned in self.plan.runs if planned.role == "source" and _is_left(planned)]


def rest_of(sweep: Sweep, cells: Sequence[Cell], reader: Reader, catalog: Catalog) -> Rest:
    """Plan what is left of these ``cells`` of a sweep. Raises UserError; nothing is queued.

    Also where the sweep, planned again, lacks cells that are registered, because what it reads has changed.
    """
    planned = plan_sweep(parse_sweep(sweep.text, Path(sweep.file)), reader, catalog)
    refuse_loss(difference(planned, sweep), sweep, sweep.name, f"see `scalearn sweep diff {sweep.file}`")
    asked = {cell.identity for cell in cells}
    now = [cell for cell in planned.cells if cell.identity in asked]
    wanted = {cell.run for cell in now}
    plan = narrowed(planned.plan, lambda run: run.run_id in wanted and _is_left(run))
    return Rest(sweep, planned, plan, sum(not cell.run for cell in now))


def queue_rest(rest: Rest, store: Store) -> None:
    """Queue it; a sweep that was stopped goes on.

    Raises UserError if the sweep changed since it was planned: tuning may have chosen a setting.
    """
    name, now = rest.sweep.name, store.sweep(rest.sweep.name)
    if now is None or now.updated_at != rest.sweep.updated_at:
        raise UserError(f"the sweep {name} was {'changed' if now else 'forgotten'} meanwhile and nothing was queued; ask again")
    store.register(rest.planned.record())
    asked_for = submit(rest.plan, store)
    if rest.planned.declaration.tags:
        store.tag(asked_for, rest.planned.declaration.tags)


def _is_left(planned: PlannedRun) -> bool:
    return planned.existing is None or planned.existing.state.over
