"""A run that stops in mid-epoch and continues is the run that never stopped, for every method."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.data.prepared import TaskData, prepare
from engine.errors import UserError
from engine.methods.model import Model, SourceAdapter
from engine.runs.spec import RunSpec, SourceSpec
from engine.training.build import build_model
from engine.training.checkpoint_card import checkpoint_card
from engine.training.checkpoints import load_checkpoint
from engine.training.device import Device
from engine.training.evaluation import evaluate
from engine.training.loop import CheckpointFiles, Loop, Stopped, TrainState

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


@pytest.fixture(scope="module")
def data(tiny_backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, TaskData]:
    cache = tmp_path_factory.mktemp("tokens")
    return {key: prepare(BUILT_IN.find_task(key), tiny_backbone, cache, None, LIMITS) for key in JOINT}


def source(task: str, place: int, folder: Path) -> SourceAdapter:
    """An adapter whose outputs are large enough to be noticed."""
    tensors = build_model(spec_of("adapter", task), folder, []).trainable_state()
    return SourceAdapter(task, {name: 20 * tensor for name, tensor in tensors.items()}, 1 / (place + 1))


def build(spec: RunSpec, folder: Path) -> Model:
    sources = [source(source_spec.task, position, folder) for position, source_spec in enumerate(spec.sources)]
    return build_model(spec, folder, sources)


def card_of(spec: RunSpec) -> dict[str, Any]:
    return checkpoint_card(spec, spec.tasks, spec.fingerprint)


class Killed(BaseException):
    """What a SIGKILL is to the process: nothing runs after it but what the test does."""


def prepared(
    spec: RunSpec, folder: Path, data: dict[str, TaskData], where: Path, record: Callable[..., None] = lambda *_: None
) -> tuple[Loop, Points]:
    """A loop that is never asked to stop, and what it records."""
    points = Points()
    files = CheckpointFiles(where / "best.safetensors", where / "last.safetensors", record)
    settings = dict(spec.hyperparameters)
    model = build(spec, folder)
    return Loop(model, spec.tasks, data, settings, spec.seed, CPU, files, points, lambda: False, card_of(spec)), points


def train(spec: RunSpec, folder: Path, data: dict[str, TaskData], where: Path, stop_at: int | None) -> tuple[Loop, Points]:
    """Train until the end, or until ``stop_at`` updates are made and saved."""
    loop, points = prepared(spec, folder, data, where)
    loop.should_stop = lambda: loop.state.step == stop_at
    if stop_at is None:
        loop.run()
    else:
        with pytest.raises(Stopped):
            loop.run()
    return loop, points


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


def assert_same_end(first: Loop, second: Loop) -> None:
    """Progress, selected parameters and the state to resume from are equal to the last bit."""
    first.state.seconds = second.state.seconds
    assert first.state == second.state
    for name in ("best", "last"):
        left, right = (load_checkpoint(getattr(loop.files, name))[0] for loop in (first, second))
        assert left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


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
    results = evaluate(done.model, spec.tasks[0], data[TARGET].splits["test"], CPU)
    (tmp_path / ".last.safetensors.4711").write_bytes(b"half")
    again, points = train(spec, tiny_backbone, data, tmp_path, stop_at=None)
    assert again.state == done.state and not points.losses
    assert evaluate(again.model, spec.tasks[0], data[TARGET].splits["test"], CPU) == results
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
    with pytest.raises(UserError, match=r"the dev loss became nan; lower learning_rate"):
        loop.run()
    assert not (tmp_path / "best.safetensors").exists()


@pytest.mark.parametrize("task", BUILT_IN.benchmarks["toy"].tasks, ids=lambda task: task.name)
def test_fewer_examples_than_a_batch_and_a_dev_split_of_one(task: Any, tiny_backbone: Path, tmp_path: Path) -> None:
    data = prepare(task, tiny_backbone, tmp_path / "tokens", None, {"train": 17, "dev": 1, "test": 1})
    loop, points = train(spec_of("adapter", task.key), tiny_backbone, {task.key: data}, tmp_path, stop_at=None)
    assert loop.steps_per_epoch == 2 and sorted(points.losses) == [0, 1, 2, 3]
    numbers = evaluate(loop.model, task, data.splits["test"], CPU)
    assert list(numbers) == ["loss", *task.metrics] and all(map(math.isfinite, numbers.values()))


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
        dev = {task.key: evaluate(model, task, data[task.key].splits["dev"], CPU) for task in spec.tasks}
        assert dev == about["dev"]


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
    files = CheckpointFiles(tmp_path / "best.safetensors", tmp_path / "last.safetensors", lambda *_: None)
    settings = dict(spec.hyperparameters)
    loop = Loop(model, spec.tasks, data, settings, spec.seed, CPU, files, Points(), lambda: False, card_of(spec))
    loop.run()
    assert seen.count((True, True)) == loop.steps == 8
    assert set(seen) == {(True, True), (False, False)}


def test_gradients_are_clipped_to_one_norm_of_all(tiny_backbone: Path, data: dict[str, TaskData], tmp_path: Path) -> None:
    """The PALs code clipped every tensor by itself."""
    loop, _ = prepared(spec_of("pals", max_grad_norm=1e-3, epochs=1), tiny_backbone, data, tmp_path)
    norms = []

    def note(*_: Any) -> None:
        norms.append(torch.stack([p.grad.norm() for p in loop.parameters if p.grad is not None]).norm().item())

    loop.optimizer.register_step_pre_hook(note)
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
