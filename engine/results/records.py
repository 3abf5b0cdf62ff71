"""What results consist of, as flat records: one per run, score, point of a curve, answer or learned scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from engine.catalog.method import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class RunColumns:
    """What tells runs apart; in front of what is listed of each."""

    run: str
    """Id."""
    group: str
    """Equal for runs that differ in nothing but the seed."""
    method: str
    backbone: str
    target: str
    """Key of the task, ``glue/rte``, or the common name of a joint run's tasks."""
    sources: tuple[str, ...]
    """Keys of the tasks whose adapters it combines, in their order."""
    seed: int
    shots: int | None
    state: str
    tags: tuple[str, ...]
    settings: Mapping[str, Value]
    """The run's value of each setting that one of the chosen runs has off its method's default; those that its method lacks are
    absent. Limits are ``limit_train``, ``limit_dev`` and ``limit_test``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow(RunColumns):
    """One run."""

    created: datetime
    """When it was asked for; aware, in UTC."""
    seconds: float
    """Of training, over all attempts."""
    epochs: int
    """Planned."""
    best_epoch: int | None
    """The selected one."""
    trainable: int | None
    """Trainable parameters, heads included."""
    transfer: int | None
    """The method's own trainable parameters, heads excluded."""
    device: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score(RunColumns):
    """One metric of a run on one split of one task, at the selected epoch."""

    task: str
    """Key; ``mean`` for the averages of a joint run."""
    split: str
    metric: str
    """Of the task, or ``loss``."""
    value: float
    """A fraction, 0.82, where tables show points, 82.00; of ``loss`` the loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """One point of a curve."""

    run: str
    metric: str
    """``train/loss``, ``dev/accuracy``, of a joint run also ``dev/glue/rte/accuracy``; ``system/cpu`` and the like."""
    step: int
    """Of the optimiser; of ``system/...`` the second of training."""
    epoch: float | None
    """None of ``system/...``."""
    seconds: float | None
    """Of training. Only points of ``system/...`` have a clock: of others it is the run's time in proportion to the step."""
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a run answered on one example; of a ranking the candidate that it chose for a query.

    ``gold`` and ``label`` are of classifications and choices, ``gold_value`` and ``value`` of regressions, ``gold_labels`` and
    ``labels`` of multi-label tasks, ``exact_match`` and ``f1``, the agreement with the gold answers, of rankings.
    """

    run: str
    task: str
    split: str
    row_id: str
    """32 hexadecimal digits that name the example in every run (``engine.data.row_identity``)."""
    gold: str | None = None
    label: str | None = None
    gold_value: float | None = None
    value: float | None = None
    gold_labels: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None
    score: float | None = None
    """Probability of ``label`` or of the chosen candidate."""
    probabilities: Mapping[str, float] = field(default_factory=dict)
    """By label."""
    exact_match: int | None = None
    f1: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceScale:
    """How much a run takes of one source adapter in one layer."""

    run: str
    target: str
    kind: str
    """``scales`` that were learned, ``attention`` on dev, the weights of a ``soup``, or the ``constants`` of a probe."""
    source: str
    """Key of the source's task."""
    layer: int | None
    """From 1; None where all layers share their weights."""
    mean: float
    """Over the dimensions of a scale, or over the tokens of dev of an attention."""
    std: float | None
    """Of scales, over their dimensions, as ``min`` and ``max``."""
    min: float | None
    max: float | None
