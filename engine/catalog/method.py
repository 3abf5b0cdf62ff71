"""What a method is: its settings with their ranges, its defaults, and the string that names its code."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.catalog.numbers import is_number
from engine.errors import UserError, did_you_mean

Value = bool | int | float | str
LARGEST_SEED = 2**32 - 1
"""Random generators accept no larger one."""


@dataclass(frozen=True)
class Hyperparameter:
    """One setting of a run: its default, its range and what it does."""

    default: Value
    help: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

    def parse(self, name: str, value: Value) -> Value:
        """Cast ``value`` to the default's type and check the range. Raises UserError naming the setting."""
        kind = type(self.default)
        try:
            if kind is bool:
                parsed: Value = {"true": True, "false": False, "1": True, "0": False}[str(value).lower()]
            elif kind in (int, float):
                parsed = kind(float(value))
                if parsed != float(value) or (isinstance(value, str) and not is_number(value)):
                    raise ValueError
            else:
                parsed = kind(value)
        except (KeyError, ValueError, OverflowError):
            needed = {bool: "true or false", int: "a whole number", float: "a number"}[kind]
            raise UserError(f"{name} must be {needed}, not {value!r}") from None
        if self.choices and parsed not in self.choices:
            close = did_you_mean(str(value), self.choices)
            raise UserError(f"{name} must be one of {', '.join(self.choices)}, not {value!r}{close}")
        if isinstance(parsed, int | float) and not isinstance(parsed, bool):
            large_enough = self.minimum is None or parsed >= self.minimum
            small_enough = self.maximum is None or parsed <= self.maximum
            if not (large_enough and small_enough):
                low = "-inf" if self.minimum is None else f"{self.minimum:g}"
                high = "inf" if self.maximum is None else f"{self.maximum:g}"
                raise UserError(f"{name} must lie between {low} and {high}, not {value}")
        return parsed


COMMON: dict[str, Hyperparameter] = {
    "learning_rate": Hyperparameter(3e-4, "peak learning rate of AdamW", 1e-8, 10.0),
    "epochs": Hyperparameter(30, "planned passes over the training split", 1, 100_000),
    "batch_size": Hyperparameter(32, "examples per optimiser step", 1, 65_536),
    "patience": Hyperparameter(5, "epochs without improvement on the dev split before stopping", 1, 100_000),
    "weight_decay": Hyperparameter(0.0, "decoupled weight decay (biases and LayerNorms are exempt)", 0.0, 10.0),
    "warmup": Hyperparameter(0.0, "share of all steps spent raising the learning rate", 0.0, 1.0),
    "dropout": Hyperparameter(0.1, "dropout in the backbone (hidden states, attention) and in the head", 0.0, 0.99),
    "max_grad_norm": Hyperparameter(1.0, "gradients are clipped to this global norm", 1e-6, 1e6),
    "select_by": Hyperparameter("loss", "what picks the best epoch on the dev split", choices=("loss", "metric")),
    "precision": Hyperparameter(
        "auto", "auto is bfloat16 autocast on GPUs that have it", choices=("auto", "float32", "bfloat16")
    ),
}
JOINT: dict[str, Hyperparameter] = {
    "sampling": Hyperparameter(
        "proportional",
        "chance of a task with n examples: n^(1/temperature), n^0.5, n^alpha with alpha falling from 1 to 0.2, or equal",
        choices=("proportional", "sqrt", "annealed", "uniform"),
    ),
    "temperature": Hyperparameter(1.0, "of proportional sampling; a higher one evens the tasks out", 1e-3, 1e6),
    "steps_per_epoch": Hyperparameter(0, "steps between evaluations; 0 is as many as pass over all examples", 0, 10_000_000),
}
"""Settings of the methods that learn several tasks at once."""
SIMILARITY: dict[str, Hyperparameter] = {
    "similarity_model": Hyperparameter(
        "minilm", "what embeds the texts: a sentence encoder, or the run's own backbone", choices=("minilm", "backbone")
    ),
    "similarity_texts": Hyperparameter(10_000, "training texts of each task that are embedded, at most", 1, 10_000_000),
}
"""Settings of the methods that weigh sources by how similar their texts are to the target's."""
REDUCTION = Hyperparameter(16, "hidden size divided by the adapter's bottleneck size", 1, 4096)
BUDGETS: dict[str, dict[str, Value]] = {
    "toy": {"epochs": 8, "patience": 3, "steps_per_epoch": 60},
    "toy/claim": {"epochs": 60, "patience": 20},
}
"""Training budgets of all methods on benchmarks that the papers did not use."""
FEW_SHOT_STEPS = 1000
"""Planned optimiser steps of a few-shot run (ScaLearn, section 4)."""
FEW_SHOT: dict[str, Value] = {"patience": 20, "select_by": "metric"}
"""Further settings that replace a method's defaults in a few-shot run."""
FEW_SHOT_DEV = 5000
"""Dev examples at most: a few-shot run evaluates after every few steps."""


def setting_text(value: Value) -> str:
    """``0.001``, ``true``, ``loss``: the value as a table shows it."""
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class MethodInfo:
    """One method: how parameters are added, combined and trained."""

    name: str
    title: str
    group: str
    """``single-task``, ``joint``, ``two-stage`` or ``probing``."""
    implementation: str
    """``module:function``, called as ``attach(encoder, tasks, sources, **own, **fixed) -> Model``."""
    paper: str
    summary: str
    defaults: Mapping[str, Value] = field(default_factory=dict)
    """Overrides of ``COMMON``."""
    own: Mapping[str, Hyperparameter] = field(default_factory=dict)
    """Settings that only this method has, all of them arguments of ``implementation``."""
    fixed: Mapping[str, Value] = field(default_factory=dict)
    """Further arguments, which make this a variant of ``implementation``; users cannot change them."""
    exceptions: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    """Overrides of the defaults for one benchmark or one task, by benchmark name or task key."""
    aliases: tuple[str, ...] = ()
    source_method: str | None = None
    """The single-task method whose runs are combined; two-stage methods and probes only."""
    source_count: int | None = None
    """How many sources it takes; None for any number."""
    similarities: bool = False
    """Whether it weighs sources by how similar their texts are to the target's; it then has the settings ``SIMILARITY``,
    which ``engine.training.text_similarity`` reads."""
    distribution: str = ""
    """Name and version of the installed package that adds the method, ``tiny-method 1.0``; empty for a built-in one."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """All names that find the method, in lower case."""
        return (self.name, self.title.lower().replace(" ", "-"), *self.aliases)

    @property
    def joint(self) -> bool:
        """Whether one run learns all its targets."""
        return self.group == "joint"

    def hyperparameters(self) -> dict[str, Hyperparameter]:
        """All settings of a run by name."""
        return {**COMMON, **(JOINT if self.joint else {}), **self.own, **(SIMILARITY if self.similarities else {})}

    def origins(self, target: str, select_by: str, shots: int | None = None) -> dict[str, str]:
        """Where the default of each setting comes from, with the arguments of ``resolve``: ``usual`` for all methods, ``paper``
        of this one, ``task``, the name of a benchmark or the key of a task, or ``few-shot``."""
        origins = {name: origin for origin, layer in self._layers(target, select_by, shots) for name in layer}
        return origins | ({"epochs": "few-shot"} if shots else {})

    def resolve(self, overrides: Mapping[str, Any], target: str, select_by: str, shots: int | None = None) -> dict[str, Value]:
        """All settings of a run: defaults, the exceptions of its target, then ``overrides``; sorted by name.

        ``target`` is a task key, or the common name of a joint run's tasks (``glue``). Raises UserError for a name that the
        method does not have or a value out of range.
        """
        known = self.hyperparameters()
        values = {name: value for _, layer in self._layers(target, select_by, shots) for name, value in layer.items()}
        for name, value in overrides.items():
            if name not in known:
                close = did_you_mean(name, known)
                raise UserError(f"{self.name} has no setting {name!r}{close}; it has {', '.join(sorted(known))}")
            values[name] = known[name].parse(name, value)
        if shots and "epochs" not in overrides:
            values["epochs"] = math.ceil(FEW_SHOT_STEPS / math.ceil(shots / int(values["batch_size"])))
        return dict(sorted((name, value) for name, value in values.items() if name in known))

    def _layers(self, target: str, select_by: str, shots: int | None) -> list[tuple[str, Mapping[str, Value]]]:
        """Defaults with where they come from, each in place of those before."""
        known = self.hyperparameters()
        scopes = (target.partition("/")[0], target)
        return [
            ("usual", {name: setting.default for name, setting in known.items()}),
            ("task", {"select_by": select_by}),
            ("paper", {name: known[name].default for name in self.own} | dict(self.defaults)),
            *((scope, BUDGETS.get(scope, {}) | dict(self.exceptions.get(scope, {}))) for scope in scopes),
            ("few-shot", FEW_SHOT if shots else {}),
        ]
