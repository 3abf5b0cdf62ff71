"""What tells runs apart that would look alike in a list, whose columns are method, backbone, target and seed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

from engine.catalog.catalog import Catalog
from engine.runs.definition import definition_of
from engine.runs.definition_names import described
from engine.runs.deviations import deviations
from engine.runs.spec import RunSpec

Settings = dict[str, str]
SHORT = 7
"""Digits of a digest, of which a list shows the beginning."""


def distinctions(specs: Mapping[str, RunSpec], catalog: Catalog) -> dict[str, Settings]:
    """By run id, its settings off the defaults, and what else differs from runs that are alike in these too.

    Nothing where no two of the runs would look alike.
    """
    named: dict[str, Hashable] = {
        run_id: (spec.method, spec.backbone, spec.target, spec.seed) for run_id, spec in specs.items()
    }
    if len(set(named.values())) == len(specs):
        return {}
    told = {run_id: deviations(spec, catalog) for run_id, spec in specs.items()}
    for aspect in ASPECTS:
        for alike in _alike({run_id: (named[run_id], tuple(told[run_id].items())) for run_id in specs}):
            facts = {run_id: aspect(specs[run_id], catalog) for run_id in alike}
            for name in dict.fromkeys(name for fact in facts.values() for name in fact):
                if len({fact.get(name) for fact in facts.values()}) > 1:
                    for run_id, fact in facts.items():
                        told[run_id] |= {name: fact[name]} if name in fact else {}
    return told


def beyond_settings(spec: RunSpec, catalog: Catalog) -> Settings:
    """What changes a run's result beside method, target, seed and settings, by the names that ``distinctions`` uses."""
    return {name: text for aspect in ASPECTS for name, text in aspect(spec, catalog).items()}


def settings_line(settings: Settings) -> str:
    """``epochs=2 limit train=500``."""
    return " ".join(f"{name}={text}" for name, text in settings.items())


def _alike(looks: Mapping[str, Hashable]) -> Iterable[list[str]]:
    """Ids of runs that look the same, where there are several."""
    ids_of: dict[Hashable, list[str]] = {}
    for run_id, look in looks.items():
        ids_of.setdefault(look, []).append(run_id)
    return [ids for ids in ids_of.values() if len(ids) > 1]


def _sources(spec: RunSpec, _catalog: Catalog) -> Settings:
    names = [source.task.removeprefix(f"{spec.benchmark}/") for source in spec.sources]
    return {"sources": ",".join(names)} if names else {}


def _source_runs(spec: RunSpec, _catalog: Catalog) -> Settings:
    return {f"source {source.task.removeprefix(f'{spec.benchmark}/')}": source.run_id for source in spec.sources}


def _definitions(spec: RunSpec, catalog: Catalog) -> Settings:
    tasks = [task for key in spec.targets if (task := spec.known_task(key, catalog))]
    return _of_targets(spec, {task.key: described(definition_of(task)) for task in tasks})


def _data(spec: RunSpec, _catalog: Catalog) -> Settings:
    return _of_targets(spec, {key: {"data": _short(identity)} for key, identity in spec.data.items()})


def _revision(spec: RunSpec, _catalog: Catalog) -> Settings:
    return {"revision": _short(spec.backbone_revision)}


def _of_targets(spec: RunSpec, facts: Mapping[str, Settings]) -> Settings:
    """Facts about targets, which are named where there are several."""
    pairs = [(key.rpartition("/")[2], name, text) for key, fact in facts.items() for name, text in fact.items()]
    return {f"{task} {name}" if spec.joint else name: text for task, name, text in pairs}


def _short(identity: str) -> str:
    return identity.removeprefix("sha256:")[:SHORT]


ASPECTS = (_sources, _source_runs, _definitions, _data, _revision)
"""In the order in which they are shown."""
