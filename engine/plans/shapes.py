"""What the number of a run's trainable parameters depends on: the method and its settings, the backbone, heads and sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.catalog.catalog import Catalog
from engine.catalog.records import entry_record
from engine.errors import UserError
from engine.runs.spec import RunSpec, digest


@dataclass(frozen=True)
class Shape:
    """The shape of a run; runs with equal keys have equally many parameters."""

    key: str
    request: dict[str, Any]
    """What ``engine.training.planned_parameters`` builds the run's model from."""


def shape_of(spec: RunSpec, specs: Mapping[str, RunSpec], catalog: Catalog) -> Shape | None:
    """The shape of a run whose sources' specifications are in ``specs`` by id; None where something is not known here."""
    try:
        targets = spec.tasks
        sources = [{"task": source.task, **_adapter(specs[source.run_id], catalog)} for source in spec.sources]
        adapter = _adapter(spec, catalog)
    except (KeyError, UserError):
        return None
    # What tasks are called and where their texts come from changes no shape.
    heads = [(task.kind, task.outputs) for task in targets]
    stacked = [{**source, "task": None} for source in sources]
    key = digest({**adapter, "backbone": spec.backbone_revision, "heads": heads, "sources": stacked})
    place = spec.backbone_path or spec.backbone
    return Shape(key, {**adapter, "backbone": place, "targets": list(map(entry_record, targets)), "sources": sources})


def _adapter(spec: RunSpec, catalog: Catalog) -> dict[str, Any]:
    method = spec.method_in(catalog)
    settings = {name: spec.hyperparameters[name] for name in method.own}
    return {"method": method.name, "distribution": method.distribution, "settings": settings}
