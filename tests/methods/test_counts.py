"""Trainable parameters at base shape equal the released code's, counted on the meta device."""

from __future__ import annotations

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.encoder.loading import shape_of
from engine.methods.model import Model
from engine.training.parameter_counts import build

from ..conformance.released import TASKS, counted

NAMES = {
    "full-ft": "full_finetune",
    "adapter": "adapter",
    "adapterfusion": "adapter_fusion",
    "scalearn": "scalearn",
    "scalearn-uniform": "scalearn_uniform",
    "scalearn++": "scalearn_plusplus",
    "scalearn-uniform++": "scalearn_uniform_plusplus",
    "scalearn-softmax": "scalearn_softmax",
    "scalearn-mean": "scalearn_mean",
    "propetl": "propetl",
    "compacter++": "compacter_plusplus",
    "ia3": "ia3",
    "adaptersoup": "adapter_soup",
    "probing": "probing",
    "probing-pair": "probing",
}
EXPECTED = {
    "full-ft": (124_647_170, 124_055_040),
    "adapter": (1_486_658, 894_528),
    "adapterfusion": (21_844_226, 21_252_096),
    "scalearn": (665_858, 73_728),
    "scalearn-uniform": (592_226, 96),
    "scalearn++": (598_274, 6_144),
    "scalearn-uniform++": (592_138, 8),
    "scalearn-softmax": (665_858, 73_728),
    "scalearn-mean": (665_858, 73_728),
    "propetl": (1_551_410, 959_280),
    "compacter++": (621_570, 29_440),
    "ia3": (647_426, 55_296),
    "lora": (887_042, 294_912),
    "adaptersoup": (592_130, 0),
    "probing": (592_130, 0),
    "probing-pair": (592_130, 0),
}
"""All trainable parameters, and those without the head."""


def roberta_base(method: str) -> Model:
    return build(METHODS[method], shape_of("roberta-base"), [BUILT_IN.find_task(f"glue/{name}") for name in TASKS])


@pytest.mark.parametrize("method", EXPECTED)
def test_trainable_parameters(method: str) -> None:
    model = roberta_base(method)
    total = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    transfer = sum(tensor.numel() for tensor in model.transfer_tensors().values())
    assert (total, transfer) == EXPECTED[method]
    assert sum(tensor.numel() for tensor in model.trainable_state().values()) == total
    grouped = [p for group in model.parameter_groups(1e-3, 0.1) for p in group["params"]]
    assert sum(parameter.numel() for parameter in grouped) == total


@pytest.mark.parametrize("method", NAMES)
def test_the_figures_are_the_released_codes(method: str) -> None:
    theirs = counted(NAMES[method])
    masks = theirs.get("added_but_frozen_in_released_code", 0)  # ProPETL's, which we train
    assert (theirs["trainable_total"] + masks, theirs["transfer_only"] + masks) == EXPECTED[method]
