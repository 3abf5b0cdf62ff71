"""A plan's steps and parameters are those that its runs then have; time and disk are those of runs before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.catalog.steps import training_examples
from engine.catalog.task import OwnData
from engine.plans.estimates import STEADY, Estimate, estimates, planned_steps
from engine.plans.guesses import START, guessed_seconds
from engine.plans.planner import make_plan, submit
from engine.plans.shapes import Shape
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.runs.request import Request
from engine.training.planned_parameters import counted
from tests.plans.requests import needs_minilm
from tests.reports.rows import queue, spec
from tests.training.runs import trained

SETTINGS = {"batch_size": 8, "precision": "float32"}


def count(shapes: Sequence[Shape]) -> dict[str, int]:
    return counted({shape.key: shape.request for shape in shapes}, BUILT_IN)


def none_counted(shapes: Sequence[Shape]) -> dict[str, int]:
    assert not shapes
    return {}


def request_for(backbone: Path, method: str, *targets: str, **fields: Any) -> Request:
    settings = SETTINGS | fields.pop("settings", {})
    values = {"limits": {"train": 20, "dev": 8, "test": 8}, "epochs": 2, "settings": settings, **fields}
    return Request(methods=(method,), targets=targets, backbone=str(backbone), **values)


def estimated(store: Store, request: Request, counter: Any = count, devices: Sequence[str] = ("cpu",)) -> dict[str, Estimate]:
    return estimates(make_plan(request, store, BUILT_IN), store, BUILT_IN, {}, devices, counter)


@pytest.mark.parametrize(
    ("run", "steps"),
    [
        (spec("adapter", "glue/rte"), 30 * 71),
        (spec("adapter", "glue/rte", limits={"train": 100}, epochs=2), 2 * 4),
        (spec("adapter", "glue/rte", shots=16), 1000),
        (spec("adapter", "superglue/record"), None),
        (spec("hyperformer", ("glue/rte", "glue/cola")), 50 * 7500),
        (spec("adapter", "toy/claim", backbone="minilm"), 60 * 4),
    ],
    ids=str,
)
def test_steps(run: Any, steps: int | None) -> None:
    assert planned_steps(run, {}) == steps


def test_steps_of_files_that_hold_a_part_of_the_official_rows() -> None:
    assert planned_steps(spec("adapter", "glue/qqp", epochs=1), {"glue/qqp": {"train": 150, "validation": 100}}) == 5
    assert planned_steps(spec("adapter", "glue/qqp", epochs=1), {"glue/qqp": {"train": 363_846}}) == 10_234


@pytest.mark.parametrize(
    ("method", "targets", "fields"),
    [
        ("adapter", ("toy/topics",), {}),
        ("full-ft", ("toy/similarity",), {"limits": {"dev": 8, "test": 8}, "epochs": 1, "settings": {"batch_size": 64}}),
        ("lora", ("toy/question",), {"shots": (4,), "settings": {"r": 2}}),
        ("hyperformer++", ("toy/question", "toy/choice"), {}),
        ("pals", ("toy/question", "toy/topics"), {"settings": {"steps_per_epoch": 2, "width": 12, "heads": 4}}),
        ("scalearn++", ("toy/choice",), {"sources": ("toy/topics", "toy/choice")}),
        ("adapterfusion", ("toy/choice",), {"sources": ("toy/topics", "toy/choice")}),
    ],
)
def test_steps_and_parameters_are_those_of_the_run(
    method: str, targets: tuple[str, ...], fields: Mapping[str, Any], store: Store, tiny_backbone: Path
) -> None:
    request = request_for(tiny_backbone, method, *targets, **fields)
    plan = make_plan(request, store, BUILT_IN)
    before = estimated(store, request)
    submit(plan, store)
    for planned in plan.runs:
        run, expected = trained(store, planned.run_id), before[planned.run_id]
        assert (run.steps, run.trainable) == (expected.steps, expected.trainable)
        assert expected.seconds is expected.bytes is None
    after = estimated(store, request, none_counted)
    counts = {run_id: (estimate.steps, estimate.trainable) for run_id, estimate in after.items()}
    assert counts == {run_id: (estimate.steps, estimate.trainable) for run_id, estimate in before.items()}


def test_time_and_disk_are_those_of_earlier_runs_of_the_kind(store: Store, tiny_backbone: Path) -> None:
    first = request_for(tiny_backbone, "adapter", "toy/question", epochs=20, settings={"patience": 100})
    (run_id,) = submit(make_plan(first, store, BUILT_IN), store)
    run = trained(store, run_id)
    assert run.step == 60 > STEADY
    folder = sum(file.stat().st_size for file in store.home.run(run_id).rglob("*") if file.is_file())
    # The steps are others, the speed and the shape are not.
    longer = first.model_copy(update={"epochs": 7, "targets": ("toy/sentiment",)})
    (estimate,) = estimated(store, longer, none_counted).values()
    assert estimate.steps == 7 * 3 and estimate.trainable == run.trainable
    assert estimate.seconds == pytest.approx(run.seconds / run.step * 21)
    assert estimate.bytes == folder

    larger_batches = longer.model_copy(update={"settings": {"batch_size": 4}})
    assert [found.seconds for found in estimated(store, larger_batches, none_counted).values()] == [None]
    assert [found.seconds for found in estimated(store, longer, devices=["GPU 0 NVIDIA H100"]).values()] == [None]
    other_shape = longer.model_copy(update={"settings": {**SETTINGS, "reduction": 4}})
    (estimate,) = estimated(store, other_shape).values()
    assert estimate.bytes is None and estimate.seconds and estimate.trainable != run.trainable


@needs_minilm
def test_time_is_guessed_where_no_run_tells_on_a_cpu(store: Store) -> None:
    request = Request(methods=("adapter",), targets=("toy/question",), backbone="minilm", epochs=1, limits={"train": 64})
    (planned,) = make_plan(request, store, BUILT_IN).runs
    (guess,) = estimated(store, request).values()
    assert guess.guessed and guess.seconds and guess.seconds > START
    for changes in ({"epochs": 2}, {"limits": {"train": 128}}, {"backbone": "minilm", "limits": {}}):
        (larger,) = estimated(store, request.model_copy(update=changes)).values()
        assert larger.guessed and larger.seconds and larger.seconds > guess.seconds
    assert [found.seconds for found in estimated(store, request, devices=["GPU 0 NVIDIA H100"]).values()] == [None]
    large = planned.spec.model_copy(update={"backbone": "roberta-large"})
    ratio = (guessed_seconds(large, 2, {}) or 0) - START, (guessed_seconds(planned.spec, 2, {}) or 0) - START
    assert ratio[0] / ratio[1] == pytest.approx(24 * 1024**2 / (6 * 384**2))
    # A run as short as this one tells how long it takes, though its start is part of that.
    queue(store, planned.spec)
    attempt = store.claim(planned.run_id, "local", "cpu")
    assert attempt is not None
    store.finish(planned.run_id, attempt, RunState.COMPLETED, step=2, seconds=5.0)
    (known,) = estimated(store, request.model_copy(update={"seeds": (1,)})).values()
    assert (known.seconds, known.guessed) == (5.0, False)
    (longer,) = estimated(store, request.model_copy(update={"epochs": 2})).values()
    assert longer.guessed, "two steps do not tell how fast a longer run goes"


def test_gpus_of_one_model_are_one_kind(store: Store, tiny_backbone: Path) -> None:
    request = request_for(tiny_backbone, "adapter", "toy/question")
    (planned,) = make_plan(request, store, BUILT_IN).runs
    queue(store, planned.spec)
    attempt = store.claim(planned.run_id, "local", "GPU 3.1 NVIDIA H100")
    assert attempt is not None
    store.finish(planned.run_id, attempt, RunState.COMPLETED, step=STEADY, seconds=100.0, peak_memory=5_000)
    other = request.model_copy(update={"seeds": (1,)})
    for device, seconds in (("GPU 0 NVIDIA H100", 2.0 * 6), ("GPU 3 NVIDIA A100", None)):
        assert [(found.seconds, found.memory) for found in estimated(store, other, devices=[device]).values()] == [
            (seconds, 5_000)
        ]
    larger = other.model_copy(update={"settings": SETTINGS | {"batch_size": 16}})
    assert [found.memory for found in estimated(store, larger).values()] == [None]


def test_examples_are_known_from_rows_or_not_at_all() -> None:
    rte, record = BUILT_IN.tasks["glue/rte"], BUILT_IN.tasks["superglue/record"]
    multirc, declared = BUILT_IN.tasks["superglue/multirc"], BUILT_IN.tasks["glue/rte"].split_sizes["train"]
    assert training_examples(rte, {}) == training_examples(rte, {"train": 2490}) == declared
    assert training_examples(rte, {"train": 101}) == 90
    assert training_examples(rte, {"train": 101}, limit=50, shots=16) == 16
    assert training_examples(rte, {"train": 101}, limit=500) == 90
    # A row is one example for each candidate, and whole passages are set aside.
    assert training_examples(record, {}) is None and training_examples(record, {}, limit=300) == 300
    assert training_examples(multirc, {}) == multirc.split_sizes["train"]
    assert training_examples(multirc, {"train": 50}) is None
    shares = OwnData(files=(("train", "/a.csv"),), text="{a}", dev_share=0.1, test_share=0.2)
    own = replace(rte, data=shares, sizes=(80, 20), dev_size=8)
    assert training_examples(own, {"train": 50}) == 36
    assert training_examples(replace(own, data=replace(shares, group="a")), {"train": 50}) is None
