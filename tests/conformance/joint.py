"""Reading the reference numerics of joint methods: one file, one model, one batch and head per task."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.encoder.heads import head_on_pooler
from engine.methods.model import Model

from ..attaching import attach_by_name
from .golden import Golden

NAMES = {
    "full_finetune_m": "full-ft-m",
    "adapter_m": "adapter-m",
    "hyperformer": "hyperformer",
    "hyperformer_plusplus": "hyperformer++",
    "pals": "pals",
    "low_rank": "low-rank",
    "top_projected_attention": "top-attention",
    "houlsby": "houlsby",
    "houlsby_plus_pals": "houlsby-pals",
    "lhuc": "lhuc",
    "bert_layer_on_top": "bert-layer-on-top",
}
"""Our name of each file's method."""
PARTS = ("query", "key", "value")
RENAMED = (
    (r"^backbone\.pooler\.dense", "encoder.pooler"),
    (r"^backbone\.encoder\.layer\.(\d+)\.output\.dense", r"encoder.layers.\1.output"),
    (r"^tasks\.([^.]+)\.head\.(weight|bias)", r"heads.golden/\1.out_proj.\2"),
    (r"^tasks\.([^.]+)\.head\.", r"heads.golden/\1."),
    (r"^adapters\.shared\.", "parts.adapter."),
    (r"^tasks\.([^.]+)\.embedding$", r"parts.hypernet.embeddings.golden/\1"),
    (r"^hypernet\.projector\.0", "parts.hypernet.inner"),
    (r"^hypernet\.projector\.1", "parts.hypernet.outer"),
    (r"^hypernet\.projector\.LayerNorm", "parts.hypernet.norm"),
    (r"^hypernet\.(down|up|post_norm)", r"parts.hypernet.all_layers.\1"),
    (r"^hypernet\.", "parts.hypernet."),
    (r"^tasks\.([^.]+)\.top\.(down|up)", r"parts.transfer.tasks.golden/\1.\2"),
    (r"^tasks\.([^.]+)\.top\.layer\.(\d+)\.output\.LayerNorm", r"parts.transfer.tasks.golden/\1.block.\2.norm"),
    (r"^tasks\.([^.]+)\.top\.layer\.", r"parts.transfer.tasks.golden/\1.block."),
    (r"^tasks\.([^.]+)\.top\.attention\.self\.", r"parts.transfer.tasks.golden/\1.layer."),
    (r"^tasks\.([^.]+)\.top\.attention\.output\.dense", r"parts.transfer.tasks.golden/\1.layer.attention_output"),
    (r"^tasks\.([^.]+)\.top\.attention\.output\.LayerNorm", r"parts.transfer.tasks.golden/\1.layer.attention_norm"),
    (r"^tasks\.([^.]+)\.top\.output\.LayerNorm", r"parts.transfer.tasks.golden/\1.layer.norm"),
    (r"^tasks\.([^.]+)\.top\.(intermediate|output)\.dense", r"parts.transfer.tasks.golden/\1.layer.\2"),
    (r"^tasks\.([^.]+)\.", r"parts.transfer.tasks.golden/\1."),
)
"""The files' names of parameters as ours, the first that fits."""
WITHIN = {
    "pals": ((r"\.pal\.(query|key|value)", r".\1"), (r"\.pal\.(down|up)", r".\1")),
    "houlsby_plus_pals": ((r"\.layer\.(\d+)\.pal\.", r".pal.layer.\1."), (r"\.attention_adapter", "")),
    "houlsby": ((r"\.attention_adapter", ".attention"), (r"\.ffn_adapter", ".feed_forward")),
    "low_rank": ((r"\.low_rank", ""),),
    "lhuc": ((r"\.layer\.(\d+)\.lhuc", r".lhuc[\1]"),),
}
"""What is renamed after that, by method."""


class JointGolden:
    """One file; ``tasks[name]`` is the part of one task."""

    def __init__(self, path: Path | None) -> None:
        whole = Golden(path, kind="classification")
        self.metadata, self.tensors = whole.metadata, whole.tensors
        if "task_labels" in self.metadata:
            names = [str(place) for place in range(len(json.loads(self.metadata["task_labels"])))]
        else:
            names = list(json.loads(self.metadata["tasks"]))
        self.tasks = {name: Golden(path, f"tasks.{name}.") for name in names}
        self.encoder = whole.encoder

    @cached_property
    def settings(self) -> dict[str, object]:
        """The sizes that the file was made with, read off its tensors."""
        sizes = {name: tuple(tensor.shape) for name, tensor in self.tensors.items() if ".grads." not in name}

        def rows(pattern: str) -> int | None:
            return next((shape[0] for name, shape in sorted(sizes.items()) if re.search(pattern, name)), None)

        settings: dict[str, object] = {
            "width": rows(r"(pal|top|low_rank)\.down\.bias"),
            "adapter_width": rows(r"attention_adapter\.down\.bias"),
            "embedding": rows(r"\.embedding$"),
            "projector": rows(r"projector\.0\.bias"),
            "projected": rows(r"projector\.1\.bias"),
            "heads": int(self.metadata.get("attention_heads") or 0) or None,
        }
        width = rows(r"shared\.layer\.0\.down\.bias")
        hidden_size = self.encoder().config.hidden_size
        settings["reduction"] = int(self.metadata.get("reduction_factor") or 0) or (hidden_size // width if width else None)
        blocks = {name.split(".")[4] for name in sizes if ".top.layer." in name}
        return {name: value for name, value in {**settings, "blocks": len(blocks) or None}.items() if value is not None}

    def model(self, dtype: torch.dtype) -> Model:
        """The method attached for all tasks, with the file's parameters, in evaluation mode."""
        tasks = [replace(task.task(self._out_proj(name)), name=name) for name, task in self.tasks.items()]
        model = attach_by_name(NAMES[self.metadata["method"]], self.encoder(), tasks, **self.settings)
        if self.metadata["head"] == "linear_on_pooler":  # as the methods of BERT and PALs have it, but not the others
            model.encoder.pooler.requires_grad_(True)
            for task in tasks:
                model.heads[task.key] = head_on_pooler(task, model.encoder)
        unset = {name for name, _ in model.named_parameters() if not name.startswith("encoder.")}
        with torch.no_grad():
            for name, tensor in self.tensors.items():
                if not re.search(r"\.(inputs|outputs|grads|generated)\.", name):
                    self.slot(dict(model.named_parameters()), name).copy_(tensor)
                    unset.discard(self.ours(name)[0])
        assert not unset, f"the file does not hold {sorted(unset)}"
        return model.to(dtype).eval()

    def _out_proj(self, task: str) -> str:
        return "head.weight" if "head.weight" in self.tasks[task].tensors else "head.out_proj.weight"

    def ours(self, name: str) -> tuple[str, int | None, int | None]:
        """Our name of the parameter, which third of its rows it is (a query, key or value), and which row."""
        for pattern, replacement in RENAMED:
            our_name, count = re.subn(pattern, replacement, name)
            if count:
                break
        for pattern, replacement in WITHIN.get(self.metadata["method"], ()):
            our_name = re.sub(pattern, replacement, our_name)
        part = next((index for index, word in enumerate(PARTS) if f".{word}." in our_name), None)
        if part is not None:
            fused = "" if self.metadata["method"] in ("pals", "houlsby_plus_pals") else ".qkv"
            our_name = our_name.replace(f".{PARTS[part]}.", f"{fused}.")
        row = re.search(r"\[(\d+)\]$", our_name)
        return our_name.split("[")[0], part, int(row[1]) if row else None

    def slot(self, tensors: Mapping[str, Tensor | nn.Parameter], name: str) -> Tensor:
        """The part of our tensor that the file calls ``name``."""
        ours, part, row = self.ours(name)
        tensor = tensors[ours]
        if row is not None:
            return tensor[row]
        return tensor if part is None else tensor.chunk(3)[part]
