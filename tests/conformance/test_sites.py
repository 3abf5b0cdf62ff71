"""Every site of a layer is where the papers' methods act, shown with their formulas written out at the sites."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.encoder.packing import Packed
from engine.encoder.sites import LayerSites, Sites

from .golden import Golden, cases


def bottleneck(golden: Golden, name: str, z: Tensor, activation: Callable[[Tensor], Tensor] = F.gelu) -> Tensor:
    """``up( activation( down(z) ) )`` with the tensors below ``name``."""
    maps = {key: tensor.double() for key, tensor in golden.below(f"{name}.").items()}
    inner = activation(F.linear(z, maps["down.weight"], maps["down.bias"]))
    return F.linear(inner, maps["up.weight"], maps["up.bias"])


def layer_sites(golden: Golden, method: str, i: int) -> LayerSites:
    """Layer ``i`` of the method, by its formula."""
    if method == "ia3":
        scale = {name: t.double() for name, t in golden.below(f"ia3.{golden.metadata['task']}.layer.{i}.").items()}
        return LayerSites(
            key=lambda k, _: k * scale["key"],
            value=lambda v, _: v * scale["value"],
            intermediate=lambda u, _: u * scale["intermediate"],
        )
    if method == "houlsby":
        return LayerSites(
            attention_output=lambda o: o + bottleneck(golden, f"layer.{i}.attention_adapter", o),
            beside_feed_forward=lambda x, _: bottleneck(golden, f"layer.{i}.ffn_adapter", x),
        )
    if method == "low_rank":

        def beside(z: Tensor, packed: Packed, first_only: bool) -> Tensor:
            return bottleneck(golden, f"layer.{i}.low_rank", z[packed.first] if first_only else z)

        return LayerSites(beside_layer=beside)
    if method == "adapter":
        name = f"adapters.{golden.metadata['task']}.layer.{i}"
        return LayerSites(bottleneck=lambda h: bottleneck(golden, name, h, torch.relu))
    return LayerSites(output=lambda y: y * 2 * torch.sigmoid(golden[f"layer.{i}.lhuc"].double()))


@pytest.mark.parametrize("path", cases("adapter", "ia3", "houlsby", "low_rank", "lhuc"))
def test_a_formula_at_its_site(path: Path | None) -> None:
    golden = Golden(path, "" if path and path.stem in ("adapter", "ia3") else "tasks.0.")
    encoder = golden.encoder().double().eval()
    sites = Sites([layer_sites(golden, golden.metadata["method"], i) for i in range(len(encoder.layers))])
    with torch.no_grad():
        first, states = encoder(golden.packed(), sites), encoder(golden.packed(), sites, first_only=False)
    golden.compare({"cls": first}, {"cls": golden["outputs.cls"]}, torch.float64)
    golden.compare({"cls": states[golden.packed().first]}, {"cls": golden["outputs.cls"]}, torch.float64)
    last = f"outputs.hidden_states.{len(encoder.layers)}"
    if last in golden.tensors:
        golden.compare({last: states}, {last: golden[last][golden.real]}, torch.float64)
