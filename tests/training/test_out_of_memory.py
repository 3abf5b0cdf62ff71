"""Where memory does not hold a batch, smaller parts give its gradients, and the run goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.catalog.methods import METHODS
from engine.data.prepared import TaskData
from engine.methods.model import Model
from engine.plans.planner import make_plan, submit
from engine.plugins.home_catalog import load_catalog
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.runs.request import Request
from engine.training import setup
from engine.training.device import is_out_of_memory
from engine.training.evaluation import predict
from engine.training.loop import Loop
from engine.training.optimizer import AdamW
from engine.worker_exit import WorkerExit
from tests.training.loops import CPU, TARGET, build, prepared, spec_of, train
from tests.training.runs import work_on

FAR_TOO_MUCH = 2**62
"""Bytes."""


def scarce(model: Model, most: int) -> list[int]:
    """Let memory run out when more sequences are computed at once; how many were, each time."""
    computed: list[int] = []

    def allocate(_module: torch.nn.Module, arguments: tuple[Any, ...]) -> None:
        sequences = len(arguments[0].first)
        computed.append(sequences)
        if sequences > most:
            torch.empty(FAR_TOO_MUCH, dtype=torch.uint8)

    model.encoder.register_forward_pre_hook(allocate)
    return computed


def loop_of(spec: Any, folder: Path, data: dict[str, TaskData], where: Path) -> tuple[Loop, list[int]]:
    loop, _ = prepared(spec, folder, data, where)
    reduced: list[int] = []
    loop.reduced = lambda size, _why: reduced.append(size)
    return loop, reduced


def gradients_of_a_step(loop: Loop) -> dict[str, torch.Tensor]:
    """By parameter, clipped."""
    found = {}

    class Kept(AdamW):
        def step(self) -> None:
            found.update({name: p.grad.clone() for name, p in loop.model.named_parameters() if p.grad is not None})
            super().step()

    loop.optimizer.__class__ = Kept
    loop._step()
    return found


def trainable(loop: Loop) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in loop.model.trainable_state().items()}


@pytest.mark.parametrize(
    ("method", "target", "most", "sizes"),
    [
        ("adapter", TARGET, 5, [8, 4]),
        ("scalearn++", "toy/similarity", 8, [8]),
        ("adapterfusion", "toy/choice", 8, [8, 4]),
        ("pals", TARGET, 4, [8, 4, 2]),
    ],
)
def test_steps_are_those_of_whole_batches(
    method: str,
    target: str,
    most: int,
    sizes: list[int],
    tiny_backbone: Path,
    data: dict[str, TaskData],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A batch of 16 of which fewer sequences fit; of ``toy/choice`` an example is two."""
    monkeypatch.setattr("engine.training.throughput.REPORT_SECONDS", 1e9)
    dropouts = [name for name in METHODS[method].hyperparameters() if "dropout" in name]
    spec = spec_of(method, target, **dict.fromkeys(dropouts, 0.0))
    whole, _ = loop_of(spec, tiny_backbone, data, tmp_path / "whole")
    parts, reduced = loop_of(spec, tiny_backbone, data, tmp_path / "parts")
    scarce(parts.model, most)
    for loop in (whole, parts):
        # In float32 a sum in another order may differ in the fourth digit.
        loop.model.double()
    for step in range(3):
        expected, actual = gradients_of_a_step(whole), gradients_of_a_step(parts)
        difference, whole_norm = (
            float(torch.cat([part.flatten() for part in parts]).norm())
            for parts in ([actual[name] - expected[name] for name in expected], expected.values())
        )
        assert difference < 1e-9 * whole_norm, step
        # AdamW makes steps of equal size of gradients that are nothing but rounding.
        parts.model.load_trainable(whole.model.trainable_state())
    losses = [torch.stack([loss for _, loss in loop.throughput.losses]) for loop in (whole, parts)]
    assert torch.allclose(*losses, rtol=1e-9)
    assert (reduced, parts.state.micro_batch) == (sizes, sizes[-1])
    assert (whole.throughput.samples, whole.throughput.tokens) == (parts.throughput.samples, parts.throughput.tokens)


def test_a_batch_that_fits_is_computed_in_one_go(tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path) -> None:
    loop, reduced = loop_of(spec_of("adapter"), tiny_backbone, data, tmp_path)
    computed = scarce(loop.model, 16)
    loop._step()
    assert (computed, reduced, loop.state.micro_batch) == ([16], [], None)


def test_a_resumed_run_goes_on_with_the_parts_that_fitted(
    tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that it draws the same dropout masks."""
    spec = spec_of("adapter")

    def scarce_build(*arguments: Any) -> Model:
        model = build(*arguments)
        scarce(model, 6)
        return model

    monkeypatch.setattr("tests.training.loops.build", scarce_build)
    straight, _ = train(spec, tiny_backbone, data, tmp_path / "straight", stop_at=None)
    train(spec, tiny_backbone, data, tmp_path / "stopped", stop_at=3)
    loop, reduced = loop_of(spec, tiny_backbone, data, tmp_path / "stopped")
    loop.run()
    assert reduced == [4] and loop.state.micro_batch == straight.state.micro_batch == 4
    left, right = trainable(straight), trainable(loop)
    assert all(torch.equal(left[name], right[name]) for name in left)


def test_one_example_that_does_not_fit_ends_the_run(tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path) -> None:
    loop, reduced = loop_of(spec_of("adapter"), tiny_backbone, data, tmp_path)
    scarce(loop.model, 0)
    with pytest.raises(RuntimeError) as raised:
        loop._step()
    assert is_out_of_memory(raised.value) and reduced == [8, 4, 2, 1]


def test_an_evaluation_takes_smaller_batches(tiny_backbone: Path, data: dict[str, TaskData]) -> None:
    spec = spec_of("adapter")
    model, split = build(spec, tiny_backbone), data[TARGET].splits["train"]
    expected = predict(model, spec.tasks[0], split, CPU)
    computed = scarce(model, 20)
    assert predict(model, spec.tasks[0], split, CPU) == pytest.approx(expected, abs=1e-5)
    assert computed[0] == len(split) and max(computed[-3:]) <= 20
    scarce(model, 0)
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        predict(model, spec.tasks[0], split, CPU)


@pytest.fixture
def queued(store: Store, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], str]:
    """Queue a small run whose worker can compute so many sequences at once; its id."""

    def add(most: int) -> str:
        place = setup.Device.place

        def scarce_place(device: Any, model: Model) -> Model:
            scarce(model, most)
            return place(device, model)

        monkeypatch.setattr(setup.Device, "place", scarce_place)
        budget = {"epochs": 1, "limits": {"train": 24, "dev": 8, "test": 8}}
        request = Request(methods=("adapter",), targets=("toy/sentiment",), backbone=str(tiny_backbone), **budget)
        (run_id,) = submit(make_plan(request, store, load_catalog(store.home)), store)
        return run_id

    return add


def test_a_run_that_was_computed_in_parts_says_so(store: Store, queued: Callable[[int], str]) -> None:
    run_id = queued(9)
    assert work_on(store, run_id) == WorkerExit.COMPLETED
    run = store.find(run_id)
    batch = run.parsed.hyperparameters["batch_size"]
    assert isinstance(batch, int) and run.provenance["micro_batch"] < batch and run.peak_memory is None
    said = [event.text for event in store.events(run_id) if "memory" in event.text]
    assert said[-1] == f"out of memory: at most {run.provenance['micro_batch']} examples of a batch are computed at once"


def test_a_run_for_which_memory_never_suffices_fails_with_advice(store: Store, queued: Callable[[int], str]) -> None:
    run_id = queued(0)
    assert work_on(store, run_id) == WorkerExit.FAILED
    run = store.find(run_id)
    assert run.state == RunState.FAILED and (run.cause or "").startswith("out of memory; end other processes")
