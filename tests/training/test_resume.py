"""A run that stops in mid-epoch and continues is the run that never stopped, for every method."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.catalog.benchmarks import find_task
from engine.catalog.methods import METHODS
from engine.data.tokens import TaskData, prepare
from engine.methods.model import Model, SourceAdapter
from engine.plans.spec import RunSpec, SourceSpec
from engine.training.checkpoints import load_checkpoint
from engine.training.device import Device
from engine.training.loop import Files, Loop, Stopped
from engine.training.setup import build_model, card

TARGET = "toy/question"
SOURCES = ("toy/sentiment", "toy/choice", TARGET)
CPU = Device("cpu", None)


class Points:
    """Keeps what the loop records."""

    def __init__(self) -> None:
        self.losses: dict[int, float] = {}

    def point(self, name: str, step: int, epoch: float, value: float) -> None:
        if name == "train/loss":
            self.losses[step] = value

    def fields(self, **_: Any) -> None:
        pass

    def flush(self) -> None:
        pass


def spec_of(method: str, target: str = TARGET, **settings: Any) -> RunSpec:
    info = METHODS[method]
    wanted = {"epochs": 2, "batch_size": 16, "learning_rate": 1e-2, **settings}
    if "phm_dim" in info.own:
        wanted["reduction"] = 8  # 4 must divide the bottleneck
    tasks = SOURCES[: info.source_count] if info.source_method else ()
    sources = tuple(SourceSpec(task=task, run_id="none") for task in tasks)
    values = info.resolve(wanted, target, "loss")
    names = {"backbone": "tiny", "backbone_revision": "r", "data": {target: "d"}}
    return RunSpec(method=method, targets=(target,), sources=sources, seed=3, hyperparameters=values, limits={}, **names)


@pytest.fixture(scope="module")
def data(tiny_backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    return prepare(
        find_task(TARGET), tiny_backbone, tmp_path_factory.mktemp("tokens"), None, {"train": 64, "dev": 20, "test": 20}
    )


def build(spec: RunSpec, folder: Path) -> Model:
    sources = [
        SourceAdapter(source.task, build_model(spec_of("adapter", source.task), folder, []).trainable_state(), 1 / (place + 1))
        for place, source in enumerate(spec.sources)
    ]
    return build_model(spec, folder, sources)


def train(spec: RunSpec, folder: Path, data: TaskData, where: Path, stop_at: int | None) -> tuple[Loop, Points]:
    """Train until the end, or until ``stop_at`` updates are made and saved."""
    points = Points()
    loop: Loop
    should_stop: Callable[[], bool] = lambda: loop.progress.step == stop_at  # noqa: E731
    files = Files(where / "best.safetensors", where / "last.safetensors", lambda *_: None)
    settings = dict(spec.hyperparameters)
    loop = Loop(
        build(spec, folder), spec.tasks, {TARGET: data}, settings, spec.seed, CPU, files, points, should_stop, card(spec)
    )
    if stop_at is None:
        loop.run()
    else:
        with pytest.raises(Stopped):
            loop.run()
    return loop, points


@pytest.mark.parametrize("method", METHODS)
def test_stopping_and_resuming_changes_nothing(method: str, tiny_backbone: Path, data: TaskData, tmp_path: Path) -> None:
    spec = spec_of(method)
    _, straight = train(spec, tiny_backbone, data, tmp_path / "straight", stop_at=6)
    _, before = train(spec, tiny_backbone, data, tmp_path / "resumed", stop_at=3)
    _, after = train(spec, tiny_backbone, data, tmp_path / "resumed", stop_at=6)

    assert sorted(straight.losses) == list(range(6))
    assert sorted(before.losses) == [0, 1, 2] and sorted(after.losses) == [3, 4, 5]
    assert {**before.losses, **after.losses} == straight.losses
    left, _ = load_checkpoint(tmp_path / "straight/last.safetensors")
    right, _ = load_checkpoint(tmp_path / "resumed/last.safetensors")
    assert left.keys() == right.keys() and any(name.startswith("optimizer.") for name in left)
    assert all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("method", METHODS)
def test_the_best_epoch_is_what_remains_in_the_model(method: str, tiny_backbone: Path, data: TaskData, tmp_path: Path) -> None:
    spec = spec_of(method, learning_rate=0.5)
    loop, _ = train(spec, tiny_backbone, data, tmp_path, stop_at=None)
    best, about = load_checkpoint(tmp_path / "best.safetensors")
    found = loop.model.trainable_state()
    assert found.keys() == best.keys() and all(torch.equal(found[name], best[name]) for name in best)
    assert about["epoch"] == loop.progress.best_epoch
    fresh = build(spec, tiny_backbone)
    fresh.load_trainable(best)
    assert all(torch.equal(tensor, best[name]) for name, tensor in fresh.trainable_state().items())


def test_patience_ends_a_run_that_does_not_improve(tiny_backbone: Path, data: TaskData, tmp_path: Path) -> None:
    spec = spec_of("adapter", epochs=50, patience=2, learning_rate=1.0)
    loop, _ = train(spec, tiny_backbone, data, tmp_path, stop_at=None)
    assert loop.progress.epoch < 50
    assert loop.progress.epoch - loop.progress.best_epoch == 2
