"""How many parameters each method trains: ``python -m engine.training.parameter_counts BACKBONE --tasks N`` prints JSON.

Models are built on the meta device, so no weights are read and none are needed. Joint methods get the first N tasks of GLUE, in
the order of the ScaLearn paper's joint runs; the others get one target with two labels, and those tasks as sources.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from engine.catalog.catalog import BUILT_IN, Catalog
from engine.catalog.method import MethodInfo, Value
from engine.catalog.methods import METHODS
from engine.catalog.task import TaskInfo
from engine.child_main import exit_code_of
from engine.encoder.config import EncoderConfig
from engine.encoder.loading import new_encoder, shape_of
from engine.encoder.shapes_only import shapes_only
from engine.errors import UserError
from engine.files.home import Home
from engine.methods.attach import attach
from engine.methods.model import Model, SourceAdapter
from engine.plugins.home_catalog import load_catalog

TASKS = ("rte", "mrpc", "cola", "stsb", "sst2", "qnli", "mnli", "qqp")


def counts(backbone: str, tasks: int, catalog: Catalog) -> list[dict[str, Any]]:
    """``{name, group, trainable, transfer, head}`` of every method, in the catalog's order. Raises UserError."""
    if not 1 <= tasks <= len(TASKS):
        raise UserError(f"--tasks takes 1 to {len(TASKS)}, not {tasks}")
    config = shape_of(backbone)
    chosen = [BUILT_IN.find_task(f"glue/{name}") for name in TASKS[:tasks]]
    methods = catalog.methods.values()
    return [{"name": info.name, "group": info.group, **parameters(_built(info, config, chosen))} for info in methods]


def _built(info: MethodInfo, config: EncoderConfig, tasks: Sequence[TaskInfo]) -> Model:
    try:
        return build(info, config, tasks)
    except Exception as error:
        if not info.distribution:
            raise
        raise UserError(f"{info.name} of {info.distribution} cannot be built ({error}); repair or uninstall it") from error


def build(info: MethodInfo, config: EncoderConfig, tasks: Sequence[TaskInfo], **changes: Value) -> Model:
    """The method with its defaults on the meta device; ``tasks`` are a joint method's targets, else the sources."""

    def attached(method: MethodInfo, targets: Sequence[TaskInfo], sources: Sequence[SourceAdapter]) -> Model:
        settings = {**method.resolve({}, targets[0].key, "loss"), **changes}
        return attach(method, new_encoder(config, pooler=True), targets, sources, settings)

    with shapes_only():
        if info.joint:
            return attached(info, tasks, [])
        if info.source_method is None:
            return attached(info, tasks[:1], [])
        adapter = attached(METHODS[info.source_method], tasks[:1], []).transfer_tensors()
        sources = [SourceAdapter(task.key, adapter, 1.0) for task in tasks[: info.source_count]]
        return attached(info, tasks[:1], sources)


def parameters(model: Model) -> dict[str, int]:
    """All trainable ones, the method's own, and those of the heads."""
    return {
        "trainable": sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad),
        "transfer": sum(tensor.numel() for tensor in model.transfer_tensors().values()),
        "head": sum(parameter.numel() for parameter in model.heads.parameters()),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m engine.training.parameter_counts", description="Count trainable parameters."
    )
    parser.add_argument("backbone")
    parser.add_argument("--tasks", type=int, default=len(TASKS))
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: print(json.dumps(counts(options.backbone, options.tasks, load_catalog(Home.default())))))


if __name__ == "__main__":
    sys.exit(main())
