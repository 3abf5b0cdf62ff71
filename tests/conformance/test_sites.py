"""Every site of a layer is where the papers' methods act, shown with their formulas written out at the sites."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.encoder.packing import Packed
from engine.encoder.post_ln import Encoder
from engine.encoder.sites import Sites

from .golden import Golden, cases


def bottleneck(golden: Golden, name: str, z: Tensor) -> Tensor:
    """``up( gelu( down(z) ) )`` with the tensors below ``name``."""
    maps = {key: tensor.double() for key, tensor in golden.below(f"{name}.").items()}
    inner = F.gelu(F.linear(z, maps["down.weight"], maps["down.bias"]))
    return F.linear(inner, maps["up.weight"], maps["up.bias"])


def put(golden: Golden, method: str, i: int, sites: Sites) -> None:
    """Layer ``i`` of the method, by its formula."""
    if method == "ia3":
        scale = {name: t.double() for name, t in golden.below(f"ia3.{golden.metadata['task']}.layer.{i}.").items()}
        sites.key = lambda k, _: k * scale["key"]
        sites.value = lambda v, _: v * scale["value"]
        sites.intermediate = lambda u, _: u * scale["intermediate"]
    elif method == "houlsby":
        sites.attention_output = lambda o: o + bottleneck(golden, f"layer.{i}.attention_adapter", o)
        sites.feed_forward_output = lambda f, x, norm: norm(f + bottleneck(golden, f"layer.{i}.ffn_adapter", x) + x)
    elif method == "low_rank":

        def parallel(f: Tensor, z: Tensor, packed: Packed, first_only: bool) -> Tensor:
            return f + bottleneck(golden, f"layer.{i}.low_rank", z[packed.first] if first_only else z)

        sites.parallel = parallel
    else:

        def scaled(f: Tensor, x: Tensor, norm: nn.LayerNorm) -> Tensor:
            return norm(f + x) * 2 * torch.sigmoid(golden[f"layer.{i}.lhuc"].double())

        sites.feed_forward_output = scaled


@pytest.mark.parametrize("path", cases("ia3", "houlsby", "low_rank", "lhuc"))
def test_a_formula_at_its_site(path: Path | None) -> None:
    golden = Golden(path, "" if path and path.stem == "ia3" else "tasks.0.")
    encoder: Encoder = golden.encoder().double().eval()
    for i, sites in enumerate(encoder.sites):
        put(golden, golden.metadata["method"], i, sites)
    last = f"outputs.hidden_states.{len(encoder.layers)}"
    with torch.no_grad():
        found = {last: encoder(golden.packed(), first_only=False), "outputs.cls": encoder(golden.packed())}
    golden.compare(found, {last: golden[last][golden.real], "outputs.cls": golden["outputs.cls"]}, torch.float64)
