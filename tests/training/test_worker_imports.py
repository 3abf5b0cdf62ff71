"""What a worker loads: nothing that costs seconds and that its run does not need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from engine.catalog.catalog import BUILT_IN
from engine.plans.planner import make_plan, submit
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.runs.request import Request
from tests.training.loops import LIMITS

PROBE = """
import json, sys
from engine.training.worker import main
main(sys.argv[1:])
print("\\n" + json.dumps(sorted(sys.modules)))
"""
NEVER = {"torch._dynamo", "torch._inductor", "sympy", "transformers", "datasets", "sqlalchemy.dialects.postgresql"}


def test_a_worker_loads_no_compiler_and_no_library_that_its_run_does_not_need(store: Store, tiny_backbone: Path) -> None:
    request = Request(methods=("adapter",), targets=("toy/question",), backbone=str(tiny_backbone), epochs=1, limits=LIMITS)
    (run_id,) = submit(make_plan(request, store, BUILT_IN), store)
    attempt = store.claim(run_id, "local", "cpu")
    arguments = [run_id, "--attempt", str(attempt), "--home", str(store.home.root)]
    ended = subprocess.run([sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True, timeout=100)
    assert store.find(run_id).state == RunState.COMPLETED
    assert set(json.loads(ended.stdout.splitlines()[-1])) & NEVER == set()
