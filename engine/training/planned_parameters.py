"""How many parameters planned runs will train: ``python -m engine.training.planned_parameters --home FOLDER``.

Reads a JSON list of ``{"spec": RunSpec, "sources": {task: hyper-parameters}}`` from stdin and prints a list of counts, null
where the backbone's shape is not known on this machine. Models are built without weights.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.catalog.catalog import Catalog
from engine.catalog.methods import METHODS
from engine.child_main import exit_code_of
from engine.encoder.loading import new_encoder, shape_of
from engine.encoder.shapes_only import shapes_only
from engine.errors import UserError
from engine.files.home import Home
from engine.methods.attach import attach
from engine.methods.model import SourceAdapter
from engine.plugins.home_catalog import load_catalog
from engine.runs.spec import RunSpec
from engine.training.parameter_counts import parameters


def trainable(spec: RunSpec, sources: Mapping[str, Mapping[str, Any]], catalog: Catalog) -> int | None:
    """Trainable parameters of the run, heads included; None where its backbone's shape is not known here.

    ``sources`` are the settings of its source adapters, by task.
    """
    try:
        config = shape_of(spec.backbone_path or spec.backbone)
    except UserError:
        return None
    method = spec.method_in(catalog)
    with shapes_only():
        adapters = []
        for source in spec.sources:
            adapter = METHODS[method.source_method or "adapter"]
            settings = sources.get(source.task) or adapter.resolve({}, source.task, "loss")
            part = attach(adapter, new_encoder(config, pooler=True), spec.tasks[:1], [], settings)
            adapters.append(SourceAdapter(source.task, part.transfer_tensors(), 1.0))
        model = attach(method, new_encoder(config, pooler=True), spec.tasks, adapters, spec.hyperparameters)
    return parameters(model)["trainable"]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.training.planned_parameters", description="Count parameters.")
    parser.add_argument("--home", type=Path, required=True)
    home = Home(parser.parse_args(arguments).home)
    return exit_code_of(lambda: print(json.dumps(_counts(json.load(sys.stdin), load_catalog(home)))))


def _counts(planned: Sequence[Mapping[str, Any]], catalog: Catalog) -> list[int | None]:
    return [trainable(RunSpec(**item["spec"]), item["sources"], catalog) for item in planned]


if __name__ == "__main__":
    sys.exit(main())
