"""Relations between methods that must hold whatever the weights, and how parameters start."""

from __future__ import annotations

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.catalog.methods import METHODS
from engine.encoder.sites import bottlenecks
from engine.errors import UserError
from engine.methods.adapter_fusion import FusedSources
from engine.methods.model import Model, SourceAdapter
from engine.methods.scalearn import SMALLEST_SUM, constrained

from .helpers import COMBINING, CONFIG, RTE, TWO_STAGE, attached, batch, small_encoder, source_adapter, source_adapters
from .states import plain_states, set_parameter, single_adapter_states, states

CONSTRAINED = ("scalearn-softmax", "scalearn-mean")
SCALING = [name for name in TWO_STAGE if name.startswith("scalearn") and name not in CONSTRAINED]


@pytest.mark.parametrize("method", SCALING)
def test_omega_zero_is_the_plain_backbone(method: str) -> None:
    torch.testing.assert_close(states(set_parameter(attached(method), "omega", torch.zeros(()))), plain_states())


@pytest.mark.parametrize("method", SCALING)
def test_omega_one_hot_is_that_sources_adapter(method: str) -> None:
    sources = source_adapters()
    model = set_parameter(attached(method, sources=sources), "omega", torch.tensor([[0.0], [0.0], [1.0]]))
    torch.testing.assert_close(states(model), single_adapter_states(sources[2]))


def test_fusion_of_one_source_with_identity_values_is_that_sources_adapter() -> None:
    sources = source_adapters(1)
    model = set_parameter(attached("adapterfusion", sources=sources), "value.weight", torch.eye(CONFIG.hidden_size))
    torch.testing.assert_close(states(model), single_adapter_states(sources[0]))


class LoopedSources(nn.Module):
    """The papers' own form: every source's output, one after the other."""

    def __init__(self, layer: int, sources: list[SourceAdapter]) -> None:
        super().__init__()
        self.maps = [[s.tensors[f"adapter.layer.{layer}.{m}.{k}"].double() for m in ("down", "up") for k in ("weight", "bias")]
                     for s in sources]  # fmt: skip

    def forward(self, h: Tensor) -> Tensor:
        return torch.stack([F.linear(torch.relu(F.linear(h, dw, db)), uw, ub) for dw, db, uw, ub in self.maps], dim=1)


def looped(model: Model, sources: list[SourceAdapter]) -> Model:
    """The same model without stacking or folding."""
    layers = model.parts["transfer"].layer
    model.sites = bottlenecks(partial(combined, layer, LoopedSources(i, sources)) for i, layer in enumerate(layers))
    return model


def combined(layer: nn.Module, outputs: LoopedSources, h: Tensor) -> Tensor:
    """What the folded ``layer`` computes, written as in the papers: ``[rows, d] -> [rows, d]``."""
    u = outputs(h)  # [rows, T, d]
    if isinstance(layer, FusedSources):
        p = F.softmax((layer.query(h).unsqueeze(1) * layer.key(u)).sum(-1), dim=-1)
        return (p.unsqueeze(-1) * layer.value(u)).sum(1)
    return (constrained(layer.omega, layer.constraint) * u).sum(1)


@pytest.mark.parametrize("lengths", [(5, 17, 3, 9), (30, 40, 38, 39)], ids=["query-applied", "query-folded"])
@pytest.mark.parametrize("method", COMBINING)
def test_folding_equals_the_loop_over_sources(method: str, lengths: tuple[int, ...]) -> None:
    sources = source_adapters()
    results = []
    for form in (lambda model: model, lambda model: looped(model, sources)):
        torch.manual_seed(3)
        model = form(attached(method, sources=sources)).double().eval()
        loss, logits = model.loss(batch(lengths), torch.tensor([0, 1, 1, 0]), RTE.key)
        gradients = torch.autograd.grad(loss, [p for p in model.parameters() if p.requires_grad])
        results.append((loss, logits, *gradients))
    for folded, loop in zip(*results, strict=True):
        torch.testing.assert_close(folded, loop, atol=1e-11, rtol=1e-10)


@pytest.mark.parametrize("method", COMBINING)
def test_evaluation_folds_once_and_notices_changes(method: str) -> None:
    model = attached(method)
    optimizer = torch.optim.AdamW(model.parameter_groups(0.1, 0.0), fused=True)
    layer = model.parts["transfer"].layer[0]
    packed, labels = batch(), torch.tensor([0, 1, 1, 0])

    @torch.inference_mode()
    def evaluated() -> tuple[Tensor, Tensor]:
        return model.eval().encode(packed, RTE.key), layer.folded()[0]

    before, fold = evaluated()
    with torch.no_grad():
        assert model.encode(packed, RTE.key).equal(before)
        assert layer.folded()[0] is fold
    # With gradients, also in evaluation mode, nothing kept is used; a step in place is noticed without any call of ours.
    model.loss(packed, labels, RTE.key)[0].backward()
    optimizer.step()
    with torch.no_grad():
        after = model.encode(packed, RTE.key)
    assert not torch.allclose(after, before)
    model.train()
    assert torch.equal(evaluated()[0], after)


@pytest.mark.parametrize("method", COMBINING)
def test_cached_tensors_have_the_parameters_precision(method: str) -> None:
    model = attached(method).eval()
    with torch.inference_mode():
        expected = model.encode(batch(), RTE.key)
        model.train().eval()
        with torch.autocast("cpu", torch.bfloat16):
            model.encode(batch(), RTE.key)
        assert torch.equal(model.encode(batch(), RTE.key), expected)


def test_shared_omega_draws_a_mask_per_layer() -> None:
    model = attached("scalearn++").train()
    layers = model.parts["transfer"].layer
    assert all(layer.omega is model.parts["transfer"].omega for layer in layers)
    first, second = layers[0].fold()[0], layers[1].fold()[0]
    masks = [fold == 0 for fold in (first, second)]
    assert not torch.equal(*masks)
    share = torch.stack(masks).float().mean().item()
    assert 0.15 < share < 0.45


def test_uniform_dropout_switches_whole_sources_off() -> None:
    torch.manual_seed(0)
    layer = attached("scalearn-uniform", omega_dropout=0.5).train().parts["transfer"].layer[0]
    off = torch.stack([(layer.fold()[0].unflatten(0, (3, -1)) == 0).flatten(1) for _ in range(100)])
    assert ((off.all(-1)) | (~off.any(-1))).all()
    assert off.all(-1).float().mean().item() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("method", [*SCALING, *CONSTRAINED])
def test_omega_starts_at_two_over_t(method: str) -> None:
    sources = source_adapters(8)
    omega = torch.cat([p.flatten() for n, p in attached(method, sources=sources).named_parameters() if n.endswith("omega")])
    assert omega.mean().item() == pytest.approx(0.25, abs=0.002)
    assert (omega - 0.25).abs().max() < 0.006


def test_adapter_fusion_and_head_start() -> None:
    torch.manual_seed(0)
    for method in ("adapter", "adapterfusion"):
        for name, tensor in attached(method).trainable_state().items():
            if name.endswith("bias"):
                assert not tensor.any(), name
            elif "value" in name:
                expected = torch.eye(CONFIG.hidden_size).clamp_min(1e-6)
                torch.testing.assert_close(tensor, expected, msg=name)
            elif tensor.numel() >= 200:
                assert tensor.std().item() == pytest.approx(0.02, rel=0.2), name
                assert abs(tensor.mean().item()) < 0.005, name


def test_fusion_penalty_is_part_of_the_training_loss() -> None:
    model = attached("adapterfusion", value_penalty=0.5)
    set_parameter(model, "value.weight", torch.full((), 2.0))
    d = CONFIG.hidden_size
    penalty = 0.5 * CONFIG.num_hidden_layers * (d * 1.0 + (d * d - d) * 4.0)
    losses = [model.train(mode).loss(batch(), torch.tensor([0, 1, 1, 0]), RTE.key)[0].item() for mode in (True, False)]
    assert losses[0] - losses[1] == pytest.approx(penalty, rel=1e-5)


@pytest.mark.parametrize("method", TWO_STAGE)
def test_sources_that_do_not_fit(method: str) -> None:
    with pytest.raises(UserError, match="at least one source"):
        attached(method, sources=[])
    with pytest.raises(UserError, match="glue/odd does not fit"):
        attached(method, sources=[*source_adapters(), source_adapter("glue/odd", 9, width=5)])


def test_reduction_beyond_the_hidden_size() -> None:
    with pytest.raises(UserError, match="at most the backbone's hidden size, 32"):
        attached("adapter", reduction=33)


FROZEN = [name for name in METHODS if not any(p.requires_grad for p in attached(name).encoder.parameters())]


def test_one_frozen_encoder_serves_several_models() -> None:
    encoder = small_encoder()
    together = {method: attached(method, encoder) for method in FROZEN}
    assert len(together) > 15
    for method, model in together.items():
        fresh = attached(method)
        model.load_trainable(fresh.trainable_state())
        assert torch.equal(states(model), states(fresh)), method
    torch.testing.assert_close(states(Model(encoder, [RTE])), plain_states())


@pytest.mark.parametrize("method", METHODS)
def test_what_is_trained_does_not_depend_on_the_model_before(method: str) -> None:
    encoder = small_encoder()
    attached("full-ft", encoder)
    trained = [
        [name for name, p in m.named_parameters() if p.requires_grad] for m in (attached(method, encoder), attached(method))
    ]
    assert trained[0] == trained[1]


@pytest.mark.parametrize("method", CONSTRAINED)
def test_constrained_scales_sum_to_one(method: str) -> None:
    layer = attached(method).double().parts["transfer"].layer[0]
    with torch.no_grad():
        layer.omega.add_(torch.randn_like(layer.omega) * 0.1)
    scales = constrained(layer.omega, layer.constraint)
    torch.testing.assert_close(scales.sum(0), torch.ones_like(scales[0]))
    assert not torch.allclose(scales, layer.omega)


def test_a_vanishing_sum_is_not_divided_by() -> None:
    omega = torch.tensor([[0.5, 0.5, 0.5], [-0.5, -0.501, 0.5]], requires_grad=True)
    scales = constrained(omega, "mean")
    assert scales.abs().max() <= 0.501 / SMALLEST_SUM
    assert scales[0, 1] < 0 < scales[0, 0]
    scales.sum().backward()
    assert omega.grad is not None and omega.grad.isfinite().all()


@pytest.mark.parametrize("method", SCALING)
def test_the_penalty_on_omega_is_a_mean_over_dimensions_and_sources(method: str) -> None:
    """Of an omega that all layers share, too: the released code takes the sum over dimensions there."""
    model = attached(method, omega_penalty=0.5).double()
    set_parameter(model, "omega", torch.tensor([[0.0], [1.0], [3.0]]))
    per_omega = 0.5 * (1 + 0 + 4) / 3
    assert model.penalty is not None
    assert model.penalty().item() == pytest.approx(per_omega * (1 if "++" in method else CONFIG.num_hidden_layers))
    assert attached(method).penalty is None
