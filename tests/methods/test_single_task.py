"""What Compacter++, (IA)^3 and LoRA compute, by formulas written out, and how they start."""

from __future__ import annotations

import copy

import pytest
import torch

from engine.errors import UserError

from .helpers import CONFIG, RTE, attached, batch
from .states import plain_states, states


@pytest.mark.parametrize("method", ["ia3", "lora"])
def test_training_starts_from_the_plain_backbone(method: str) -> None:
    torch.testing.assert_close(states(attached(method)), plain_states())


def test_compacter_starts_near_the_plain_backbone() -> None:
    torch.testing.assert_close(states(attached("compacter++")), plain_states(), atol=0.02, rtol=0)


def test_compacters_maps_are_sums_of_kronecker_products() -> None:
    layer = attached("compacter++").double().parts["adapter"].layer[1]
    for phm in (layer.down, layer.up):
        expected = sum(torch.kron(rule, left @ right) for rule, left, right in zip(phm.rule, phm.left, phm.right, strict=True))
        torch.testing.assert_close(phm.weight(), expected)


def test_compacters_rule_is_one_saved_tensor() -> None:
    """The released code neither saves nor restores it."""
    model = attached("compacter++")
    rule = model.parts["adapter"].rule
    assert all(phm.rule is rule for layer in model.parts["adapter"].layer for phm in (layer.down, layer.up))
    state = {name: tensor.clone() for name, tensor in model.trainable_state().items()}
    with torch.no_grad():
        rule.add_(1.0)
    model.load_trainable(state)
    assert torch.equal(rule, state["adapter.rule"])


def test_phm_dim_must_divide_both_sizes() -> None:
    with pytest.raises(UserError, match="phm_dim 4 must divide the hidden size 32 and the bottleneck 2"):
        attached("compacter++", reduction=16)


def test_lora_equals_changed_query_and_value_maps() -> None:
    model = attached("lora", r=3, alpha=6.0).double()
    layers = model.parts["lora"].layer
    with torch.no_grad():
        for parameter in layers.parameters():
            parameter.normal_()
    merged = copy.deepcopy(model.encoder)
    d = CONFIG.hidden_size
    with torch.no_grad():
        for layer, changed in zip(merged.layers, layers, strict=True):
            for part, place in ((changed.query, 0), (changed.value, 2)):
                layer.qkv.weight[place * d : (place + 1) * d] += 2.0 * part.up.weight @ part.down.weight
        expected = merged.eval()(batch(), first_only=False)
        torch.testing.assert_close(states(model), expected)
        first = model.eval().encode(batch(), RTE.key)
    torch.testing.assert_close(first, expected[batch().first])


def test_ia3_scales_before_the_activation() -> None:
    model = attached("ia3").double()
    with torch.no_grad():
        for layer in model.parts["ia3"].layer:
            layer.intermediate.fill_(0.0)
    plain = attached("ia3").double()
    with torch.no_grad():
        for layer in plain.encoder.layers:
            layer.intermediate.weight.zero_()
            layer.intermediate.bias.zero_()
    torch.testing.assert_close(states(model), states(plain))


def test_keys_and_values_are_scaled_after_their_biases() -> None:
    model = attached("ia3").double()
    scales = torch.rand(2, CONFIG.num_hidden_layers, CONFIG.hidden_size, dtype=torch.float64) + 0.5
    d = CONFIG.hidden_size
    plain = attached("ia3").double()
    with torch.no_grad():
        for i, layer in enumerate(model.parts["ia3"].layer):
            layer.key.copy_(scales[0, i])
            layer.value.copy_(scales[1, i])
            qkv = plain.encoder.layers[i].qkv
            for place, scale in ((1, scales[0, i]), (2, scales[1, i])):
                rows = slice(place * d, (place + 1) * d)
                qkv.weight[rows] *= scale.unsqueeze(1)
                qkv.bias[rows] *= scale
    torch.testing.assert_close(states(model), states(plain))
