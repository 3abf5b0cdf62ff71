"""The methods that can be chosen by name: their papers, defaults and the string that names their code.

Defaults are those of the papers' released scripts; ``exceptions`` for the built-in benchmark are ours. Nothing here imports
torch: a worker resolves ``implementation``.
"""

from __future__ import annotations

from engine.catalog.joint_methods import JOINT_METHODS
from engine.catalog.method import REDUCTION, Hyperparameter, MethodInfo
from engine.catalog.method import Value as Value

OMEGA_DROPOUT = Hyperparameter(0.3, "dropout on the scaling coefficients themselves", 0.0, 0.99)
KEEP = Hyperparameter(0.5, "share of the bottleneck's weights that a mask keeps", 0.01, 1.0)
MASK_RATE = Hyperparameter(5.0, "learning rate of the mask scores, as a multiple of learning_rate", 1e-3, 1e3)
OMEGA_PENALTY = Hyperparameter(0.0, "weight of sum_t (1 - mean omega_t)^2 / T per layer", 0.0, 1e3)
SCALEARN_PAPER = "Frohmann et al. 2024, ScaLearn: Simple and Highly Parameter-Efficient Task Transfer by Learning to Scale"
FUSION_PAPER = "Pfeiffer et al. 2021, AdapterFusion: Non-Destructive Task Composition for Transfer Learning"
RECORD = {"superglue/record": {"epochs": 3}}
TOY_HEAD = {"toy": {"learning_rate": 6e-3}}
"""For methods that train only a head: at the papers' rate it still predicts the labels' mean when the small budget is spent."""


def _scalearn(name: str, title: str, alias: str, shape: str, shared: bool, dropout: float, summary: str) -> MethodInfo:
    return MethodInfo(
        name=name,
        title=title,
        group="two-stage",
        implementation="engine.methods.scalearn:attach",
        paper=SCALEARN_PAPER,
        summary=summary,
        defaults={"learning_rate": 6e-3, "patience": 30, "omega_dropout": dropout},
        own={"omega_dropout": OMEGA_DROPOUT, "omega_penalty": OMEGA_PENALTY},
        fixed={"omega": shape, "shared": shared, "constraint": "none"},
        exceptions=RECORD,
        aliases=(alias,),
        source_method="adapter",
    )


def _constrained(constraint: str, title: str, summary: str) -> MethodInfo:
    return MethodInfo(
        name=f"scalearn-{constraint}",
        title=title,
        group="two-stage",
        implementation="engine.methods.scalearn:attach",
        paper=SCALEARN_PAPER,
        summary=summary,
        defaults={"learning_rate": 6e-3, "patience": 30, "omega_dropout": 0.0},
        own={"omega_dropout": OMEGA_DROPOUT},
        fixed={"omega": "vector", "shared": False, "constraint": constraint, "omega_penalty": 0.0},
        exceptions=RECORD,
        source_method="adapter",
    )


def _probe(name: str, title: str, function: str, count: int, summary: str, own: dict[str, Hyperparameter]) -> MethodInfo:
    return MethodInfo(
        name=name,
        title=title,
        group="probing",
        implementation=f"engine.methods.probing:{function}",
        paper=SCALEARN_PAPER,
        summary=summary,
        own=own,
        exceptions=TOY_HEAD,
        source_method="adapter",
        source_count=count,
    )


def _constant(default: float, ordinal: str) -> Hyperparameter:
    return Hyperparameter(default, f"fixed scale of the {ordinal}source adapter's output", -100.0, 100.0)


SINGLE_TASK = (
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
        paper=f"{FUSION_PAPER} (the single-task adapter)",
        summary="a bottleneck after each feed-forward block, backbone frozen",
        own={"reduction": REDUCTION},
        exceptions={"toy": {"learning_rate": 1e-3}},
        aliases=("pfeiffer", "st-a"),
    ),
    MethodInfo(
        name="propetl",
        title="ProPETL",
        group="single-task",
        implementation="engine.methods.propetl:attach",
        paper="Zeng et al. 2023, One Network, Many Masks: Towards More Parameter-Efficient Transfer Learning",
        summary="one bottleneck shared by all layers, each under its own trained binary mask",
        defaults={"learning_rate": 1e-3, "weight_decay": 0.1},
        own={"reduction": REDUCTION, "keep": KEEP, "mask_rate": MASK_RATE},
        fixed={"task_masks": False},
        aliases=("st-propetl",),
    ),
    MethodInfo(
        name="compacter++",
        title="Compacter++",
        group="single-task",
        implementation="engine.methods.compacter:attach",
        paper="Karimi Mahabadi et al. 2021, Compacter: Efficient Low-Rank Hypercomplex Adapter Layers",
        summary="bottlenecks of Kronecker products whose small factor all layers share",
        defaults={"learning_rate": 3e-3},
        own={"reduction": REDUCTION, "phm_dim": Hyperparameter(4, "size and number of the shared small matrices", 1, 64)},
        aliases=("compacter", "compacterpp", "compacter-plusplus"),
    ),
    MethodInfo(
        name="ia3",
        title="(IA)^3",
        group="single-task",
        implementation="engine.methods.ia3:attach",
        paper="Liu et al. 2022, Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context Learning",
        summary="vectors that scale keys, values and feed-forward activations",
        defaults={"learning_rate": 5e-3},
        exceptions=RECORD,
        aliases=("(ia)3", "(ia)³"),
    ),
    MethodInfo(
        name="lora",
        title="LoRA",
        group="single-task",
        implementation="engine.methods.lora:attach",
        paper="Hu et al. 2022, LoRA: Low-Rank Adaptation of Large Language Models",
        summary="low-rank changes of the query and value maps",
        defaults={"learning_rate": 5e-4, "weight_decay": 0.1, "warmup": 0.06},
        own={
            "r": Hyperparameter(8, "rank of the change", 1, 4096),
            "alpha": Hyperparameter(16.0, "the change is multiplied by alpha / r", 0.0, 1e4),
        },
    ),
)
TWO_STAGE = (
    MethodInfo(
        name="adapterfusion",
        title="AdapterFusion",
        group="two-stage",
        implementation="engine.methods.adapter_fusion:attach",
        paper=FUSION_PAPER,
        summary="attention over the outputs of frozen source adapters",
        defaults={"learning_rate": 5e-5},
        own={"value_penalty": Hyperparameter(0.01, "weight of ||I - V||^2, keeping the value map near identity", 0.0, 1e3)},
        exceptions=RECORD,
        aliases=("adapter-fusion", "fusion"),
        source_method="adapter",
    ),
    _scalearn("scalearn", "ScaLearn", "scalearn-vector", "vector", False, 0.3, "a scale per source, layer and dimension"),
    _scalearn("scalearn-uniform", "ScaLearnUniform", "scalearnuniform", "scalar", False, 0.3, "a scale per source and layer"),
    _scalearn("scalearn++", "ScaLearn++", "scalearnpp", "vector", True, 0.3, "a scale per source and dimension, all layers"),
    _scalearn("scalearn-uniform++", "ScaLearnUniform++", "scalearnuniform++", "scalar", True, 0.0, "a scale per source"),
    _constrained("softmax", "ScaLearn (softmax)", "ablation: scales are a softmax over the sources"),
    _constrained("mean", "ScaLearn (mean)", "ablation: scales are divided by their sum over the sources"),
    MethodInfo(
        name="adaptersoup",
        title="AdapterSoup",
        group="two-stage",
        implementation="engine.methods.adapter_soup:attach",
        paper="Chronopoulou et al. 2023, AdapterSoup: Weight Averaging to Improve Generalization of Pretrained Language Models",
        summary="the frozen average of the source adapters whose texts resemble the target's most",
        own={"top_k": Hyperparameter(5, "sources kept, the most similar first", 1, 1000)},
        exceptions={**RECORD, **TOY_HEAD, "humset": {"patience": 3}},
        aliases=("adapter-soup", "soup"),
        source_method="adapter",
        similarities=True,
    ),
)
PROBING = (
    _probe("probing", "Probing", "attach", 1, "one frozen source adapter with a fixed scale", {"omega": _constant(1.0, "")}),
    _probe(
        "probing-pair",
        "Probing (pair)",
        "attach_pair",
        2,
        "two frozen source adapters with fixed scales",
        {"omega_first": _constant(0.5, "first "), "omega_second": _constant(0.5, "second ")},
    ),
)
METHODS: dict[str, MethodInfo] = {info.name: info for info in (*SINGLE_TASK, *JOINT_METHODS, *TWO_STAGE, *PROBING)}
SOURCE_METHODS = tuple(dict.fromkeys(info.source_method for info in METHODS.values() if info.source_method))
"""The single-task methods whose adapters other methods combine."""
