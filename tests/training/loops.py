"""Loops on small models that are stopped, killed and continued."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.catalog.methods import METHODS
from engine.data.prepared import TaskData
from engine.methods.model import Model, SourceAdapter
from engine.runs.spec import RunSpec, SourceSpec
from engine.training.build import build_model
from engine.training.checkpoint_card import checkpoint_card
from engine.training.checkpoints import load_checkpoint
from engine.training.device import Device
from engine.training.loop import CheckpointFiles, Loop
from engine.training.termination import Stopped

TARGET = "toy/question"


JOINT = (TARGET, "toy/similarity", "toy/topics", "toy/choice")


SOURCES = ("toy/sentiment", "toy/choice", TARGET)


LIMITS = {"train": 64, "dev": 20, "test": 20}


CPU = Device("cpu", None)


class Points:
    """Keeps what the loop records."""

    def __init__(self) -> None:
        self.losses: dict[int, float] = {}
        self.last_fields: dict[str, Any] = {}
        self.dev: dict[str, list[float]] = {}
        self.epoch_losses: list[float | None] = []

    def point(self, name: str, step: int, epoch: float, value: float) -> None:
        if name == "train/loss":
            self.losses[step] = value
        else:
            self.dev.setdefault(name, []).append(value)

    def fields(self, **fields: Any) -> None:
        self.last_fields |= fields

    def epoch_ended(self, loss: float | None = None, **fields: Any) -> None:
        self.epoch_losses.append(loss)
        self.fields(**fields)

    def flush(self) -> None:
        pass


def spec_of(method: str, target: str = TARGET, **settings: Any) -> RunSpec:
    info = METHODS[method]
    wanted = {"epochs": 2, "batch_size": 16, "learning_rate": 1e-2, **settings}
    if "phm_dim" in info.own:
        wanted["reduction"] = 8  # 4 must divide the bottleneck
    tasks = SOURCES[: info.source_count] if info.source_method else ()
    sources = tuple(SourceSpec(task=task, run_id="none") for task in tasks)
    targets = JOINT if info.joint and target == TARGET else (target,)
    values = info.resolve({"steps_per_epoch": 4, **wanted} if info.joint else wanted, target, "loss")
    names = {"backbone": "tiny", "backbone_revision": "r", "data": dict.fromkeys(targets, "d")}
    return RunSpec(method=method, targets=targets, sources=sources, seed=3, hyperparameters=values, limits={}, **names)


def source(task: str, place: int, folder: Path) -> SourceAdapter:
    """An adapter whose outputs are large enough to be noticed."""
    tensors = build_model(spec_of("adapter", task), METHODS["adapter"], folder, []).trainable_state()
    return SourceAdapter(task, {name: 20 * tensor for name, tensor in tensors.items()}, 1 / (place + 1))


def build(spec: RunSpec, folder: Path) -> Model:
    sources = [source(source_spec.task, position, folder) for position, source_spec in enumerate(spec.sources)]
    return build_model(spec, METHODS[spec.method], folder, sources)


def card_of(spec: RunSpec) -> dict[str, Any]:
    return checkpoint_card(spec, spec.tasks, spec.fingerprint)


class Killed(BaseException):
    """What a SIGKILL is to the process: nothing runs after it but what the test does."""


def prepared(
    spec: RunSpec,
    folder: Path,
    data: dict[str, TaskData],
    where: Path,
    record: Callable[..., None] = lambda *_: None,
    device: Device = CPU,
) -> tuple[Loop, Points]:
    """A loop that is never asked to stop, and what it records."""
    points = Points()
    files = CheckpointFiles(where / "best.safetensors", where / "last.safetensors", record, lambda: None)
    settings = dict(spec.hyperparameters)
    model = device.place(build(spec, folder))
    return Loop(model, spec.tasks, data, settings, spec.seed, device, files, points, lambda: False, card_of(spec)), points


def train(
    spec: RunSpec, folder: Path, data: dict[str, TaskData], where: Path, stop_at: int | None, device: Device = CPU
) -> tuple[Loop, Points]:
    """Train until the end, or until ``stop_at`` updates are made and saved."""
    loop, points = prepared(spec, folder, data, where, device=device)
    loop.should_stop = lambda: loop.state.step == stop_at
    if stop_at is None:
        loop.run()
    else:
        with pytest.raises(Stopped):
            loop.run()
    return loop, points


def assert_same_end(first: Loop, second: Loop) -> None:
    """Progress, selected parameters and the state to resume from are equal to the last bit."""
    first.state.seconds = second.state.seconds
    assert first.state == second.state
    for name in ("best", "last"):
        left, right = (load_checkpoint(getattr(loop.files, name))[0] for loop in (first, second))
        assert left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)
