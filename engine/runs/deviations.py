"""What sets a run apart from its method's defaults, and what of its sources is special in a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.catalog.backbones import backbone_defaults
from engine.catalog.catalog import Catalog
from engine.catalog.method import FEW_SHOT_DEV, Value
from engine.runs.spec import RunSpec

DEFAULT = "default"


def default_settings(spec: RunSpec, catalog: Catalog) -> Mapping[str, Value]:
    """The settings that the run would have had if none had been asked for; empty for a method that is not in ``catalog``."""
    method = catalog.methods.get(spec.method)
    if method is None:
        return {}
    # The task of an imported adapter need not be known here.
    task = spec.known_task(spec.targets[0], catalog)
    select_by = task.select_by if task else spec.select_by
    return method.resolve(backbone_defaults(spec.backbone), spec.target, select_by, spec.shots)


def deviations(spec: RunSpec, catalog: Catalog) -> dict[str, str]:
    """Settings that are not the method's defaults for the target, the shots and the limits: ``{"epochs": "2"}``."""
    defaults = default_settings(spec, catalog)
    settings = {name: _text(value) for name, value in spec.hyperparameters.items() if defaults.get(name) != value}
    usual = {"dev": FEW_SHOT_DEV} if spec.shots else {}
    limits = {f"limit {split}": str(count) for split, count in spec.limits.items() if usual.get(split) != count}
    shots = {"shots": str(spec.shots)} if spec.shots else {}
    return settings | shots | limits


def joint_tasks(spec: RunSpec, benchmark: str, catalog: Catalog) -> dict[str, str]:
    """What a joint run learns together, where that is not exactly the benchmark: ``{"tasks": "rte+mrpc"}``."""
    if not catalog.methods[spec.method].joint or spec.target == benchmark:
        return {}
    return {"tasks": spec.target.removeprefix(f"{benchmark}/")}


def source_deviations(spec: RunSpec, sources: Iterable[RunSpec], benchmark: str, catalog: Catalog) -> dict[str, str]:
    """What is special about a two-stage run's sources in the table of ``benchmark``: a choice of tasks, and settings that they
    were trained with.

    The budget (epochs and limits) is named only where it is not the run's own.
    """
    if not spec.sources:
        return {}
    special = _special_choice([source.task for source in spec.sources], benchmark, catalog)
    own, theirs = deviations(spec, catalog), [deviations(source, catalog) for source in sources]
    if spec.shots:
        # Only the target's own adapter shares the draw; that the others do not is the rule.
        theirs = [{name: text for name, text in settings.items() if name != "shots"} for settings in theirs]
    for name in sorted({name for settings in (own, *theirs) for name in settings}):
        expected = own.get(name, DEFAULT) if name == "epochs" or name.startswith("limit ") else DEFAULT
        values = {settings.get(name, DEFAULT) for settings in theirs}
        if values and values != {expected}:
            special[f"source {name}"] = "/".join(sorted(values))
    return special


def _special_choice(chosen: Sequence[str], benchmark: str, catalog: Catalog) -> dict[str, str]:
    """Source tasks that are not those of the benchmark, in its order; of a removed benchmark all are named."""
    info = catalog.benchmarks.get(benchmark)
    usual = [task.key for task in info.tasks] if info else []
    if set(chosen) == set(usual):
        return {}
    ordered = sorted(chosen, key=lambda key: (usual.index(key) if key in usual else len(usual), key))
    return {"sources": catalog.whole_benchmark(chosen) or ",".join(key.removeprefix(f"{benchmark}/") for key in ordered)}


def _text(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
