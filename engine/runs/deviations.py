"""How a run differs from its method's defaults, and how its sources differ from those that a table expects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.catalog.catalog import Catalog
from engine.catalog.method import FEW_SHOT_DEV, Value
from engine.runs.spec import RunSpec

DEFAULT = "default"


def settings_of(spec: RunSpec) -> dict[str, Value]:
    """All that a request may set about a run: hyper-parameters, ``shots``, and limits as ``limit train``."""
    shots = {"shots": spec.shots} if spec.shots else {}
    return {**spec.hyperparameters, **shots, **{f"limit {split}": count for split, count in spec.limits.items()}}


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


def distinguishing_settings(specs: Mapping[str, RunSpec], catalog: Catalog) -> dict[str, str]:
    """Every run's settings off the defaults, by its id, if without them two of the runs would look alike; else nothing."""
    if len({(spec.method, spec.backbone, spec.target, spec.seed) for spec in specs.values()}) == len(specs):
        return {}
    by_run = {run_id: deviations(spec, catalog) for run_id, spec in specs.items()}
    return {run_id: " ".join(f"{name}={text}" for name, text in settings.items()) for run_id, settings in by_run.items()}


def setting_text(value: Value) -> str:
    """``0.001``, ``true``, ``loss``: the value as a table shows it."""
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


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


def source_deviations(spec: RunSpec, sources: Iterable[RunSpec], benchmark: str, catalog: Catalog) -> dict[str, str]:
    """How a two-stage run's sources differ from the usual ones of ``benchmark``'s table: in their tasks, and in the settings
    that they were trained with.

    The budget (epochs and limits) is included only where it differs from the run's own.
    """
    if not spec.sources:
        return {}
    special = _special_choice([source.task for source in spec.sources], benchmark, catalog)
    own, theirs = deviations(spec, catalog), [deviations(source, catalog) for source in sources]
    if spec.shots:
        # Only the target's own adapter shares the draw; the others never do.
        theirs = [{name: text for name, text in settings.items() if name != "shots"} for settings in theirs]
    for name in sorted({name for settings in (own, *theirs) for name in settings}):
        expected = own.get(name, DEFAULT) if name == "epochs" or name.startswith("limit ") else DEFAULT
        values = {settings.get(name, DEFAULT) for settings in theirs}
        if values and values != {expected}:
            special[f"source {name}"] = "/".join(sorted(values))
    return special


def _special_choice(chosen: Sequence[str], benchmark: str, catalog: Catalog) -> dict[str, str]:
    """Source tasks in the benchmark's order, unless they are exactly its tasks; for a removed benchmark always."""
    info = catalog.benchmarks.get(benchmark)
    usual = [task.key for task in info.tasks] if info else []
    if set(chosen) == set(usual):
        return {}
    ordered = sorted(chosen, key=lambda key: (usual.index(key) if key in usual else len(usual), key))
    return {"sources": catalog.whole_benchmark(chosen) or ",".join(key.removeprefix(f"{benchmark}/") for key in ordered)}
