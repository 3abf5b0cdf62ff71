"""HumSet-shaped files all the way: a single-task, a joint and a two-stage run, and their row in the leaderboard."""

from __future__ import annotations

from pathlib import Path

from engine.catalog.catalog import BUILT_IN
from engine.plans.planner import make_plan, submit
from engine.registry.store import Store
from engine.reports.leaderboard import build
from engine.runs.request import Request
from engine.training.checkpoints import load_checkpoint
from tests.data.humset_rows import write_humset
from tests.training.runs import trained

TASKS = [f"humset/{name}" for name in ("sectors", "pillars_1d", "subpillars_1d", "pillars_2d", "subpillars_2d")]


def train(store: Store, **fields: object) -> str:
    """The one run that the request names, after it and its sources were trained."""
    plan = make_plan(Request(epochs=1, benchmark="humset", **fields), store, BUILT_IN)
    (run_id,) = submit(plan, store)
    for planned in plan.new:
        trained(store, planned.spec.run_id)
    return run_id


def test_every_kind_of_run_learns_humset(store: Store, tiny_backbone: Path, tmp_path: Path) -> None:
    common = {"backbone": str(tiny_backbone), "data_dir": write_humset(tmp_path / "data")}
    joint = train(store, methods=("adapter-m",), **common, settings={"steps_per_epoch": 5})
    single = train(store, methods=("adapter",), targets=("subpillars_1d",), **common)
    sources = ("sectors", "subpillars_1d")
    two_stage = train(store, methods=("scalearn++",), targets=("subpillars_1d",), sources=sources, **common)

    results = store.results([joint, single, two_stage])
    assert set(results[joint]) == {*TASKS, "mean"}
    for run_id in (joint, single, two_stage):
        values = results[run_id]["humset/subpillars_1d"]
        assert values.keys() == {"dev", "test"} and values["test"].keys() == {"loss", "macro_f1", "micro_f1"}
    assert store.find(joint).target == "humset" and store.find(single).metric == "macro_f1"
    assert {edge.task for edge in store.sources(two_stage)} == {"humset/sectors", "humset/subpillars_1d"}
    _, card = load_checkpoint(store.home.checkpoint(single, "best"))
    assert len(card["tasks"]["humset/subpillars_1d"]["labels"]) == 33
    # Dev is official, so no rows were drawn.
    assert not (store.home.run(single) / "rows.safetensors").exists()
    (table,) = build(store, BUILT_IN).tables
    assert (table.benchmark, [column.task for column in table.columns]) == ("humset", TASKS)
    assert {row.method for row in table.rows} == {"adapter", "adapter-m", "scalearn++"}
