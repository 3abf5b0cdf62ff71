"""How the loop trains: epochs, patience, clipping, draws, joint runs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.catalog.catalog import BUILT_IN
from engine.data.prepared import TaskData, prepare
from engine.data.tokenized_split import TokenizedSplit
from engine.training.checkpoints import load_checkpoint
from engine.training.evaluation import measure, predict
from engine.training.loop import CheckpointFiles, Loop, sampling_size
from tests.training.loops import CPU, LIMITS, TARGET, Points, build, card_of, prepared, spec_of, train


def grouped(groups: list[int]) -> TokenizedSplit:
    count = len(groups)
    ones = np.ones(count, np.int64)
    return TokenizedSplit(ones, np.arange(count), ones, ones, labels=ones, groups=np.array(groups))


def test_record_weighs_by_its_queries_and_multirc_by_its_options() -> None:
    """By candidate rows ReCoRD would have 96% of SuperGLUE's batches, not the released 71%."""
    split = grouped([0, 0, 0, 1, 1, 2, 7])
    assert sampling_size(BUILT_IN.find_task("superglue/record"), split) == 4
    assert sampling_size(BUILT_IN.find_task("superglue/multirc"), split) == 7


def test_an_epochs_loss_is_the_mean_over_the_steps_that_the_attempt_made(
    tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often the losses were reported within the epoch; without a step, there is none."""
    monkeypatch.setattr("engine.training.throughput.REPORT_SECONDS", 0.0)
    spec = spec_of("adapter")
    _, straight = train(spec, tiny_backbone, data, tmp_path / "straight", stop_at=None)
    losses = straight.losses
    assert sorted(losses) == list(range(8)) and len({losses[step] for step in losses}) == 8
    first, second = (sum(losses[step] for step in steps) / 4 for steps in (range(4), range(4, 8)))
    assert straight.epoch_losses == pytest.approx([first, second])

    train(spec, tiny_backbone, data, tmp_path / "inside", stop_at=3)
    _, resumed = train(spec, tiny_backbone, data, tmp_path / "inside", stop_at=None)
    assert resumed.epoch_losses == pytest.approx([losses[3], second])
    train(spec, tiny_backbone, data, tmp_path / "between", stop_at=4)
    _, resumed = train(spec, tiny_backbone, data, tmp_path / "between", stop_at=None)
    assert resumed.epoch_losses[0] is None and resumed.epoch_losses[1] == pytest.approx(second)


@pytest.mark.parametrize("task", BUILT_IN.benchmarks["toy"].tasks, ids=lambda task: task.name)
def test_fewer_examples_than_a_batch_and_a_dev_split_of_one(task: Any, tiny_backbone: Path, tmp_path: Path) -> None:
    data = prepare(task, tiny_backbone, tmp_path / "tokens", None, {"train": 17, "dev": 1, "test": 1})
    loop, points = train(spec_of("adapter", task.key), tiny_backbone, {task.key: data}, tmp_path, stop_at=None)
    assert loop.steps_per_epoch == 2 and sorted(points.losses) == [0, 1, 2, 3]
    test = data.splits["test"]
    numbers = measure(task, test, predict(loop.model, task, test, CPU))
    assert list(numbers) == ["loss", *task.metrics] and all(map(math.isfinite, numbers.values()))


def test_patience_ends_a_run_that_does_not_improve(tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path) -> None:
    spec = spec_of("adapter", epochs=50, patience=2, learning_rate=1.0)
    loop, _ = train(spec, tiny_backbone, data, tmp_path, stop_at=None)
    assert loop.state.epoch < 50
    assert loop.state.epoch - loop.state.best_epoch == 2


def test_every_step_of_every_epoch_has_dropout(tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path) -> None:
    """The PALs code left evaluation mode on after the first epoch: 57,600 of its 60,000 steps ran without dropout."""
    spec, seen = spec_of("shared"), []
    model = build(spec, tiny_backbone)
    model.encoder.register_forward_pre_hook(lambda module, _: seen.append((module.training, torch.is_grad_enabled())))
    files = CheckpointFiles(tmp_path / "best.safetensors", tmp_path / "last.safetensors", lambda *_: None, lambda: None)
    settings = dict(spec.hyperparameters)
    loop = Loop(model, spec.tasks, data, settings, spec.seed, CPU, files, Points(), lambda: False, card_of(spec))
    loop.run()
    assert seen.count((True, True)) == loop.steps == 8
    assert set(seen) == {(True, True), (False, False)}


def test_gradients_are_clipped_to_one_norm_of_all(
    tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The PALs code clipped every tensor by itself."""
    loop, _ = prepared(spec_of("pals", max_grad_norm=1e-3, epochs=1), tiny_backbone, data, tmp_path)
    norms, step = [], loop.optimizer.step

    def noted_step() -> None:
        norms.append(torch.stack([p.grad.norm() for p in loop.parameters if p.grad is not None]).norm().item())
        step()

    monkeypatch.setattr(loop.optimizer, "step", noted_step)
    loop.run()
    assert norms == pytest.approx([1e-3] * loop.steps, rel=1e-2)


def test_few_shot_runs_train_on_their_draw_and_evaluate_on_all(
    tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path
) -> None:
    def drawn(seed: int) -> TaskData:
        return prepare(BUILT_IN.find_task(TARGET), tiny_backbone, tmp_path, None, LIMITS, shots=8, seed=seed)

    few = drawn(1)
    assert {name: len(split) for name, split in few.splits.items()} == {**LIMITS, "train": 8}
    assert np.isin(few.splits["train"].starts, data[TARGET].splits["train"].starts).all(), "drawn from what the limit keeps"
    assert np.bincount(few.splits["train"].labels).tolist() == [4, 4]
    again, other = drawn(1), drawn(2)
    assert np.array_equal(again.splits["train"].starts, few.splits["train"].starts)
    assert not np.array_equal(other.splits["train"].starts, few.splits["train"].starts)


def test_a_joint_run_selects_by_the_mean_and_reports_every_task(
    tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path
) -> None:
    spec = spec_of("adapter-m")
    loop, points = train(spec, tiny_backbone, data, tmp_path, stop_at=None)
    assert spec.hyperparameters["select_by"] == "metric" and (loop.steps_per_epoch, loop.steps) == (4, 8)
    names = {"loss", "mean", *(f"{task.key}/{name}" for task in spec.tasks for name in ("loss", *task.metrics))}
    assert {name.removeprefix("dev/") for name in points.dev} == names
    for name, headline in (("mean", lambda task: task.headline), ("loss", lambda task: "loss")):
        by_task = [points.dev[f"dev/{task.key}/{headline(task)}"] for task in spec.tasks]
        assert points.dev[f"dev/{name}"] == pytest.approx([sum(values) / 4 for values in zip(*by_task, strict=True)])
    means = points.dev["dev/mean"]
    assert loop.state.best == max(means) and loop.state.best_epoch == 1 + means.index(max(means))
    _, about = load_checkpoint(tmp_path / "best.safetensors")
    assert list(about["tasks"]) == list(spec.targets) and about["dev"].keys() == set(spec.targets)


def test_a_task_that_is_not_sampled_is_not_touched(tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path) -> None:
    """Neither by decay nor by moments that it gathered before: the PALs code went on moving such parameters."""
    spec = spec_of("pals", weight_decay=0.1)
    train(spec, tiny_backbone, data, tmp_path, stop_at=4)
    before, _ = load_checkpoint(tmp_path / "last.safetensors")
    loop, _ = train(spec, tiny_backbone, data, tmp_path, stop_at=5)
    after, _ = load_checkpoint(tmp_path / "last.safetensors")
    sampled = spec.targets[loop.batches.at(4)[0]]
    earlier = {spec.targets[loop.batches.at(step)[0]] for step in range(4)}
    assert earlier - {sampled}, "another task was trained before"
    for task in spec.targets:
        own = [name for name in after if name.startswith("model.") and task in name]
        changed = [name for name in own if not torch.equal(after[name], before[name])]
        assert own and (changed == own if task == sampled else not changed)
