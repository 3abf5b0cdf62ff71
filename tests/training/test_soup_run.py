"""An AdapterSoup run from its request to its checkpoint: the similarities are computed, used and written down."""

from __future__ import annotations

from pathlib import Path

from engine.catalog.catalog import BUILT_IN
from engine.plans.planner import make_plan, submit
from engine.registry.store import Store
from engine.runs.request import Request
from engine.training.build import build_model
from engine.training.checkpoints import load_checkpoint
from engine.training.sources import load_sources
from tests.training.runs import trained


def test_similarities_are_in_the_provenance_and_in_the_checkpoint(store: Store, tiny_backbone: Path) -> None:
    request = Request(
        methods=("adaptersoup",),
        targets=("toy/question",),
        sources=("toy/choice", "toy/question"),
        backbone=str(tiny_backbone),
        settings={"similarity_model": "backbone", "similarity_texts": 40, "top_k": 1, "batch_size": 8, "precision": "float32"},
        epochs=1,
        limits={"train": 16, "dev": 8, "test": 8},
    )
    plan = make_plan(request, store, BUILT_IN)
    (run_id,) = submit(plan, store)
    for planned in plan.runs[:-1]:
        trained(store, planned.spec.run_id)
    run = trained(store, run_id)
    assert run.provenance is not None
    assert (run.provenance["micro_batch"], run.provenance["precision"]) == (8, "float32")
    similarities = run.provenance["similarities"]
    assert list(similarities) == ["toy/choice", "toy/question"] and all(-1 <= value <= 1 for value in similarities.values())
    assert run.transfer == 0
    tensors, card = load_checkpoint(store.home.checkpoint(run_id, "best"))
    assert card["similarities"] == similarities
    assert all(name.startswith("heads.toy/question.") for name in tensors)

    # What is written is what a later use of the run needs.
    spec = plan.runs[-1].spec
    sources = load_sources(store, run_id, spec, card["similarities"])
    assert [source.similarity for source in sources] == list(similarities.values())
    build_model(spec, spec.method_in(BUILT_IN), tiny_backbone, sources).load_trainable(tensors)
