"""Reading the reference numerics: everything (shapes, sources, tasks, constants) comes from the files.

``golden/`` beside this file holds every method once. Where the whole set is there (``GOLDEN_DIR``, or ``shared/golden`` beside
the checkout), it is read as well. Each has one folder per architecture with a backbone and one file per method.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.catalog.task import TaskInfo
from engine.encoder.config import EncoderConfig
from engine.encoder.encoder import Encoder
from engine.encoder.heads import head_on_pooler
from engine.encoder.loading import hub_state, load_hub_state, new_encoder
from engine.encoder.packing import Packed, pack
from engine.methods.model import Model, SourceAdapter

from ..attaching import attach_by_name
from .constants import NAMES, constants, source_adapter, sources_of

SUBSET = Path(__file__).parent / "golden"
WHOLE = Path(os.environ.get("GOLDEN_DIR") or Path(__file__).parents[2].parent / "shared" / "golden")
TOLERANCE = {torch.float64: 1e-7, torch.float32: 1e-5}
"""Of ``deviation``, by the precision of the computation."""
STORED_AS_FLOAT32 = 1e-6
"""Of ``deviation`` for a reference that was rounded when it was stored."""


def cases(*methods: str, holding: str = "") -> list[object]:
    """The files there are of these methods, as parameters; with ``holding`` those with a tensor whose name starts so.

    Where the whole set is an empty folder, one more parameter fails.
    """
    parameters = [
        pytest.param(path, id=f"{label}-{path.parent.name}-{path.stem}")
        for label, root in (("subset", SUBSET), ("whole", WHOLE))
        for method in methods
        for path in sorted(root.glob(f"*/{method}.safetensors"))
        if any(name.startswith(holding) for name in _names(path))
    ]
    if WHOLE.is_dir() and not any(WHOLE.glob("*/*.safetensors")):
        parameters.append(pytest.param(None, id="empty-folder"))
    return parameters or [pytest.param(None, marks=pytest.mark.skip(reason=f"{WHOLE} has no {' or '.join(methods)}"))]


@cache
def _names(path: Path) -> tuple[str, ...]:
    with safe_open(path, "pt") as file:
        return tuple(file.keys())


def deviation(actual: Tensor, expected: Tensor) -> float:
    """``max|a - b| / max(1, max|b|)``; the shapes must agree."""
    assert actual.shape == expected.shape
    expected = expected.double()
    return ((actual.detach().double() - expected).abs().max() / expected.abs().max().clamp_min(1.0)).item()


@cache
def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
    return load_file(path), metadata


class Golden:
    """One file, or the part of one below ``prefix``."""

    def __init__(self, path: Path | None, prefix: str = "", kind: str | None = None) -> None:
        assert path is not None, f"{WHOLE} exists but holds no reference numerics"
        self.folder = path.parent
        tensors, self.metadata = _read(path)
        self.tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        if self.metadata.get("method") == "propetl":  # the released single-task code holds scores as [in, out]
            self.tensors |= {n: t.T for n, t in self.tensors.items() if n.endswith((".scores", ".binary"))}
        self.head = self.metadata.get("head") or self.metadata.get(f"{prefix}type")
        self.kind = kind or self._kind_of_labels()

    def __getitem__(self, name: str) -> Tensor:
        return self.tensors[name]

    def below(self, prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): tensor for name, tensor in self.tensors.items() if name.startswith(prefix)}

    def _kind_of_labels(self) -> str:
        labels = self["inputs.labels"]
        if not labels.is_floating_point():
            return "classification"
        return "multilabel" if labels.dim() == 2 else "regression"

    @property
    def real(self) -> Tensor:
        """bool ``[sequences, S]``."""
        return self["inputs.attention_mask"].flatten(0, -2).bool()

    def packed(self, step: int | None = None) -> Packed:
        """The real tokens of the inputs, or of one step's inputs."""

        def rows(name: str) -> Tensor:
            tensor = self[f"inputs.{name}"]
            return (tensor if step is None else tensor[step]).flatten(0, -2)

        real = rows("attention_mask").bool()
        tokens = rows("input_ids")[real]
        typed = "inputs.token_type_ids" in self.tensors
        segments = rows("token_type_ids")[real] if typed else torch.zeros_like(tokens)
        # With few groups the small batches of the files have padding inside a group, as large ones do.
        return pack(tokens.numpy(), real.sum(1).numpy(), segments.numpy(), groups=2)

    def task(self, out_proj: str = "head.out_proj.weight") -> TaskInfo:
        """A task of the file's kind and number of labels."""
        count = self["inputs.input_ids"].shape[1] if self.kind == "multiple_choice" else len(self[out_proj])
        labels = () if self.kind == "regression" else tuple(map(str, range(count)))
        return TaskInfo("golden", "task", "Task", self.kind, "plain", (), (), labels=labels)

    def encoder(self) -> Encoder:
        tensors = load_file(self.folder / "backbone.safetensors")
        config = EncoderConfig.from_json(json.loads((self.folder / "config.json").read_text()))
        return load_hub_state(new_encoder(config, pooler="pooler.dense.weight" in tensors), tensors)

    def source_adapters(self, prefix: str = "") -> list[SourceAdapter]:
        return [
            source_adapter(name, similarity, self.below(f"{prefix}adapters.{name}."))
            for name, similarity in sources_of(self.metadata).items()
        ]

    def model(self, dtype: torch.dtype, prefix: str = "", **changes: object) -> Model:
        """The method attached to the backbone with the file's parameters (names below ``prefix``), in evaluation mode."""
        encoder = self.encoder()
        tasks = [self.task(f"{prefix}head.out_proj.weight")]
        settings = {**constants(self.metadata, encoder.config.hidden_size, self.tensors), **changes}
        name = NAMES[self.metadata["method"]]
        model = attach_by_name(name, encoder, tasks, self.source_adapters(prefix), **settings)
        return self.filled(model, tasks[0], dtype, prefix)

    def filled(self, model: Model, task: TaskInfo, dtype: torch.dtype, prefix: str = "") -> Model:
        """``model`` with the file's head and trained parameters."""
        if self.head == "linear_on_pooler":  # the released code's for BERT and for multiple choice
            model.heads[task.key] = head_on_pooler(task, model.encoder)
            # The released code trains the pooler of a fully fine-tuned model; our head has a dense layer of its own instead.
            model.encoder.pooler.requires_grad_(self.metadata["method"] == "full_finetune")
        parameters = {name: p for name, p in self.parameters(model).items() if p.requires_grad}
        trained = {name: tensor for name, tensor in self.below(prefix).items() if name.startswith(("head.", "transfer."))}
        trained |= {name: tensor for name, tensor in self.below(prefix).items() if name in parameters}
        with torch.no_grad():
            for name, tensor in trained.items():
                parameters[name].copy_(tensor)
        unset = parameters.keys() - trained.keys()
        assert not unset, f"the file does not hold {sorted(unset)}"
        return model.to(dtype).eval()

    def parameters(self, model: Model) -> dict[str, nn.Parameter]:
        """The method's and the head's parameters by the names of the files."""
        (head,) = model.heads.values()
        named = {f"head.{name}": parameter for name, parameter in head.named_parameters()}
        for part, module in model.parts.items():
            named |= {self.name_in_file(part, name): parameter for name, parameter in module.named_parameters()}
        return named

    def name_in_file(self, part: str, name: str) -> str:
        """What the files call a parameter of one of our parts."""
        method, task = self.metadata["method"], self.metadata.get("task")
        if method == "propetl" and name.endswith(".scores"):
            return f"masks.{task}.{name.replace('.own.', '.')}"
        if method == "compacter_plusplus":
            module, _, kind = name.rpartition(".")
            theirs = {"rule": "phm_rule", "left": "W_left", "right": "W_right", "bias": "b"}[kind]
            name = f"{module}.{theirs}".removeprefix(".")
        prefix = {"adapter": f"adapters.{task}", "ia3": f"ia3.{task}"}.get(part, part)
        return f"{prefix}.{name}"

    def gradients(self, model: Model) -> dict[str, Tensor]:
        """What backward left, by the names of the files (the hub's names for a trained backbone)."""
        gradients_by_name = {name: p.grad for name, p in self.parameters(model).items() if p.grad is not None}
        if all(parameter.grad is None for parameter in model.encoder.parameters()):
            return gradients_by_name
        gradients = copy.deepcopy(model.encoder)
        with torch.no_grad():
            for slot, parameter in zip(gradients.parameters(), model.encoder.parameters(), strict=True):
                slot.copy_(torch.zeros_like(parameter) if parameter.grad is None else parameter.grad)
        return gradients_by_name | {f"backbone.{name}": tensor for name, tensor in hub_state(gradients).items()}

    def compare(self, actual: Mapping[str, Tensor], expected: Mapping[str, Tensor], dtype: torch.dtype) -> None:
        """Every expected tensor is found and near; the message names all that are not."""
        assert expected, "the file holds nothing to compare with"
        missing = expected.keys() - actual.keys()
        assert not missing, f"no value for {sorted(missing)}"
        deviations = {name: deviation(actual[name], tensor) for name, tensor in expected.items()}
        limits = {
            name: max(TOLERANCE[dtype], 0.0 if tensor.dtype == torch.float64 else STORED_AS_FLOAT32)
            for name, tensor in expected.items()
        }
        far = {name: f"{value:.1e}" for name, value in deviations.items() if not value <= limits[name]}
        assert not far, f"deviations above {TOLERANCE[dtype]:g}: {far}"


def hidden_states(model: Model, packed: Packed, task: str) -> dict[str, Tensor]:
    """The embeddings' and every layer's output at every real position, the last one after what stands on top."""
    states: list[Tensor] = []
    modules = [model.encoder.embeddings, *model.encoder.layers]
    hooks = [module.register_forward_hook(lambda _module, _inputs, output: states.append(output)) for module in modules]
    with torch.no_grad():
        last = model.encode(packed, task, first_only=False)
    for hook in hooks:
        hook.remove()
    return {f"hidden_states.{i}": state for i, state in enumerate([*states[:-1], last])}
