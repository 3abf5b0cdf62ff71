"""Each method's forward pass and gradients equal the released code's, in float64 and in float32."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from engine.catalog.task import TaskInfo
from engine.methods.adapter_soup import soup_weights
from engine.methods.model import Model

from ..attaching import attach_by_name
from .constants import constants, source_adapter, sources_of
from .golden import Golden, cases, hidden_states

SINGLE_TASK = ("full_finetune", "adapter", "propetl", "compacter_plusplus", "ia3")
SCALING = (
    "scalearn",
    "scalearn_uniform",
    "scalearn_plusplus",
    "scalearn_uniform_plusplus",
    "scalearn_softmax",
    "scalearn_mean",
)
FIXED = ("adapter_soup", "probing_single", "probing_pair")
METHODS = (*SINGLE_TASK, "adapter_fusion", *SCALING, *FIXED)
DTYPES = (torch.float64, torch.float32)


def loss_and_logits(model: Model, golden: Golden) -> dict[str, Tensor]:
    """One forward and backward pass as a training step makes it."""
    packed = golden.packed()
    (task,) = model.heads
    loss, logits = model.loss(packed, golden["inputs.labels"], task)
    loss.backward()
    with torch.no_grad():
        cls = model.encode(packed, task)
    return {"loss": loss, "logits": logits, "cls": cls}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("path", cases(*METHODS))
def test_outputs_and_gradients(path: Path | None, dtype: torch.dtype) -> None:
    golden = Golden(path)
    model = golden.model(dtype)
    states = {
        name: tensor[golden.real] for name, tensor in golden.below("outputs.").items() if name.startswith("hidden_states.")
    }
    if states:
        golden.compare(hidden_states(model, golden.packed(), *model.heads), states, dtype)
    outputs = {name: golden[f"outputs.{name}"] for name in ("cls", "logits", "loss")}
    golden.compare(loss_and_logits(model, golden), outputs, dtype)
    golden.compare(golden.gradients(model), golden.below("grads."), dtype)


class KnownDropout(nn.Module):
    """Dropout whose draw is given: kept entries are divided by the rate of keeping."""

    def __init__(self, kept: Tensor, rate: float) -> None:
        super().__init__()
        self.factor = kept.double() / (1 - rate)

    def forward(self, values: Tensor) -> Tensor:
        return values * self.factor


def compare_training_mode(golden: Golden, model: Model) -> None:
    outputs = loss_and_logits(model, golden)
    golden.compare(outputs, golden.below("train_mode.outputs."), torch.float64)
    golden.compare(golden.gradients(model), golden.below("train_mode.grads."), torch.float64)


@pytest.mark.parametrize("path", cases(*SCALING, holding="train_mode."))
def test_scaling_with_a_known_dropout_draw(path: Path | None) -> None:
    golden = Golden(path)
    rate = float(golden.metadata["dropout"])
    model = golden.model(torch.float64).train()
    for i, layer in enumerate(model.parts["transfer"].layer):
        assert layer.dropout.p == rate
        layer.dropout = KnownDropout(golden[f"train_mode.layer.{i}.omega_after_dropout"] != 0, rate)
    compare_training_mode(golden, model)


@pytest.mark.parametrize("path", cases("adapter_fusion"))
def test_fusion_with_a_known_dropout_draw(path: Path | None) -> None:
    golden = Golden(path)
    rate = float(golden.metadata["train_mode_score_dropout"])
    model = golden.model(torch.float64, value_penalty=0.0).train()
    layers = model.parts["transfer"].layer
    for i, layer in enumerate(layers):
        kept = golden[f"train_mode.layer.{i}.scores_after_dropout"] != 0
        # The last layer is computed for the first tokens only.
        rows = kept[:, 0] if i == len(layers) - 1 else kept[golden.real]
        layer.dropout = KnownDropout(rows, rate)
    compare_training_mode(golden, model)


def recorded(attention: Callable[[Tensor], Tensor], results: dict[str, Tensor], name: str, scores: Tensor) -> Tensor:
    results[name] = attention(scores)
    return results[name]


@pytest.mark.parametrize("path", cases("adapter_fusion"))
def test_attention_over_sources_and_value_penalty(path: Path | None) -> None:
    golden = Golden(path)
    model = golden.model(torch.float64)
    layers = model.parts["transfer"].layer
    results: dict[str, Tensor] = {}
    for i, layer in enumerate(layers):
        layer.source_attention = partial(recorded, layer.source_attention, results, str(i))
    with torch.no_grad():
        model.encode(golden.packed(), *model.heads, first_only=False)
    expected = {str(i): golden[f"outputs.layer.{i}.source_attention"][golden.real] for i in range(len(layers))}
    golden.compare(results, expected, torch.float64)
    assert model.penalty is not None
    penalty = {"value_regularisation": model.penalty()}
    golden.compare(penalty, {"value_regularisation": golden["outputs.value_regularisation"]}, torch.float64)
    loss, _ = model.loss(golden.packed(), golden["inputs.labels"], *model.heads)
    golden.compare({"loss": loss}, {"loss": golden["outputs.loss"]}, torch.float64)  # which has no penalty in evaluation


@pytest.mark.parametrize("path", cases("propetl"))
def test_masks_keep_what_the_released_code_keeps(path: Path | None) -> None:
    golden = Golden(path)
    model = golden.model(torch.float64)
    masks = {
        f"layer.{i}.{name}.binary": getattr(layer.own, name)()
        for i, layer in enumerate(model.parts["adapter"].layer)
        for name in ("down", "up")
    }
    expected = golden.below(f"masks.{golden.metadata['task']}.")
    assert masks.keys() == {name for name in expected if name.endswith(".binary")}
    assert all(torch.equal(mask, expected[name].double()) for name, mask in masks.items())


@pytest.mark.parametrize("path", cases("adapter_soup"))
def test_the_soup_and_its_weights(path: Path | None) -> None:
    golden = Golden(path)
    similarities = [source.similarity for source in golden.source_adapters()]
    weights = dict(zip(sources_of(golden.metadata), soup_weights(similarities, int(golden.metadata["top_k"])), strict=True))
    expected = json.loads(golden.metadata["weights"])
    assert {name for name, weight in weights.items() if weight} == expected.keys()
    assert weights == pytest.approx({name: expected.get(name, 0.0) for name in weights})
    soup = dict(golden.model(torch.float32).parts["soup"].named_parameters())
    golden.compare(soup, golden.below("soup."), torch.float32)


@pytest.mark.parametrize("path", cases("omega_penalty"))
def test_the_penalty_on_omega(path: Path | None) -> None:
    golden = Golden(path, kind="classification")
    encoder = golden.encoder()
    d, count = encoder.config.hidden_size, len(sources_of(golden.metadata))
    shapes = {"down.weight": (2, d), "down.bias": (2,), "up.weight": (d, 2), "up.bias": (d,)}
    adapter = {f"layer.{i}.{name}": torch.zeros(s) for i in range(len(encoder.layers)) for name, s in shapes.items()}
    sources = [source_adapter(str(place), None, adapter) for place in range(count)]
    settings = constants(golden.metadata, d, {})
    task = TaskInfo("golden", "task", "Task", "classification", "plain", (), (), labels=("0", "1"))
    model = attach_by_name("scalearn", encoder, [task], sources, **settings).double()
    omegas = {name: p for name, p in golden.parameters(model).items() if name.endswith("omega")}
    with torch.no_grad():
        for name, parameter in omegas.items():
            parameter.copy_(golden[name])
    assert model.penalty is not None
    penalty = model.penalty()
    penalty.backward()
    golden.compare({"penalty": penalty}, {"penalty": golden["penalty"]}, torch.float64)
    golden.compare({name: p.grad for name, p in omegas.items()}, golden.below("grads."), torch.float64)
