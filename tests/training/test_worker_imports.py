"""What a worker loads: nothing that costs seconds and that its run does not need."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.catalog.catalog import BUILT_IN
from engine.plans.planner import make_plan, submit
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.runs.request import Request
from tests.training.loops import LIMITS
from tests.training.runs import trained

PROBE = """
import gc, json, sys
from engine.training.worker import main
light = set(sys.modules)
import torch
with_torch = set(sys.modules)
main(sys.argv[1:])
modules = {"light": light, "added": set(sys.modules) - with_torch}
print("\\n" + json.dumps({name: sorted(names) for name, names in modules.items()} | {"collects": gc.isenabled()}))
"""
NEVER = {"torch._dynamo", "torch._inductor", "sympy", "transformers", "datasets", "sqlalchemy.dialects.postgresql"}
FOR_NEW_TOKENS = {"tokenizers", "pyarrow", "engine.data.toy"}
"""Only loaded where texts are tokenized."""
LIBRARIES = {
    "engine", "torch", "numpy", "safetensors", "sqlmodel", "sqlalchemy", "pydantic", "pydantic_core", "annotated_types",
    "typing_inspection",
}  # fmt: skip
"""All that a worker adds to what ``import torch`` and the standard library load."""


def queued(store: Store, backbone: Path, seeds: tuple[int, ...] = (0,)) -> list[str]:
    request = Request(
        methods=("adapter",), targets=("toy/question",), seeds=seeds, backbone=str(backbone), epochs=1, limits=LIMITS
    )
    return submit(make_plan(request, store, BUILT_IN), store)


def train_in_a_process(store: Store, run_id: str) -> dict[str, Any]:
    """What the probe tells of the worker that trained a queued run."""
    attempt = store.claim(run_id, "local", "cpu")
    arguments = [run_id, "--attempt", str(attempt), "--home", str(store.home.root)]
    ended = subprocess.run([sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True, timeout=100)
    assert store.find(run_id).state == RunState.COMPLETED
    told: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return told


def packages(modules: Iterable[str]) -> set[str]:
    """Top-level packages that are not the standard library's."""
    names = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names
    return {name for name in names if not name.startswith(("_", "cython"))}


def test_a_worker_that_tokenizes_loads_no_library_that_its_run_does_not_need(store: Store, tiny_backbone: Path) -> None:
    (run_id,) = queued(store, tiny_backbone)
    added = set(train_in_a_process(store, run_id)["added"])
    assert added >= FOR_NEW_TOKENS and added & NEVER == set()


def test_a_worker_adds_little_to_torch_where_its_texts_are_tokenized(store: Store, tiny_backbone: Path) -> None:
    first, second = queued(store, tiny_backbone, seeds=(0, 1))
    trained(store, first)
    told = train_in_a_process(store, second)
    added = set(told["added"])
    assert added & (NEVER | FOR_NEW_TOKENS) == set()
    assert packages(added) <= LIBRARIES
    assert len({name for name in added if name.startswith("torch.")}) < 20
    assert packages(told["light"]) == {"engine"}
    assert told["collects"]
