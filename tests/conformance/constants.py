"""What a reference file says of its method: our name of it, its settings and its source adapters."""

from __future__ import annotations

import json
from collections.abc import Mapping

from torch import Tensor

from engine.methods.model import SourceAdapter

NAMES = {
    "full_finetune": "full-ft",
    "adapter": "adapter",
    "propetl": "propetl",
    "compacter_plusplus": "compacter++",
    "ia3": "ia3",
    "adapter_fusion": "adapterfusion",
    "scalearn": "scalearn",
    "scalearn_uniform": "scalearn-uniform",
    "scalearn_plusplus": "scalearn++",
    "scalearn_uniform_plusplus": "scalearn-uniform++",
    "scalearn_mean": "scalearn-mean",
    "scalearn_softmax": "scalearn-softmax",
    "omega_penalty": "scalearn",
    "adapter_soup": "adaptersoup",
    "probing_single": "probing",
    "probing_pair": "probing-pair",
}
"""Our name of each file's method."""


def constants(metadata: Mapping[str, str], hidden_size: int, tensors: Mapping[str, Tensor]) -> dict[str, object]:
    """The settings that a file was made with."""
    widths = [len(t) for name, t in tensors.items() if name.endswith(("down.bias", "down.b")) and "grads." not in name]
    settings: dict[str, object] = {"reduction": hidden_size // widths[0]} if widths else {}
    read = {"dropout": "omega_dropout", "sparsity": "keep", "phm_dim": "phm_dim", "top_k": "top_k", "lambda": "omega_penalty"}
    settings |= {ours: json.loads(metadata[theirs]) for theirs, ours in read.items() if theirs in metadata}
    if "omega" in metadata:
        omega = json.loads(metadata["omega"])
        values = [omega[source] for source in sources_of(metadata)] if isinstance(omega, dict) else [omega]
        settings |= dict(zip(("omega",) if len(values) == 1 else ("omega_first", "omega_second"), values, strict=True))
    return settings


def sources_of(metadata: Mapping[str, str]) -> dict[str, float | None]:
    """The sources in order, with their similarities where the file has them."""
    if "similarities" in metadata:
        return json.loads(metadata["similarities"])
    names = [metadata["source"]] if "source" in metadata else json.loads(metadata.get("sources", "[]"))
    return dict.fromkeys(names)


def source_adapter(name: str, similarity: float | None, tensors: Mapping[str, Tensor]) -> SourceAdapter:
    return SourceAdapter(name, {f"adapter.{key}": tensor for key, tensor in tensors.items()}, similarity)
