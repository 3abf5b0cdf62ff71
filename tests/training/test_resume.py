"""A run that stops in mid-epoch and continues is the run that never stopped, for every method."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.catalog.methods import METHODS
from engine.data.prepared import TaskData
from engine.errors import UserError
from engine.training.checkpoints import load_checkpoint
from engine.training.evaluation import measure, predict
from engine.training.loop import TrainState
from tests.training.loops import (
    CPU,
    TARGET,
    Killed,
    assert_same_end,
    build,
    prepared,
    spec_of,
    train,
)


@pytest.mark.parametrize("method", METHODS)
def test_stopping_and_resuming_changes_nothing(
    method: str, tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path
) -> None:
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


@pytest.mark.parametrize("stop_at", [4, 8], ids=["before-evaluation", "before-the-last-evaluation"])
def test_stopping_between_an_epochs_last_step_and_its_evaluation(
    stop_at: int, tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path
) -> None:
    spec = spec_of("adapter")
    straight, _ = train(spec, tiny_backbone, data, tmp_path / "straight", stop_at=None)
    train(spec, tiny_backbone, data, tmp_path / "resumed", stop_at=stop_at)
    resumed, _ = train(spec, tiny_backbone, data, tmp_path / "resumed", stop_at=None)
    assert_same_end(straight, resumed)


@pytest.mark.parametrize("moment", ["before best", "before last", "evaluation"])
@pytest.mark.parametrize("epoch", [1, 2])
def test_a_kill_around_an_evaluation_changes_nothing(
    moment: str, epoch: int, tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path
) -> None:
    """``before last`` is between the best checkpoint and the last one: best is an epoch ahead of what is resumed."""
    spec = spec_of("adapter", learning_rate=1e-3)
    # What is trained on becomes better with every epoch, so that every epoch has a best checkpoint to write.
    whole = data[TARGET]
    data = {TARGET: replace(whole, splits={**whole.splits, "dev": whole.splits["train"]})}
    straight, _ = train(spec, tiny_backbone, data, tmp_path / "straight", stop_at=None)
    assert straight.state.best_epoch == 2

    def record(kind: str, state: TrainState, _: Any) -> None:
        if moment == f"before {kind}" and state.epoch == epoch:
            raise Killed

    loop, points = prepared(spec, tiny_backbone, data, tmp_path / "killed", record)
    if moment == "evaluation":
        noted = points.point

        def point(name: str, step: int, at: float, value: float) -> None:
            if name == "dev/loss" and at == epoch:
                raise Killed
            noted(name, step, at, value)

        points.point = point  # type: ignore[method-assign]
    with pytest.raises(Killed):
        loop.run()
    resumed, _ = train(spec, tiny_backbone, data, tmp_path / "killed", stop_at=None)
    assert_same_end(straight, resumed)


def test_a_kill_after_training_and_before_the_results_trains_nothing_again(
    tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path
) -> None:
    spec = spec_of("adapter")
    done, _ = train(spec, tiny_backbone, data, tmp_path, stop_at=None)
    test = data[TARGET].splits["test"]
    logits = predict(done.model, spec.tasks[0], test, CPU)
    (tmp_path / ".last.safetensors.4711").write_bytes(b"half")
    again, points = train(spec, tiny_backbone, data, tmp_path, stop_at=None)
    assert again.state == done.state and not points.losses
    assert np.array_equal(predict(again.model, spec.tasks[0], test, CPU), logits)
    # Nothing was trained, so nothing is said about speed that would replace what the run had.
    assert "samples_per_second" not in points.last_fields
    assert not list(tmp_path.glob(".*"))


def test_a_last_update_that_breaks_the_model_is_an_error(
    tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path
) -> None:
    loop, _ = prepared(spec_of("adapter", epochs=1), tiny_backbone, data, tmp_path)

    def overflow_at_the_end() -> bool:
        if loop.state.step == loop.steps:
            loop.parameters[0].data.fill_(math.nan)
        return False

    loop.should_stop = overflow_at_the_end
    with pytest.raises(UserError, match=r"on dev the loss became nan; lower learning_rate"):
        loop.run()
    assert not (tmp_path / "best.safetensors").exists()


@pytest.mark.parametrize("method", METHODS)
def test_the_best_epoch_is_what_remains_in_the_model(
    method: str, tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path
) -> None:
    """All of it: the released code left shared scales, Compacter++'s rule and ProPETL's masks at their last epoch."""
    spec = spec_of(method, learning_rate=0.05)

    def unbeatable(kind: str, state: TrainState, _: Any) -> None:
        if kind == "best":
            state.best = -math.inf if spec.hyperparameters["select_by"] == "loss" else math.inf

    loop, points = prepared(spec, tiny_backbone, data, tmp_path, unbeatable)
    loop.run()
    assert (loop.state.best_epoch, loop.state.epoch) == (1, 2)
    assert points.dev["dev/loss"][0] != points.dev["dev/loss"][1]
    best, about = load_checkpoint(tmp_path / "best.safetensors")
    fresh = build(spec, tiny_backbone)
    fresh.load_trainable(best)
    for model in (loop.model, fresh):
        restored = model.trainable_state()
        assert restored.keys() == best.keys() and all(torch.equal(restored[name], best[name]) for name in best)
        for task in spec.tasks:
            split = data[task.key].splits["dev"]
            logits = predict(model, task, split, CPU)
            assert np.array_equal(logits, loop.best_dev[task.key])
            assert measure(task, split, logits) == about["dev"][task.key]
