"""The kinds of tasks, as data: their metrics, the width of their heads, and what users' own tasks of each kind may have.

What follows from a kind is computed elsewhere: head and loss in ``engine.encoder.heads``, labels in ``engine.data.labels`` (of
users' files in ``engine.data.own_labels``), metrics in ``engine.metrics.scoring``, predictions in ``engine.inference.answers``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of task."""

    name: str
    metrics: tuple[str, ...]
    """Names of all metrics that a task of this kind can have."""
    own_metrics: tuple[str, ...] = ()
    """Metrics of a user's task that declares none, headline first; empty where users cannot declare the kind."""
    grouped_metrics: tuple[str, ...] = ()
    """Those of ``metrics`` that score groups of rows, which users' tasks do not have."""
    binary_metrics: tuple[str, ...] = ()
    """Those of ``metrics`` that are defined for exactly two labels."""
    own_template: str = "plain"
    """Template of users' tasks."""
    has_labels: bool = True
    """Whether a task lists label names."""
    one_output: bool = False
    """Whether the head gives one score per sequence, whatever the number of labels."""
    balanced: bool = False
    """Whether splits drawn from a user's training file keep the class balance."""
    ranks_candidates: bool = False
    """Whether a row is a query that becomes one example per candidate; the examples of a query form a group."""

    @property
    def declarable(self) -> bool:
        """Whether users can declare tasks of this kind."""
        return bool(self.own_metrics)

    def outputs(self, labels: int) -> int:
        """Width of the head of a task with this number of labels."""
        return 1 if self.one_output else max(2, labels)

    def metrics_of_own_task(self, labels: int) -> tuple[str, ...]:
        """The metrics that a user's task with this number of labels can declare."""
        excluded = {*self.grouped_metrics, *(() if labels == 2 else self.binary_metrics)}
        return tuple(name for name in self.metrics if name not in excluded)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "classification",
            metrics=("accuracy", "f1", "macro_f1", "matthews", "exact_match"),
            own_metrics=("accuracy", "macro_f1"),
            grouped_metrics=("exact_match",),
            binary_metrics=("f1",),
            balanced=True,
        ),
        Kind(
            "regression",
            metrics=("pearson", "spearman"),
            own_metrics=("pearson", "spearman"),
            has_labels=False,
            one_output=True,
        ),
        Kind(
            "multiple_choice",
            metrics=("accuracy",),
            own_metrics=("accuracy",),
            own_template="choice",
            one_output=True,
            balanced=True,
        ),
        Kind("multilabel", metrics=("macro_f1", "micro_f1", "accuracy"), own_metrics=("macro_f1", "micro_f1")),
        Kind("entity_ranking", metrics=("f1", "exact_match"), ranks_candidates=True),
    )
}
"""By the name that tasks, checkpoints and declarations use."""
DECLARABLE_KINDS = tuple(kind.name for kind in KINDS.values() if kind.declarable)
LARGEST_LOSS = 1e6
"""No mean loss of a run is larger: training stops where it is not finite."""


def is_plausible(metric: str, value: float) -> bool:
    """Whether a run can have this value: metrics lie in -1..1, a ``loss`` in 0..1e6."""
    return 0 <= value <= LARGEST_LOSS if metric == "loss" else -1 <= value <= 1
