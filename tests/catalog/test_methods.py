"""Methods are found by the papers' spellings, and start from the papers' settings."""

from __future__ import annotations

import pytest

from engine.catalog.methods import METHODS, find_method

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


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spellings(spelling: str) -> None:
    assert find_method(spelling).name == SPELLINGS[spelling]


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
    ],
)
def test_defaults_are_the_papers(method: str, target: str, expected: dict[str, object]) -> None:
    settings = METHODS[method].resolve({}, target, "loss")
    assert {name: settings[name] for name in expected} == expected
