"""How a run differs from its method's defaults, and which of these its benchmark replaces."""

from __future__ import annotations

from collections.abc import Mapping

from engine.catalog.catalog import Catalog
from engine.catalog.changed_defaults import changed_defaults
from engine.catalog.method import FEW_SHOT_DEV, Value, setting_text
from engine.runs.spec import RunSpec


def settings_of(spec: RunSpec) -> dict[str, Value]:
    """All that a request may set about a run: hyper-parameters, ``shots``, limits as ``limit train``, and whether only dev is
    evaluated."""
    shots = {"shots": spec.shots} if spec.shots else {}
    limits = {f"limit {split}": count for split, count in spec.limits.items()}
    return {**spec.hyperparameters, **shots, **limits, **({"evaluated on": "dev"} if spec.dev_only else {})}


def deviations(spec: RunSpec, catalog: Catalog) -> dict[str, str]:
    """Settings other than the method's defaults for the target, as text: ``{"epochs": "2", "limit train": "500"}``.

    The package of a method that is not built in is among them, unless ``catalog`` has the method from the same version of it.
    """
    defaults = _defaults(spec, catalog)
    settings = {name: setting_text(value) for name, value in settings_of(spec).items() if defaults.get(name) != value}
    method = catalog.methods.get(spec.method)
    if spec.distribution and (method is None or method.distribution != spec.distribution):
        settings["distribution"] = spec.distribution
    return settings


def kept_changes(spec: RunSpec, catalog: Catalog) -> dict[str, str]:
    """Defaults that the run's benchmark or task replaces, and that the run has: ``{"epochs": "8"}``."""
    method, task = catalog.methods.get(spec.method), spec.known_task(spec.targets[0], catalog)
    if method is None or task is None:
        return {}
    changes = changed_defaults(method, spec.target, task.select_by)
    return {name: setting_text(value) for name, value in changes.items() if spec.hyperparameters.get(name) == value}


def _defaults(spec: RunSpec, catalog: Catalog) -> Mapping[str, Value]:
    """The settings of the run if the request had named none but shots; empty for a method that is not in ``catalog``."""
    method = catalog.methods.get(spec.method)
    if method is None:
        return {}
    # The task of an imported adapter need not be in the catalog.
    task = spec.known_task(spec.targets[0], catalog)
    select_by = task.select_by if task else spec.select_by
    settings = method.resolve({}, spec.target, select_by, spec.shots)
    return settings | ({"limit dev": FEW_SHOT_DEV} if spec.shots else {})


def joint_tasks(spec: RunSpec, benchmark: str, catalog: Catalog) -> dict[str, str]:
    """What a joint run learns together, where that is not exactly the benchmark: ``{"tasks": "rte+mrpc"}``."""
    method = catalog.methods.get(spec.method)
    joint = spec.joint if method is None else method.joint
    if not joint or spec.target == benchmark:
        return {}
    return {"tasks": spec.target.removeprefix(f"{benchmark}/")}
