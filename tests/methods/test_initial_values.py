"""Freshly made parameters are distributed as the released code's, which were measured at base shape."""

from __future__ import annotations

import math

import pytest
import torch

from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.encoder.config import EncoderConfig
from engine.encoder.loading import new_encoder

from ..attaching import attach_by_name
from ..conformance.released import TASKS, measured

BASE = EncoderConfig("roberta", 10, 768, 12, 12, 3072, 10, 1, 1, 1e-5)
SCORES = {"_mask.<task>.down_mask": "own.down.scores", "_mask.<task>.up_mask": "own.up.scores"}
JOINT_SCORES = {
    "<task>_down_mask.param": "tasks.glue/rte.down.scores",
    "<task>_up_mask.param": "tasks.glue/rte.up.scores",
    "layer_down_mask.param": "own.down.scores",
    "layer_up_mask.param": "own.up.scores",
}
BOTTLENECK = {
    "adapter_down.0.weight": "down.weight",
    "adapter_down.0.bias": "down.bias",
    "adapter_up.weight": "up.weight",
    "adapter_up.bias": "up.bias",
}
SAMPLERS = {f"{name}_sampler.{kind}": f"{name}.{kind}" for name in ("down", "up") for kind in ("weight", "bias")}
FACTORS = {
    f"{theirs}.{part}": f"{ours}.{name}"
    for theirs, ours in (("adapter_down.0", "down"), ("adapter_up", "up"))
    for part, name in (("W_left", "left"), ("W_right", "right"), ("b", "bias"))
}
VECTORS = {f"self.{name}.loras.<task>.lora_B": f".{name}" for name in ("key", "value")}
GENERATORS = {
    f"{theirs}.weight_generator{zero}.{kind}": f"all_layers.{ours}.weight_generator.{kind}"
    for theirs, ours, zero in (
        ("up_sampler_hyper_net", "up", ".0"),
        ("down_sampler_hyper_net", "down", ".0"),
        ("post_layernorm_hypernet", "post_norm", ""),
    )
    for kind in ("weight", "bias")
}
PROJECTOR = {
    f"task_embeding_generator.{place}.weight": f"hypernet.{name}.weight" for place, name in ((0, "inner"), (2, "outer"))
}
PALS = {f"{theirs}.{kind}": f"{ours}.{kind}" for theirs, ours in (("aug_dense", "down"), ("aug_dense2", "up"))
        for kind in ("weight", "bias")}  # fmt: skip
ON_TOP = {"mult_dense.*.weight": "glue/rte.down.weight", "mult_dense2.*.weight": "glue/rte.up.weight"}
CASES = {
    "adapter": ("adapter", BOTTLENECK),
    "propetl": ("propetl", BOTTLENECK | SCORES),
    "propetl-m": ("propetl_m", SAMPLERS | JOINT_SCORES),
    "compacter++": ("compacter_plusplus", FACTORS | {"phm_rule": "adapter.rule"}),
    "hyperformer++": ("hyperformer_plusplus", GENERATORS | PROJECTOR | {"task_to_embeddings.<task>": "embeddings.glue/rte"}),
    "pals": ("bert/pals", PALS | {"attn.query.weight": "rte.layer.0.weight"}),
    "top-attention": ("bert/top_projected_attention", ON_TOP | {"output.dense.weight": "block.0.output.weight"}),
    "ia3": ("ia3", VECTORS | {"intermediate.dense.loras.<task>.lora_B": ".intermediate"}),
}
"""Our method: its name in the file, and the ends of its parameters' names, theirs and ours."""


def fresh(method: str) -> dict[str, torch.Tensor]:
    with torch.device("meta"):
        encoder = new_encoder(BASE)
    torch.manual_seed(0)
    tasks = [BUILT_IN.find_task(f"glue/{name}") for name in (TASKS if METHODS[method].joint else TASKS[:1])]
    return attach_by_name(method, encoder, tasks).transfer_tensors()


@pytest.mark.parametrize("method", CASES)
def test_initial_values(method: str) -> None:
    name, ends = CASES[method]
    theirs = measured(name)
    ours = fresh(method)
    for end, our_end in ends.items():
        (expected,) = (about for name, about in theirs.items() if name.endswith(end))
        tensors = [tensor for name, tensor in ours.items() if name.endswith(our_end)]
        assert tensors, our_end
        values = torch.cat([tensor.flatten() for tensor in tensors])
        # Both sides are samples; the measured one is the smaller.
        noise = 4 / math.sqrt(math.prod(expected["shape"]))
        assert values.std().item() == pytest.approx(expected["std"], rel=noise, abs=1e-9), our_end
        assert values.mean().item() == pytest.approx(expected["mean"], abs=noise * expected["std"] + 1e-9), our_end
        if "scores" in our_end:
            assert values.max().item() == pytest.approx(expected["max"], rel=0.01)
            assert values.min().item() == pytest.approx(expected["min"], rel=0.01)
