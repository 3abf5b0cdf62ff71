"""The methods that learn several tasks at once: one run trains all its targets, one task per batch.

ScaLearn's joint baselines use the budget and rates of its released scripts; those of BERT and PALs follow that paper's text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.catalog.method import REDUCTION, Hyperparameter, MethodInfo, Value

HYPERFORMER_PAPER = "Mahabadi et al. 2021, Parameter-efficient Multi-task Fine-tuning via Shared Hypernetworks"
PALS_PAPER = "Stickland & Murray 2019, BERT and PALs"
PALS_BUDGET: dict[str, Value] = {
    "learning_rate": 2e-5,
    "epochs": 25,
    "steps_per_epoch": 2400,
    "patience": 25,
    "warmup": 0.1,
    "weight_decay": 0.01,
    "sampling": "annealed",
    "select_by": "metric",
}
TOY_ADAPTER = {"toy": {"learning_rate": 1e-3}}
TOY_BACKBONE = {"toy": {"learning_rate": 3e-4}}
"""At this rate PALs learn two of the toy tasks in 80 steps each; at a third of it they still predict no topic at all."""
TASK_SIZE = Hyperparameter(512, "length of a task's and of a layer's embedding", 1, 8192)


def _joint(name: str, learning_rate: float, **fields: Any) -> MethodInfo:
    """A joint baseline of the ScaLearn paper."""
    defaults = {"learning_rate": learning_rate, "epochs": 50, "steps_per_epoch": 7500, "patience": 10, "warmup": 0.1}
    return MethodInfo(name=name, group="joint", defaults={**defaults, "select_by": "metric"}, **fields)


def _beside_bert(
    name: str, title: str, function: str, summary: str, aliases: tuple[str, ...], sizes: Mapping[str, int] | None = None
) -> MethodInfo:
    """A system of the BERT and PALs paper: the whole backbone is trained, and each task has modules of its own beside it."""
    size_help = {
        "width": "size that a task's projections map to",
        "heads": "attention heads of that size",
        "blocks": "attention blocks on top",
        "adapter_width": "bottleneck of a task's adapters",
    }
    return MethodInfo(
        name=name,
        title=title,
        group="joint",
        implementation=f"engine.methods.{function}",
        paper=PALS_PAPER,
        summary=summary,
        defaults=PALS_BUDGET,
        own={size: Hyperparameter(value, size_help[size], 1, 16_384) for size, value in (sizes or {}).items()},
        exceptions=TOY_BACKBONE,
        aliases=aliases,
    )


def _hyperformer(name: str, title: str, shared: bool, alias: str, summary: str) -> MethodInfo:
    return _joint(
        name,
        3e-4,
        title=title,
        implementation="engine.methods.hyperformer:attach",
        paper=HYPERFORMER_PAPER,
        summary=summary,
        own={
            "reduction": REDUCTION,
            "embedding": TASK_SIZE,
            "projector": Hyperparameter(128, "inner size of the map from embeddings to the generators' input", 1, 8192),
            "projected": Hyperparameter(64, "size of the generators' input", 1, 8192),
        },
        fixed={"shared": shared},
        aliases=(alias,),
    )


JOINT_METHODS: tuple[MethodInfo, ...] = (
    _joint(
        "full-ft-m",
        2e-5,
        title="Full FT-m",
        implementation="engine.methods.full:attach",
        paper="Liu et al. 2019, Multi-Task Deep Neural Networks for Natural Language Understanding",
        summary="all parameters of the backbone for all tasks, a head for each",
        exceptions=TOY_BACKBONE,
        aliases=("full-m", "mt-full"),
    ),
    _joint(
        "adapter-m",
        3e-4,
        title="Adapter-m",
        implementation="engine.methods.adapter:attach",
        paper="Stickland & Murray 2019; Pfeiffer et al. 2021 (one adapter for all tasks)",
        summary="one bottleneck per layer for all tasks, backbone frozen",
        own={"reduction": REDUCTION},
        exceptions=TOY_ADAPTER,
        aliases=("mt-a", "pfeiffer-m"),
    ),
    _joint(
        "propetl-m",
        3e-4,
        title="ProPETL-m",
        implementation="engine.methods.propetl:attach",
        paper="Zeng et al. 2023, One Network, Many Masks",
        summary="one bottleneck for all layers and tasks under masks of the task and of the layer",
        own={
            "reduction": REDUCTION,
            "keep": Hyperparameter(0.3, "share of the weights that each mask keeps", 1e-3, 1.0),
            "mask_rate": Hyperparameter(10.0, "learning rate of the masks, as a multiple of the run's", 0.0, 1e4),
        },
        fixed={"task_masks": True},
        exceptions=TOY_ADAPTER,
        aliases=("mt-propetl",),
    ),
    _hyperformer("hyperformer", "HyperFormer", False, "hf", "adapters generated from task embeddings, generators per layer"),
    _hyperformer("hyperformer++", "HyperFormer++", True, "hfpp", "adapters generated from task and layer embeddings"),
    _beside_bert("shared", "Shared", "full:attach_shared", "the backbone for all tasks, a head for each", ("bert-shared",)),
    _beside_bert(
        "pals",
        "PALs",
        "pals:attach",
        "a task's small attention in parallel with each layer, its projections shared by all layers",
        ("projected-attention-layers",),
        {"width": 204, "heads": 6},
    ),
    _beside_bert(
        "low-rank",
        "Low-rank",
        "pals:attach_low_rank",
        "a task's bottleneck in parallel with each layer",
        ("lowrank",),
        {"width": 100},
    ),
    _beside_bert(
        "top-attention",
        "Top Proj. Attn.",
        "bert_and_pals_baselines:attach_top_attention",
        "a task's projected attention blocks after the last layer",
        ("top-projected-attention",),
        {"width": 204, "heads": 12, "blocks": 6},
    ),
    _beside_bert(
        "houlsby",
        "Houlsby",
        "bert_and_pals_baselines:attach_houlsby",
        "a task's two adapters in each layer, beside a trained backbone",
        ("houlsby-adapters",),
        {"adapter_width": 50},
    ),
    _beside_bert(
        "houlsby-pals",
        "Houlsby+PALs",
        "bert_and_pals_baselines:attach_houlsby_with_pals",
        "a task's adapter after attention and its small attention beside the feed-forward block",
        ("houlsby-plus-pals",),
        {"adapter_width": 50, "width": 156, "heads": 6},
    ),
    _beside_bert(
        "lhuc",
        "LHUC",
        "bert_and_pals_baselines:attach_lhuc",
        "a task's scale for each hidden unit",
        ("hidden-unit-contributions",),
    ),
    _beside_bert(
        "bert-layer-on-top",
        "BERT layer on top",
        "bert_and_pals_baselines:attach_layer_on_top",
        "a whole layer per task after the last one",
        ("layer-on-top",),
    ),
)
