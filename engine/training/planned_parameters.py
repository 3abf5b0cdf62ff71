"""How many parameters planned runs train: ``python -m engine.training.planned_parameters`` reads their shapes from stdin.

They are requests (``engine.plans.shapes``) by key in a JSON object; the counts are printed by key, without those of backbones
whose configuration is not here. Models are built on the meta device, so no weights are read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from engine.catalog.catalog import Catalog
from engine.catalog.records import task_from
from engine.child_main import exit_code_of
from engine.encoder.loading import new_encoder, shape_of
from engine.encoder.shapes_only import shapes_only
from engine.errors import UserError
from engine.files.home import Home
from engine.methods.attach import attach
from engine.methods.model import SourceAdapter
from engine.plugins.home_catalog import load_catalog
from engine.training.parameter_counts import parameters


def counted(requests: Mapping[str, Mapping[str, Any]], catalog: Catalog) -> dict[str, int]:
    """Trainable parameters by key. Raises UserError for settings that do not fit together."""
    return {key: count for key, request in requests.items() if (count := _trainable(request, catalog)) is not None}


def _trainable(request: Mapping[str, Any], catalog: Catalog) -> int | None:
    try:
        config = shape_of(request["backbone"])
    except UserError:
        return None
    tasks = list(map(task_from, request["targets"]))

    def encoder() -> Any:
        return new_encoder(config, pooler=True)

    with shapes_only():
        sources = []
        for source in request["sources"]:
            adapter = attach(catalog.methods[source["method"]], encoder(), tasks[:1], [], source["settings"])
            sources.append(SourceAdapter(source["task"], adapter.transfer_tensors(), 1.0))
        model = attach(catalog.methods[request["method"]], encoder(), tasks, sources, request["settings"])
    return parameters(model)["trainable"]


def main() -> int:
    return exit_code_of(lambda: print(json.dumps(counted(json.load(sys.stdin), load_catalog(Home.default())))))


if __name__ == "__main__":
    sys.exit(main())
