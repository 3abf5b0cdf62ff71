"""The encoder equals the hub library's models at every real position: values, gradients, and the first-token shortcut."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel

from engine.catalog.backbones import BACKBONES
from engine.encoder.encoder import Encoder
from engine.encoder.loading import hub_state, load_encoder
from engine.encoder.packing import pack
from engine.encoder.sites import LayerSites, Sites

from .helpers import ARCHITECTURES, packed_batch, padded, ragged, reference, saved

LENGTHS = [5, 17, 3, 30, 30, 9, 12, 1, 2, 8, 8]


def loaded(model: torch.nn.Module, folder: Path) -> Encoder:
    return load_encoder(saved(model, folder)).eval()


def reference_states(model: torch.nn.Module, lengths: list[int]) -> torch.Tensor:
    inputs = padded(*ragged(lengths), model.config.pad_token_id)
    if model.config.type_vocab_size == 1:
        del inputs["token_type_ids"]
    return model(**inputs).last_hidden_state[inputs["attention_mask"].bool()]


@pytest.mark.parametrize("model_type", ARCHITECTURES)
def test_hidden_states_equal_the_hub_librarys(model_type: str, tmp_path: Path) -> None:
    model = reference(model_type)
    encoder = loaded(model, tmp_path)
    with torch.no_grad():
        torch.testing.assert_close(
            encoder(packed_batch(LENGTHS), first_only=False), reference_states(model, LENGTHS), atol=1e-5, rtol=0
        )


@pytest.mark.parametrize("model_type", ARCHITECTURES)
def test_gradients_equal_the_hub_librarys(model_type: str, tmp_path: Path) -> None:
    model = reference(model_type).double()
    encoder = loaded(model.float(), tmp_path).double()
    model.double()
    direction = torch.randn(sum(LENGTHS), 32, dtype=torch.float64)
    (reference_states(model, LENGTHS) * direction).sum().backward()
    (encoder(packed_batch(LENGTHS), first_only=False) * direction).sum().backward()
    expected = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    for parameter in encoder.parameters():
        parameter.data = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
    gradients = hub_state(encoder)
    assert {name for name in gradients if "pooler" not in name} == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(
            gradients[name], gradient, atol=1e-9, rtol=1e-9, msg=lambda text, name=name: f"{name}: {text}"
        )


@pytest.mark.parametrize("model_type", ARCHITECTURES)
def test_first_token_shortcut_is_exact(model_type: str, tmp_path: Path) -> None:
    encoder = loaded(reference(model_type), tmp_path).double()
    packed = packed_batch(LENGTHS)
    direction = torch.randn(len(LENGTHS), 32, dtype=torch.float64)
    results = []
    for states in (encoder(packed), encoder(packed, first_only=False)[packed.first]):
        gradients = torch.autograd.grad((states * direction).sum(), list(encoder.layers.parameters()))
        results.append((states, *gradients))
    for short, whole in zip(*results, strict=True):
        torch.testing.assert_close(short, whole, atol=1e-11, rtol=1e-11)


@pytest.mark.parametrize("groups", (1, 3, 100))
def test_the_number_of_length_groups_changes_nothing(groups: int, tmp_path: Path) -> None:
    encoder = loaded(reference("bert"), tmp_path).double()
    with torch.no_grad():
        expected = encoder(packed_batch(LENGTHS), first_only=False)
        hidden = encoder(pack(*ragged(LENGTHS), groups=groups), first_only=False)
    torch.testing.assert_close(hidden, expected, atol=1e-12, rtol=0)


def test_a_sequence_does_not_depend_on_its_neighbours(tmp_path: Path) -> None:
    encoder = loaded(reference("roberta"), tmp_path).double()
    tokens, lengths, segments = ragged(LENGTHS)
    starts = np.cumsum(lengths) - lengths
    with torch.no_grad():
        together = encoder(pack(tokens, lengths, segments))
        for i, (start, length) in enumerate(zip(starts, lengths, strict=True)):
            part = slice(start, start + length)
            alone = encoder(pack(tokens[part], lengths[i : i + 1], segments[part]))
            torch.testing.assert_close(alone[0], together[i], atol=1e-12, rtol=0)


def test_segments_are_ignored_where_there_is_one_type(tmp_path: Path) -> None:
    encoder = loaded(reference("roberta"), tmp_path)
    tokens, lengths, segments = ragged(LENGTHS)
    with torch.no_grad():
        assert torch.equal(encoder(pack(tokens, lengths, segments)), encoder(pack(tokens, lengths, 0 * segments)))


def test_dropout_acts_in_training_and_follows_the_global_generator(tmp_path: Path) -> None:
    encoder = loaded(reference("bert", dropout=0.1), tmp_path)
    packed = packed_batch(LENGTHS)
    with torch.no_grad():
        plain = encoder(packed)
        draws = []
        for seed in (1, 1, 2):
            torch.manual_seed(seed)
            draws.append(encoder.train()(packed))
    assert torch.equal(draws[0], draws[1])
    assert not torch.allclose(draws[0], draws[2]) and not torch.allclose(draws[0], plain)
    assert torch.equal(encoder.eval()(packed), plain)


def test_frozen_layers_below_the_first_trained_site_make_no_graph(tmp_path: Path) -> None:
    encoder = loaded(reference("bert"), tmp_path).requires_grad_(False)
    scale = torch.nn.Parameter(torch.ones(()))
    sites = Sites([LayerSites(), LayerSites(output=lambda y: scale * y), LayerSites()])
    outputs: list[torch.Tensor] = []
    for layer in encoder.layers:
        layer.register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
    assert encoder(packed_batch(LENGTHS), sites).requires_grad
    assert [output.requires_grad for output in outputs] == [False, True, True]


def test_a_site_after_the_last_layer_sees_all_tokens(tmp_path: Path) -> None:
    encoder = loaded(reference("bert"), tmp_path)
    packed = packed_batch(LENGTHS)
    with torch.no_grad():
        expected = encoder(packed, first_only=False).cumsum(0)[packed.first]
        sites = Sites(top=lambda hidden, _packed: hidden.cumsum(0))
        torch.testing.assert_close(encoder(packed, sites), expected)


def test_a_site_that_mixes_tokens_sees_all_of_them_in_the_last_layer(tmp_path: Path) -> None:
    encoder = loaded(reference("bert"), tmp_path)
    rows: list[int] = []
    layers = [LayerSites(beside_feed_forward=lambda x, _packed: rows.append(len(x)) or 0 * x)] * 3
    for sites, last in ((Sites(layers), len(LENGTHS)), (Sites(layers, mixes_tokens=True), sum(LENGTHS))):
        rows.clear()
        assert len(encoder(packed_batch(LENGTHS), sites)) == len(LENGTHS)
        assert rows == [sum(LENGTHS), sum(LENGTHS), last]


def test_sites_of_another_number_of_layers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="zip"):
        loaded(reference("bert"), tmp_path)(packed_batch(LENGTHS), Sites([LayerSites()] * 2))


def minilm() -> Path | None:
    """Folder of the packaged MiniLM, found without importing the package."""
    info = BACKBONES["minilm"]
    assert info.package and info.folder
    spec = importlib.util.find_spec(info.package)
    return Path(spec.submodule_search_locations[0]) / info.folder if spec and spec.submodule_search_locations else None


@pytest.mark.skipif(minilm() is None, reason="the offline backbone is not installed")
def test_minilm_equals_the_hub_librarys() -> None:
    folder = minilm()
    assert folder is not None
    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    encoder = load_encoder(folder, BACKBONES["minilm"].sha256).eval()
    lengths = [7, 40, 12, 99, 5]
    with torch.no_grad():
        hidden = encoder(packed_batch(lengths), first_only=False)
        torch.testing.assert_close(hidden, reference_states(model, lengths), atol=1e-5, rtol=0)
