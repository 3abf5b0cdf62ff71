"""What the runs of a plan take: steps from the rows that they read, the rest from earlier runs of the same kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from engine.catalog.catalog import Catalog
from engine.catalog.steps import steps_per_epoch, training_examples
from engine.files.disk import folder_bytes
from engine.plans.guesses import guessed_seconds
from engine.plans.planner import Plan, PlannedRun
from engine.plans.shapes import Shape, shape_of
from engine.registry.reading import Reader
from engine.registry.records import Run, RunState
from engine.runs.memory_kind import memory_kind
from engine.runs.spec import RunSpec

LOOKED_AT = 50
"""Newest completed runs of a method on a backbone that are looked at."""
STEADY = 50
"""Steps from which on a run's time is that of its steps, not of its start. Shorter ones tell of runs of as few steps on
the same targets."""
Rows = Mapping[str, Mapping[str, int]]
"""Rows of each official split, by task and split."""


@dataclass(frozen=True)
class Estimate:
    """What a run takes. None where that is not known."""

    steps: int | None = None
    """Optimiser steps, unless it stops early."""
    trainable: int | None = None
    """Trainable parameters, heads included."""
    seconds: float | None = None
    """For the steps that are left, at the median speed of completed runs of the method on the backbone with as large batches
    on the same kind of device: of those on the same targets, if there are any. Otherwise, on a CPU, a guess."""
    guessed: bool = False
    """Whether ``seconds`` are (``engine.plans.guesses``)."""
    bytes: int | None = None
    """Of the run's folder: the median of completed runs of the same shape."""
    memory: int | None = None
    """Bytes of a GPU that the most demanding completed run of its kind took (``engine.runs.memory_kind``)."""


def estimates(
    plan: Plan,
    reader: Reader,
    catalog: Catalog,
    rows: Rows,
    devices: Iterable[str],
    count: Callable[[Sequence[Shape]], Mapping[str, int]],
) -> dict[str, Estimate]:
    """An estimate for each run of the plan and each source that it names, by id.

    Args:
        rows: those that the plan's unfinished runs read, where that is known.
        devices: labels of the devices that the runs may get.
        count: the trainable parameters of shapes, by key, as far as it knows them; asked for those that no earlier run has.
    """
    kinds = {_kind(device) for device in devices}
    specs = {planned.run_id: planned.spec for planned in plan.runs} | {run.id: run.parsed for run in plan.named_sources}
    earlier = _Earlier(reader, catalog)
    shapes = {planned.run_id: shape_of(planned.spec, specs, catalog) for planned in plan.runs}
    alike = {planned.run_id: earlier.alike(planned.spec, shapes[planned.run_id]) for planned in plan.runs}
    trainable = {planned.run_id: _trainable(planned, alike[planned.run_id]) for planned in plan.runs}
    asked = {shape.key: shape for run_id, shape in shapes.items() if shape and trainable[run_id] is None}
    counted = count(list(asked.values())) if asked else {}
    found = {run.id: Estimate(run.steps or None, run.trainable) for run in plan.named_sources}
    for planned in plan.runs:
        existing = planned.existing
        shape, steps = shapes[planned.run_id], (existing and existing.steps) or planned_steps(planned.spec, rows)
        left = 0 if planned.done or not steps else steps - (existing.step if existing else 0)
        seconds, guessed = _seconds(planned, steps, left, earlier.seconds_per_step(planned.spec, kinds, steps), kinds, rows)
        found[planned.run_id] = Estimate(
            steps=steps,
            trainable=trainable[planned.run_id] or (counted.get(shape.key) if shape else None),
            seconds=seconds,
            guessed=guessed,
            bytes=None if planned.done else _median_bytes(alike[planned.run_id], reader),
            memory=None if planned.done else earlier.memory(planned.spec),
        )
    return found


@dataclass
class _Earlier:
    """Completed runs of the registry."""

    reader: Reader
    catalog: Catalog
    _runs: dict[tuple[str, str], list[tuple[Run, Shape | None]]] = field(default_factory=dict)

    def alike(self, spec: RunSpec, shape: Shape | None) -> list[Run]:
        """Those with the same shape, newest first."""
        return [run for run, theirs in self._of(spec) if shape and theirs and theirs.key == shape.key]

    def seconds_per_step(self, spec: RunSpec, kinds: Collection[str], steps: int | None) -> float | None:
        """The median over those that ``Estimate.seconds`` describes."""
        size = spec.hyperparameters["batch_size"]
        runs = [
            run
            for run, _ in self._of(spec)
            if run.step and run.seconds and _kind(run.device) in kinds and run.parsed.hyperparameters["batch_size"] == size
        ]
        same = [run for run in runs if run.parsed.targets == spec.targets and run.step >= min(STEADY, steps or STEADY)]
        told = same or [run for run in runs if run.step >= STEADY]
        return median(run.seconds / run.step for run in told) if told else None

    def memory(self, spec: RunSpec) -> int | None:
        """What ``Estimate.memory`` describes."""
        kind = memory_kind(spec)
        return max((run.peak_memory for run, _ in self._of(spec) if run.memory_kind == kind and run.peak_memory), default=None)

    def _of(self, spec: RunSpec) -> list[tuple[Run, Shape | None]]:
        key = spec.method, spec.backbone_revision
        if key not in self._runs:
            completed = self.reader.runs(
                method=spec.method, backbone=spec.backbone, states=[RunState.COMPLETED], limit=LOOKED_AT
            )
            runs = [run for run in completed if not run.imported and run.parsed.backbone_revision == spec.backbone_revision]
            ids = {source.run_id for run in runs for source in run.parsed.sources}
            specs = {source.id: source.parsed for source in self.reader.runs(ids=ids)} if ids else {}
            self._runs[key] = [(run, shape_of(run.parsed, specs, self.catalog)) for run in runs]
        return self._runs[key]


def _seconds(
    planned: PlannedRun, steps: int | None, left: int, pace: float | None, kinds: Collection[str], rows: Rows
) -> tuple[float | None, bool]:
    """For the steps that are left, and whether that is a guess."""
    if planned.done or (steps and left <= 0):
        return None, False
    if pace and left > 0:
        return pace * left, False
    most = steps or planned_steps(planned.spec, rows, unknown=planned.spec.limits.get("train"))
    guess = guessed_seconds(planned.spec, most, rows) if most and kinds == {"cpu"} else None
    return (guess * left / steps if guess and steps else guess), guess is not None


def planned_steps(spec: RunSpec, rows: Rows, unknown: int | None = None) -> int | None:
    """Epochs times the steps of one; None where the number of examples is known only when the rows are read.

    Args:
        unknown: examples to take of a task whose number is not known.
    """
    settings = spec.hyperparameters
    fixed = int(settings.get("steps_per_epoch", 0))
    limit = spec.limits.get("train")
    counts = [training_examples(task, rows.get(task.key, {}), limit, spec.shots) or unknown for task in spec.tasks]
    known = [count for count in counts if count is not None]
    if not fixed and len(known) < len(counts):
        return None
    return int(settings["epochs"]) * steps_per_epoch(known, int(settings["batch_size"]), fixed)


def _trainable(planned: PlannedRun, alike: Sequence[Run]) -> int | None:
    runs = [*([planned.existing] if planned.existing else []), *alike]
    return next((run.trainable for run in runs if run.trainable), None)


def _median_bytes(runs: Sequence[Run], reader: Reader) -> int | None:
    sizes = [size for run in runs if (size := folder_bytes(reader.home.run(run.id)))]
    return int(median(sizes)) if sizes else None


def _kind(device: str | None) -> str:
    """``cpu``, or a GPU's model: ``GPU 0.1 NVIDIA H100`` without its number."""
    return re.sub(r"^GPU [\d.]+ ", "", device or "")
