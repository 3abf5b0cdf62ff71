"""The methods that can be chosen by name: their papers, defaults and the string that names their code.

Defaults are those of the papers' released scripts. Nothing here imports torch: a worker resolves ``implementation``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import UserError

Value = bool | int | float | str


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
            elif kind is int and float(value) != int(float(value)):
                raise ValueError
            else:
                parsed = kind(float(value)) if kind in (int, float) else kind(value)
        except (KeyError, ValueError, OverflowError):
            raise UserError(f"{name} must be {'a number' if kind in (int, float) else kind.__name__}, not {value!r}") from None
        if self.choices and parsed not in self.choices:
            raise UserError(f"{name} must be one of {', '.join(self.choices)}, not {value!r}")
        if isinstance(parsed, int | float) and not isinstance(parsed, bool):
            above = self.minimum is None or parsed >= self.minimum
            below = self.maximum is None or parsed <= self.maximum
            if not (above and below):
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
BUDGETS: dict[str, dict[str, Value]] = {"toy": {"epochs": 8, "patience": 3}}
"""Training budgets of all methods on benchmarks that the papers did not use."""
REDUCTION = Hyperparameter(16, "hidden size divided by the adapter's bottleneck size", 1, 4096)
OMEGA_DROPOUT = Hyperparameter(0.3, "dropout on the scaling coefficients themselves", 0.0, 0.99)


@dataclass(frozen=True)
class MethodInfo:
    """One method: how parameters are added, combined and trained."""

    name: str
    title: str
    group: str
    """``single-task``, ``joint`` or ``two-stage``."""
    implementation: str
    """``module:function`` with the signature ``attach(encoder, tasks, sources, hyperparameters) -> Model``."""
    paper: str
    summary: str
    defaults: Mapping[str, Value] = field(default_factory=dict)
    """Overrides of ``COMMON``."""
    own: Mapping[str, Hyperparameter] = field(default_factory=dict)
    """Settings that only this method has."""
    fixed: Mapping[str, Value] = field(default_factory=dict)
    """What makes this a variant of ``implementation``; not a user's choice."""
    exceptions: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    """Overrides of the defaults for one benchmark or one task, by benchmark name or task key."""
    aliases: tuple[str, ...] = ()
    source_method: str | None = None
    """The single-task method whose runs are combined; two-stage methods only."""

    def hyperparameters(self) -> dict[str, Hyperparameter]:
        return {**COMMON, **self.own}

    def resolve(self, overrides: Mapping[str, Any], task: str, select_by: str) -> dict[str, Value]:
        """All settings of a run on ``task``: defaults, the task's exceptions, then ``overrides``; sorted by name.

        Raises UserError for a name that the method does not have or a value out of range.
        """
        known = self.hyperparameters()
        values = {name: setting.default for name, setting in known.items()}
        values |= {"select_by": select_by, **self.defaults}
        for place in (task.partition("/")[0], task):
            values |= BUDGETS.get(place, {}) | dict(self.exceptions.get(place, {}))
        for name, value in overrides.items():
            if name not in known:
                raise UserError(f"{self.name} has no setting {name!r}; it has {', '.join(sorted(known))}")
            values[name] = known[name].parse(name, value)
        return dict(sorted(values.items()))


SCALEARN_PAPER = "Frohmann et al. 2024, ScaLearn: Simple and Highly Parameter-Efficient Task Transfer by Learning to Scale"
RECORD = {"superglue/record": {"epochs": 3}}


def _scalearn(name: str, title: str, alias: str, shape: str, shared: bool, dropout: float, summary: str) -> MethodInfo:
    return MethodInfo(
        name=name,
        title=title,
        group="two-stage",
        implementation="engine.methods.scalearn:attach",
        paper=SCALEARN_PAPER,
        summary=summary,
        defaults={"learning_rate": 6e-3, "patience": 30, "omega_dropout": dropout},
        own={"omega_dropout": OMEGA_DROPOUT},
        fixed={"omega": shape, "shared": shared},
        exceptions=RECORD,
        aliases=(alias,),
        source_method="adapter",
    )


METHODS: dict[str, MethodInfo] = {
    info.name: info
    for info in (
        MethodInfo(
            name="full-ft",
            title="Full FT",
            group="single-task",
            implementation="engine.methods.full:attach",
            paper="Devlin et al. 2019, BERT",
            summary="all parameters of the backbone and a head",
            defaults={"learning_rate": 2e-5},
            aliases=("full", "full-finetuning", "fine-tuning"),
        ),
        MethodInfo(
            name="adapter",
            title="Adapter",
            group="single-task",
            implementation="engine.methods.adapter:attach",
            paper="Pfeiffer et al. 2021, AdapterFusion (the single-task adapter)",
            summary="a bottleneck after each feed-forward block, backbone frozen",
            own={"reduction": REDUCTION},
            exceptions={"toy": {"learning_rate": 1e-3}},
            aliases=("pfeiffer", "st-a"),
        ),
        MethodInfo(
            name="adapterfusion",
            title="AdapterFusion",
            group="two-stage",
            implementation="engine.methods.adapter_fusion:attach",
            paper="Pfeiffer et al. 2021, AdapterFusion",
            summary="attention over the outputs of frozen source adapters",
            defaults={"learning_rate": 5e-5},
            own={"value_penalty": Hyperparameter(0.01, "weight of ||I - V||^2, keeping the value map near identity", 0.0, 1e3)},
            exceptions=RECORD,
            aliases=("adapter-fusion", "fusion"),
            source_method="adapter",
        ),
        _scalearn("scalearn", "ScaLearn", "scalearn-vector", "vector", False, 0.3, "a scale per source, layer and dimension"),
        _scalearn(
            "scalearn-uniform", "ScaLearnUniform", "scalearnuniform", "scalar", False, 0.3, "a scale per source and layer"
        ),
        _scalearn(
            "scalearn++", "ScaLearn++", "scalearnpp", "vector", True, 0.3, "a scale per source and dimension, all layers"
        ),
        _scalearn("scalearn-uniform++", "ScaLearnUniform++", "scalearnuniform++", "scalar", True, 0.0, "a scale per source"),
    )
}


def find_method(name: str) -> MethodInfo:
    """The method of that name or alias, whatever its case. Raises UserError listing the names."""
    wanted = name.strip().lower().replace("_", "-").replace(" ", "-")
    for info in METHODS.values():
        if wanted in (info.name, info.title.lower().replace(" ", "-"), *info.aliases):
            return info
    raise UserError(f"no method {name!r}; `scalearn methods` lists {', '.join(METHODS)}")
