"""Which planned runs a sweep leaves out."""

from __future__ import annotations

from engine.catalog.catalog import Catalog, plain_name
from engine.files.backbones import find_backbone
from engine.runs.spec import RunSpec
from engine.sweeps.asking import backbone_of
from engine.sweeps.declaration import Declaration, Exclusion


def excludes(exclusion: Exclusion, spec: RunSpec, declaration: Declaration, catalog: Catalog) -> bool:
    """Whether the run has one of the values of every key that the exclusion gives. Raises UserError for unknown names."""
    given = [
        exclusion.methods is None or spec.method in [catalog.find_method(name).name for name in exclusion.methods],
        exclusion.targets is None or _is_target(spec, exclusion.targets),
        exclusion.seeds is None or spec.seed in exclusion.seeds,
        exclusion.shots is None or spec.shots in exclusion.shots,
        exclusion.backbones is None
        or spec.backbone in [find_backbone(backbone_of(declaration.file, name)).name for name in exclusion.backbones],
        *(_has(spec, name, values, catalog) for name, values in exclusion.settings.items()),
    ]
    return all(given)


def _is_target(spec: RunSpec, names: tuple[str, ...]) -> bool:
    """By its key, or by its name without the benchmark."""
    known = {plain_name(spec.target), plain_name(spec.target.partition("/")[2])}
    return any(plain_name(name) in known for name in names)


def _has(spec: RunSpec, name: str, values: object, catalog: Catalog) -> bool:
    """Whether a setting has one of the values; those in a method's own table are of this method only."""
    if isinstance(values, dict):
        own = catalog.find_method(name).name == spec.method
        return own and all(_has(spec, inner, others, catalog) for inner, others in values.items())
    setting = catalog.methods[spec.method].hyperparameters().get(name)
    if setting is None or not isinstance(values, tuple):
        return False
    return spec.hyperparameters[name] in [setting.parse(name, value) for value in values]
