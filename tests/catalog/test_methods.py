"""Methods are looked up by the papers' spellings and have the papers' settings as defaults."""

from __future__ import annotations

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS

SPELLINGS = {
    "ProPETL": "propetl",
    "Compacter++": "compacter++",
    "compacter": "compacter++",
    "IA3": "ia3",
    "(IA)^3": "ia3",
    "(IA)³": "ia3",
    "LoRA": "lora",
    "AdapterSoup": "adaptersoup",
    "ScaLearn-Softmax": "scalearn-softmax",
    "SCALEARN_MEAN": "scalearn-mean",
    "ScaLearnUniform++": "scalearn-uniform++",
    "Probing-Pair": "probing-pair",
}


SCALEARN_JOINT = {
    "epochs": 50,
    "steps_per_epoch": 7500,
    "patience": 10,
    "warmup": 0.1,
    "weight_decay": 0.0,
    "batch_size": 32,
    "sampling": "proportional",
    "temperature": 1.0,
}
BERT_AND_PALS = {
    "learning_rate": 2e-5,
    "epochs": 25,
    "steps_per_epoch": 2400,
    "warmup": 0.1,
    "weight_decay": 0.01,
    "batch_size": 32,
    "sampling": "annealed",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spellings(spelling: str) -> None:
    assert BUILT_IN.find_method(spelling).name == SPELLINGS[spelling]


def test_no_two_methods_share_a_name() -> None:
    names = [name.lower() for info in METHODS.values() for name in {info.name, *info.aliases}]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("propetl", "glue/rte", {"learning_rate": 1e-3, "mask_rate": 5.0, "keep": 0.5, "weight_decay": 0.1, "epochs": 30}),
        ("compacter++", "glue/rte", {"learning_rate": 3e-3, "reduction": 16, "phm_dim": 4, "patience": 5}),
        ("ia3", "superglue/record", {"learning_rate": 5e-3, "epochs": 3}),
        ("scalearn-mean", "glue/rte", {"learning_rate": 6e-3, "omega_dropout": 0.0, "patience": 30}),
        ("scalearn-softmax", "glue/rte", {"learning_rate": 6e-3, "omega_dropout": 0.0, "patience": 30}),
        ("scalearn", "glue/rte", {"omega_penalty": 0.0, "omega_dropout": 0.3}),
        ("adaptersoup", "humset/sectors", {"learning_rate": 3e-4, "top_k": 5, "patience": 3}),
        ("probing", "glue/rte", {"learning_rate": 3e-4, "epochs": 30, "patience": 5}),
        ("adaptersoup", "toy/similarity", {"learning_rate": 6e-3, "epochs": 8}),
        ("probing-pair", "toy/similarity", {"learning_rate": 6e-3}),
        ("full-ft", "glue/rte", {"learning_rate": 2e-5, "epochs": 30, "patience": 5, "weight_decay": 0.0, "warmup": 0.0}),
        ("adapter", "superglue/record", {"learning_rate": 3e-4, "epochs": 30, "batch_size": 32, "reduction": 16}),
        ("adapterfusion", "superglue/record", {"learning_rate": 5e-5, "epochs": 3, "patience": 5, "value_penalty": 0.01}),
        ("scalearn", "superglue/record", {"learning_rate": 6e-3, "epochs": 3, "patience": 30}),
        ("scalearn-uniform", "glue/rte", {"learning_rate": 6e-3, "omega_dropout": 0.3, "select_by": "loss"}),
        ("scalearn++", "glue/rte", {"learning_rate": 6e-3, "omega_dropout": 0.3, "max_grad_norm": 1.0}),
        ("scalearn-uniform++", "glue/rte", {"learning_rate": 6e-3, "omega_dropout": 0.0}),
        ("full-ft-m", "glue", {**SCALEARN_JOINT, "learning_rate": 2e-5}),
        ("adapter-m", "glue", {**SCALEARN_JOINT, "learning_rate": 3e-4, "reduction": 16}),
        ("propetl-m", "superglue", {**SCALEARN_JOINT, "learning_rate": 3e-4, "keep": 0.3, "mask_rate": 10.0}),
        ("hyperformer", "glue", {**SCALEARN_JOINT, "learning_rate": 3e-4, "embedding": 512, "projector": 128}),
        ("hyperformer++", "glue", {**SCALEARN_JOINT, "learning_rate": 3e-4, "projected": 64, "reduction": 16}),
        ("shared", "glue", BERT_AND_PALS),
        ("pals", "toy", {"learning_rate": 3e-4, "epochs": 8, "steps_per_epoch": 60}),
        ("pals", "glue", {**BERT_AND_PALS, "width": 204, "heads": 6}),
        ("low-rank", "glue", {**BERT_AND_PALS, "width": 100}),
        ("top-attention", "glue", {**BERT_AND_PALS, "width": 204, "heads": 12, "blocks": 6}),
    ],
)
def test_defaults_are_the_papers(method: str, target: str, expected: dict[str, object]) -> None:
    settings = METHODS[method].resolve({}, target, "loss")
    assert {name: settings[name] for name in expected} == expected
