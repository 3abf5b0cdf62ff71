"""From a declared sweep to its plan and cells, and to what the registry keeps of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.catalog.catalog import Catalog
from engine.catalog.method import setting_text
from engine.errors import UserError
from engine.plans.planner import Plan, PlannedRun, make_plan
from engine.plans.several import merged, narrowed
from engine.registry.reading import Reader
from engine.registry.records import Sweep
from engine.runs.deviations import settings_of
from engine.runs.distinctions import Settings, distinctions, settings_line
from engine.runs.spec import RunSpec
from engine.sweeps.asking import Asked, blamed, requests_of
from engine.sweeps.cells import Cell, as_records, from_records
from engine.sweeps.declaration import Declaration, Tune
from engine.sweeps.exclusions import excludes
from engine.sweeps.tuning import PlannedSearch, as_asked, plan_searches, tuned_requests, without_excluded
from engine.sweeps.winners import searches_of, with_winners


@dataclass(frozen=True)
class PlannedSweep:
    """A declared sweep, with every name of it resolved."""

    declaration: Declaration
    asked: Asked
    plan: Plan
    cells: list[Cell]
    later: Plan | None = None
    """Of a tuned sweep, the runs of settings that are not chosen yet, as if each first one were the best."""

    def record(self) -> Sweep:
        """What the registry keeps."""
        requests = [request.model_dump(mode="json") for _, request in self.asked]
        declared = self.declaration
        return Sweep(
            name=declared.name,
            file=str(declared.file.absolute()),
            text=declared.text,
            requests=requests,
            cells=as_records(self.cells),
        )


@dataclass(frozen=True)
class Difference:
    """What a declaration adds to a registered sweep, and which of its cells it no longer asks for."""

    added: list[Cell]
    orphaned: list[Cell]
    kept: int


def plan_sweep(declaration: Declaration, reader: Reader, catalog: Catalog) -> PlannedSweep:
    """Plan all requests of a sweep as one, without what it excludes. Raises UserError; nothing is queued."""
    if declaration.tune:
        return _plan_tuned(declaration, declaration.tune, reader, catalog)
    asked = requests_of(declaration, catalog)
    plans = []
    for place, request in asked:
        with blamed(declaration, place):
            plans.append(make_plan(request, reader, catalog))
    plan = _without_excluded(merged(plans), declaration, catalog)
    return PlannedSweep(declaration, asked, plan, list(_cells(plan, declaration, catalog)))


def difference(planned: PlannedSweep, registered: Sweep | None) -> Difference:
    """Cells are the same where their runs are; without a registered sweep all are added."""
    known = from_records(registered.cells) if registered else []
    now, before = ({cell.identity for cell in cells} for cells in (planned.cells, known))
    return Difference(
        added=[cell for cell in planned.cells if cell.identity not in before],
        orphaned=[cell for cell in known if cell.identity not in now],
        kept=len(now & before),
    )


def refuse_loss(found: Difference, registered: Sweep, asked: str, advice: str) -> None:
    """Raises UserError with ``advice`` where what was ``asked`` for lacks cells of the ``registered`` sweep."""
    if found.orphaned:
        lost = f"{len(found.orphaned)} of the {len(registered.cells)} cells of the sweep {registered.name}"
        raise UserError(f"{asked} no longer asks for {lost}; {advice}")


def _plan_tuned(declaration: Declaration, tune: Tune, reader: Reader, catalog: Catalog) -> PlannedSweep:
    """The runs that try settings, without those that diverged, and the runs of each setting that is chosen by now."""
    requests = tuned_requests(declaration, tune, catalog)
    plans, searches = plan_searches(declaration, requests, reader, catalog)
    plan = _without_excluded(merged(plans), declaration, catalog)
    specs = {planned.run_id: planned.spec for planned in plan.runs if planned.role == "target"}
    with blamed(declaration):
        searches = without_excluded(searches, specs)
    undecided = list(_tuned_cells(searches, specs, declaration, catalog))
    cells = with_winners(undecided, searches_of(undecided, reader))
    now = {cell.run for cell in cells}
    later = {cell.candidates[0] for cell in cells if not cell.run}
    return PlannedSweep(
        declaration,
        as_asked(requests),
        narrowed(plan, lambda planned: planned.run_id in now and not _diverged(planned)),
        cells,
        narrowed(plan, lambda planned: planned.run_id in later) if later else None,
    )


def _diverged(planned: PlannedRun) -> bool:
    """Whether the setting of a tuning run was tried in vain, as it would be again."""
    return planned.spec.dev_only and planned.existing is not None and planned.existing.diverged


def _tuned_cells(
    searches: Sequence[PlannedSearch], specs: Mapping[str, RunSpec], declaration: Declaration, catalog: Catalog
) -> Iterator[Cell]:
    """Of each search the cells that try its settings, then those of the chosen one."""
    for method in _methods(declaration, catalog):
        own = [(number, search) for number, search in enumerate(searches) if search.method == method]
        tried = [run_id for _, search in own for runs in search.tuning for run_id in runs.values()]
        varying = _varying({run_id: specs[run_id] for run_id in tried}, catalog)
        for number, search in own:
            told = [varying[run_id] for runs in search.tuning for run_id in runs.values()]
            for trial, runs in enumerate(search.tuning):
                for run_id in runs.values():
                    yield replace(_cell(run_id, specs[run_id], varying[run_id]), search=number, trial=trial)
            shared = {name: text for name, text in told[0].items() if all(facts.get(name) == text for facts in told)}
            for seed, first in search.reported[0].items():
                candidates = tuple(runs[seed] for runs in search.reported)
                undecided = _cell("", specs[first], shared)
                setting = f"{undecided.setting} best on dev".strip()
                yield replace(undecided, setting=setting, search=number, candidates=candidates)


def _cell(run_id: str, spec: RunSpec, setting: Settings) -> Cell:
    return Cell(run_id, spec.method, spec.target, spec.seed, settings_line(setting), spec.shots, spec.backbone)


def _methods(declaration: Declaration, catalog: Catalog) -> list[str]:
    """In the order of the file."""
    methods = [catalog.find_method(method).name for part in declaration.parts.values() for method in part.methods]
    return list(dict.fromkeys(methods))


def _cells(plan: Plan, declaration: Declaration, catalog: Catalog) -> Iterator[Cell]:
    """The cells of the requested runs, in the order of the file's methods."""
    for method in _methods(declaration, catalog):
        targets = (planned for planned in plan.runs if planned.role == "target" and planned.spec.method == method)
        specs = {planned.run_id: planned.spec for planned in targets}
        varying = _varying(specs, catalog)
        for run_id, spec in specs.items():
            yield _cell(run_id, spec, varying[run_id])


def _varying(specs: Mapping[str, RunSpec], catalog: Catalog) -> dict[str, Settings]:
    """By run, the settings and sources in which runs of one method differ that would look alike."""
    told = distinctions(specs, catalog)
    names = dict.fromkeys(name for facts in told.values() for name in facts if name != "shots")
    facts = {
        run_id: {name: setting_text(value) for name, value in settings_of(spec).items()} | told.get(run_id, {})
        for run_id, spec in specs.items()
    }
    varying = [name for name in names if len({of_run.get(name) for of_run in facts.values()}) > 1]
    return {run_id: {name: of_run[name] for name in varying if name in of_run} for run_id, of_run in facts.items()}


def _without_excluded(plan: Plan, declaration: Declaration, catalog: Catalog) -> Plan:
    out: set[str] = set()
    targets = [planned for planned in plan.runs if planned.role == "target"]
    for number, exclusion in enumerate(declaration.exclude, start=1):
        with blamed(declaration, f"exclude {number}"):
            matched = {planned.run_id for planned in targets if excludes(exclusion, planned.spec, declaration, catalog)}
            if not matched:
                raise UserError("matches none of the runs; correct it, or leave it out")
            out |= matched
    if len(out) == len(targets):
        raise UserError(f"{declaration.file}: every run is excluded")

    def stays(planned: PlannedRun) -> bool:
        return planned.run_id not in out

    return narrowed(plan, stays) if out else plan
