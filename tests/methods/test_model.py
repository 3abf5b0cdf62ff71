"""What the training loop relies on: which parameters train, their names, saving, penalties, tasks and precision."""

from __future__ import annotations

import copy

import pytest
import torch

from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.encoder.encoder import Encoder
from engine.errors import UserError

from .helpers import RTE, TWO_STAGE, attached, batch, small_encoder, source_adapters

HEAD = {f"heads.glue/rte.{layer}.{kind}" for layer in ("dense", "out_proj") for kind in ("weight", "bias")}
LAYERS = range(3)
NAMES = {
    "adapter": {f"adapter.layer.{i}.{m}.{k}" for i in LAYERS for m in ("down", "up") for k in ("weight", "bias")},
    "adapterfusion": {
        f"transfer.layer.{i}.{name}"
        for i in LAYERS
        for name in ("query.weight", "query.bias", "key.weight", "key.bias", "value.weight")
    },
    "scalearn": {f"transfer.layer.{i}.omega" for i in LAYERS},
    "scalearn-uniform": {f"transfer.layer.{i}.omega" for i in LAYERS},
    "scalearn++": {"transfer.omega"},
    "scalearn-uniform++": {"transfer.omega"},
    "scalearn-softmax": {f"transfer.layer.{i}.omega" for i in LAYERS},
    "scalearn-mean": {f"transfer.layer.{i}.omega" for i in LAYERS},
    "propetl": {f"adapter.{m}.{k}" for m in ("down", "up") for k in ("weight", "bias")}
    | {f"adapter.layer.{i}.own.{m}.scores" for i in LAYERS for m in ("down", "up")},
    "compacter++": {"adapter.rule"}
    | {f"adapter.layer.{i}.{m}.{k}" for i in LAYERS for m in ("down", "up") for k in ("left", "right", "bias")},
    "ia3": {f"ia3.layer.{i}.{name}" for i in LAYERS for name in ("key", "value", "intermediate")},
    "lora": {f"lora.layer.{i}.{m}.{k}.weight" for i in LAYERS for m in ("query", "value") for k in ("down", "up")},
    "adaptersoup": set(),
    "probing": set(),
    "probing-pair": set(),
}


@pytest.mark.parametrize("method", NAMES)
def test_names_are_stable(method: str) -> None:
    model = attached(method)
    assert model.transfer_tensors().keys() == NAMES[method]
    assert model.trainable_state().keys() == NAMES[method] | HEAD


def test_a_trained_backbone_has_the_hubs_names() -> None:
    names = attached("full-ft").transfer_tensors().keys()
    assert "backbone.embeddings.word_embeddings.weight" in names
    assert "backbone.encoder.layer.2.attention.self.value.bias" in names
    assert len(names) == 5 + 3 * 16 and not any("pooler" in name for name in names)


@pytest.mark.parametrize("method", METHODS)
def test_only_what_is_saved_trains(method: str) -> None:
    """A step changes exactly the saved tensors; the rest of the backbone and the sources stay bit for bit."""
    sources = source_adapters(METHODS[method].source_count or 3)
    given = copy.deepcopy(sources)
    model = attached(method, sources=sources)
    encoder = copy.deepcopy(model.encoder.state_dict())
    before = {name: tensor.clone() for name, tensor in model.trainable_state().items()}
    optimizer = torch.optim.AdamW(model.parameter_groups(0.01, 0.1))
    model.train().loss(batch(), torch.tensor([0, 1, 1, 0]), RTE.key)[0].backward()
    trained = [p for p in model.parameters() if p.requires_grad]
    assert all(parameter.grad is not None for parameter in trained)
    optimizer.step()
    assert all(not torch.equal(tensor, before[name]) for name, tensor in model.trainable_state().items())
    still = {name for name, tensor in model.encoder.state_dict().items() if torch.equal(tensor, encoder[name])}
    whole = any(parameter.requires_grad for parameter in model.encoder.parameters())
    pooler = set() if model.encoder.pooler.weight.requires_grad else {"pooler.weight", "pooler.bias"}
    assert still == (pooler if whole else encoder.keys())
    for source, original in zip(sources, given, strict=True):
        assert all(torch.equal(source.tensors[name], tensor) for name, tensor in original.tensors.items())


@pytest.mark.parametrize("method", METHODS)
def test_saved_parameters_restore_the_model(method: str) -> None:
    torch.manual_seed(5)
    model = attached(method).double()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    state = {name: tensor.clone() for name, tensor in model.trainable_state().items()}
    torch.manual_seed(6)
    other = attached(method).double()
    trained = [p for p in other.parameters() if p.requires_grad]
    other.load_trainable(state)
    assert all(now is before for now, before in zip((p for p in other.parameters() if p.requires_grad), trained, strict=True))
    with torch.no_grad():
        assert torch.equal(other.eval()(batch(), RTE.key), model.eval()(batch(), RTE.key))
    name = next(iter(state))
    for wrong in ({k: v for k, v in state.items() if k != name}, {**state, "x": state[name]}, {**state, name: state[name][:1]}):
        with pytest.raises(UserError, match="another method, backbone or task"):
            other.load_trainable(wrong)


def test_biases_and_norms_are_exempt_from_decay() -> None:
    model = attached("full-ft")
    decayed, exempt = model.parameter_groups(1e-3, 0.1)
    assert (decayed["weight_decay"], exempt["weight_decay"]) == (0.1, 0.0)
    assert {group["lr"] for group in (decayed, exempt)} == {1e-3}
    assert all(parameter.dim() == 2 for parameter in decayed["params"])
    assert all(parameter.dim() == 1 for parameter in exempt["params"])
    assert len(attached("scalearn-uniform++").parameter_groups(1e-3, 0.1)[0]["params"]) == 3


@pytest.mark.parametrize("method", METHODS)
def test_copies_are_independent(method: str) -> None:
    model = attached(method).eval()
    twin = copy.deepcopy(model)
    with torch.no_grad():
        before = model(batch(), RTE.key)
        for parameter in twin.parameters():
            parameter.mul_(1.5)
        assert not torch.allclose(twin(batch(), RTE.key), before)
        assert torch.equal(model(batch(), RTE.key), before)


@pytest.mark.parametrize("method", TWO_STAGE)
def test_a_training_step_is_reproducible(method: str) -> None:
    model = attached(method, small_encoder(dropout=0.1)).train()
    losses = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        losses.append(model.loss(batch(), torch.tensor([0, 1, 1, 0]), RTE.key)[0].item())
    assert losses[0] == losses[1] != losses[2]


def test_each_task_has_its_head_and_loss() -> None:
    keys = ("toy/sentiment", "toy/entailment", "toy/similarity", "toy/choice", "toy/topics")
    model = attached("adapter", tasks=tuple(BUILT_IN.find_task(key) for key in keys))
    labels = [torch.tensor([0, 1, 1, 0]), torch.tensor([0, 2, 1, 0]), torch.rand(4), torch.tensor([1, 0]), torch.ones(4, 6)]
    shapes = [(4, 2), (4, 3), (4, 1), (2, 2), (4, 6)]
    for key, label, shape in zip(keys, labels, shapes, strict=True):
        loss, logits = model.loss(batch(), label, key)
        assert logits.shape == shape and loss.dim() == 0 and loss.isfinite()


@pytest.mark.parametrize("method", METHODS)
def test_bfloat16_autocast_trains(method: str) -> None:
    model = attached(method).train()
    with torch.autocast("cpu", torch.bfloat16):
        loss, _ = model.loss(batch(), torch.tensor([0, 1, 1, 0]), RTE.key)
    loss.backward()
    assert all(p.grad is not None and p.grad.dtype == torch.float32 and p.grad.isfinite().all()
               for p in model.parameters() if p.requires_grad)  # fmt: skip


def test_the_encoder_keeps_its_own_parameters() -> None:
    encoder: Encoder = small_encoder()
    names = set(encoder.state_dict())
    attached("scalearn", encoder)
    assert set(encoder.state_dict()) == names


@pytest.mark.parametrize("pooler", [True, False])
def test_heads_on_the_pooler_share_it_and_save_it(pooler: bool) -> None:
    """RoBERTa has none, so a fresh one stands in; either way it is trained, saved and restored with the backbone."""
    encoder = small_encoder()
    if not pooler:
        encoder.pooler = None
    model = attached("shared", encoder=encoder)
    saved = {name: tensor.clone() for name, tensor in model.trainable_state().items()}
    assert {"backbone.pooler.dense.weight", f"heads.{RTE.key}.out_proj.weight"} <= saved.keys()
    assert f"heads.{RTE.key}.dense.weight" not in saved
    logits = model.eval()(batch(), RTE.key)
    with torch.no_grad():
        model.encoder.pooler.weight.zero_()
    assert not torch.equal(model(batch(), RTE.key), logits)
    model.load_trainable(saved)
    assert torch.equal(model(batch(), RTE.key), logits)
