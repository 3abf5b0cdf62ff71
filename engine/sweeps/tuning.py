"""The plan of a tuned sweep: every setting is trained with the tuning seeds and evaluated on dev; the best with other seeds.

The runs of the chosen setting are planned for every setting, so that their ids are known before any is chosen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.catalog.catalog import Catalog
from engine.errors import UserError
from engine.plans.planner import Plan, make_plan
from engine.registry.reading import Reader
from engine.runs.request import Request
from engine.sweeps.asking import Asked, blamed, check_size, requests_of
from engine.sweeps.declaration import Declaration, Tune
from engine.sweeps.trials import Trial, trials_of

Unit = tuple[str, str, int | None]
"""Method, target and shots: what is tuned by itself."""
Runs = dict[Unit, dict[int, str]]
"""Ids of the runs by seed."""


@dataclass(frozen=True)
class PlannedSearch:
    """Ids of the runs of a method on a task."""

    method: str
    tuning: list[dict[int, str]]
    """Of each setting that is tried, by seed."""
    reported: list[dict[int, str]]
    """The same, of each setting that may be chosen."""


@dataclass(frozen=True)
class TunedRequests:
    """What is asked for one setting: runs that try it on dev, and runs that report it if it is chosen."""

    place: str
    tuning: Request
    reported: Request


def tuned_requests(declaration: Declaration, tune: Tune, catalog: Catalog) -> list[list[TunedRequests]]:
    """The requests of methods that share what is tried, one for each setting. Raises UserError."""
    _check(declaration, tune, catalog)
    asked = [
        [
            TunedRequests(
                place, _with(base, methods, trial, tune.seeds, dev_only=True), _with(base, methods, trial, base.seeds)
            )
            for trial in trials
        ]
        for place, base in requests_of(declaration, catalog)
        for methods, trials in _alike(declaration, tune, base, catalog)
    ]
    check_size(declaration, as_asked(asked), catalog)
    return asked


def as_asked(requests: Sequence[Sequence[TunedRequests]]) -> Asked:
    return [
        (of_setting.place, request)
        for settings in requests
        for of_setting in settings
        for request in (of_setting.tuning, of_setting.reported)
    ]


def _with(base: Request, methods: Sequence[str], trial: Trial, seeds: Sequence[int], dev_only: bool = False) -> Request:
    changes = {"methods": tuple(methods), "settings": {**base.settings, **trial}, "seeds": tuple(seeds), "dev_only": dev_only}
    return base.model_copy(update=changes)


def _alike(declaration: Declaration, tune: Tune, base: Request, catalog: Catalog) -> Iterator[tuple[list[str], list[Trial]]]:
    """The methods of a request by what is tried of them."""
    groups: list[tuple[list[str], list[Trial]]] = []
    for method in base.methods:
        with blamed(declaration, "tune.space"):
            trials = trials_of(tune, catalog.find_method(method), catalog)
            if twice := trials[0].keys() & base.settings.keys():
                raise UserError(f"{min(twice)} of {method} is in settings too; leave it out of one place")
        known = next((methods for methods, others in groups if others == trials), None)
        if known is None:
            groups.append((known := [], trials))
        known.append(method)
    yield from groups


def _check(declaration: Declaration, tune: Tune, catalog: Catalog) -> None:
    """What makes a tuned sweep unequal or unfair."""
    methods = {catalog.find_method(method).name for part in declaration.parts.values() for method in part.methods}
    with blamed(declaration):
        for name, values in tune.space.items():
            if isinstance(values, dict) and catalog.find_method(name).name not in methods:
                raise UserError(f"tune.space.{name} is not used: {name} is not among the methods")
    for place, part in declaration.parts.items():
        with blamed(declaration, place):
            if both := set(tune.seeds) & set(part.seeds):
                raise UserError(f"the seed {min(both)} is in seeds and in tune.seeds; what is reported needs fresh seeds")
            for name, values in _fixed(part.settings):
                if len(values) > 1:
                    raise UserError(f"settings.{name} has several values; what is tried stands in tune.space")


def _fixed(settings: Mapping[str, object]) -> Iterator[tuple[str, Sequence[object]]]:
    for name, values in settings.items():
        if isinstance(values, dict):
            yield from ((f"{name}.{inner}", others) for inner, others in _fixed(values))
        elif isinstance(values, tuple):
            yield name, values


def plan_searches(
    declaration: Declaration, asked: Sequence[Sequence[TunedRequests]], reader: Reader, catalog: Catalog
) -> tuple[list[Plan], list[PlannedSearch]]:
    """The plans of all requests, and the searches that they make, each once."""
    plans: list[Plan] = []
    found: dict[tuple[str, ...], PlannedSearch] = {}
    for settings in asked:
        tuning: list[Runs] = []
        reported: list[Runs] = []
        for of_setting in settings:
            with blamed(declaration, of_setting.place):
                pair = [make_plan(request, reader, catalog) for request in (of_setting.tuning, of_setting.reported)]
            plans += pair
            tuning.append(_by_unit(pair[0]))
            reported.append(_by_unit(pair[1]))
        for unit in tuning[0]:
            tried = [runs[unit] for runs in tuning]
            ids = tuple(run_id for runs in tried for run_id in runs.values())
            search = found.setdefault(ids, PlannedSearch(unit[0], tried, [{} for _ in tried]))
            for known, runs in zip(search.reported, reported, strict=True):
                known |= runs[unit]
    return plans, list(found.values())


def without_excluded(searches: Sequence[PlannedSearch], left: Collection[str]) -> list[PlannedSearch]:
    """The searches as far as their runs are ``left``. Raises UserError for one of which a part of what is tried is left out."""
    kept = []
    for search in searches:
        tuning, reported = ([_left(runs, left) for runs in settings] for settings in (search.tuning, search.reported))
        if len({tuple(runs) for runs in tuning}) > 1 or len({tuple(runs) for runs in reported}) > 1:
            raise UserError(f"an exclusion leaves out some of the settings of {search.method}, and every method tries as many")
        if tuning[0] and reported[0]:
            kept.append(PlannedSearch(search.method, tuning, reported))
    return kept


def _left(runs: Mapping[int, str], left: Collection[str]) -> dict[int, str]:
    return {seed: run_id for seed, run_id in runs.items() if run_id in left}


def _by_unit(plan: Plan) -> Runs:
    runs: Runs = {}
    for planned in plan.runs:
        if planned.role == "target":
            spec = planned.spec
            runs.setdefault((spec.method, spec.target, spec.shots), {})[spec.seed] = planned.run_id
    return runs
