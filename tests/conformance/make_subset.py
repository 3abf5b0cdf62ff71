"""Write the part of the reference numerics that lives in this repository: ``python tests/conformance/make_subset.py WHOLE``.

Every method once, on one of the two backbones. What is large and checks little more is left out: most hidden states, the same
numbers computed in float32, and the gradient of a backbone that several methods train alike. All but logits, losses and first
tokens' states is rounded to float32.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

SUBSET = Path(__file__).parent / "golden"
METHODS = {
    "roberta": (
        "adapter", "adapter_fusion", "propetl", "scalearn", "scalearn_uniform_plusplus", "scalearn_softmax", "probing_pair",
        "propetl_m", "hyperformer", "hyperformer_plusplus", "full_finetune_m", "omega_penalty",
    ),
    "bert": (
        "full_finetune", "compacter_plusplus", "ia3", "scalearn_uniform", "scalearn_plusplus", "scalearn_mean", "adapter_soup",
        "probing_single", "adapter_m", "pals", "low_rank", "top_projected_attention", "houlsby", "houlsby_plus_pals", "lhuc",
        "bert_layer_on_top", "heads",
    ),
}  # fmt: skip
HIDDEN_STATES = ("adapter", "scalearn", "adapter_fusion")
BACKBONE_GRADIENTS = ("full_finetune", "full_finetune_m", "pals")
"""Methods whose files keep them."""
EXACT = ("logits", "loss", "losses", "cls", "penalty", "learning_rates", "value_regularisation")


def kept(method: str, name: str) -> bool:
    if "outputs.hidden_states" in name:
        return method in HIDDEN_STATES
    if "grads.backbone" in name:
        return method in BACKBONE_GRADIENTS
    return not name.endswith("_float32")


def rounded(name: str, tensor: torch.Tensor) -> torch.Tensor:
    exact = name.rpartition(".")[2] in EXACT
    return tensor if exact or tensor.dtype != torch.float64 else tensor.float()


def main(whole: Path) -> None:
    for name in ("parameter_counts.json", "initialisation.json"):
        shutil.copyfile(whole / name, SUBSET / name)
    for backbone, methods in METHODS.items():
        (SUBSET / backbone).mkdir(exist_ok=True)
        for name in ("config.json", "backbone.safetensors"):
            shutil.copyfile(whole / backbone / name, SUBSET / backbone / name)
        for method in methods:
            source = whole / backbone / f"{method}.safetensors"
            with safe_open(source, "pt") as file:
                metadata = file.metadata()
            tensors = {name: rounded(name, tensor) for name, tensor in load_file(source).items() if kept(method, name)}
            save_file(tensors, SUBSET / backbone / source.name, metadata)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
