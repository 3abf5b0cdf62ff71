"""Methods know nothing of the layer around them: shown by their source, and on an encoder whose norms stand elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import engine.methods
from engine.catalog.architectures import ARCHITECTURES
from engine.catalog.methods import METHODS
from engine.encoder.post_ln import PostLNLayer
from engine.encoder.sites import LayerSites, Sites

from .helpers import CONFIG, RTE, attached, batch
from .prenorm import prenorm_encoder

SOURCES = sorted(Path(engine.methods.__file__).parent.glob("*.py"))
LAYER_NORMS = {name for name, child in PostLNLayer(CONFIG).named_children() if isinstance(child, torch.nn.LayerNorm)}
LABELS = torch.tensor([0, 1, 1, 0])


def norms_read(tree: ast.Module) -> Iterator[str]:
    """Attributes with the name of a layer's norm, but for ``self``'s in a class that makes its own; and such parameters."""
    own: set[ast.Attribute] = set()
    for class_ in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        mine = [node for node in ast.walk(class_) if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self"]
        made = {node.attr for node in mine if isinstance(node.ctx, ast.Store)}
        own |= {node for node in mine if node.attr in made}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in LAYER_NORMS and node not in own:
            yield f"line {node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.Constant) and node.value in LAYER_NORMS:
            yield f"line {node.lineno}: the name {node.value!r}"
        if isinstance(node, ast.arg) and (node.arg in LAYER_NORMS or "Norm" in ast.unparse(node.annotation or node)):
            yield f"line {node.lineno}: the parameter {node.arg}"


def test_the_norms_of_the_layer_are_known() -> None:
    assert {"norm", "attention_norm"} == LAYER_NORMS
    assert {architecture.implementation for architecture in ARCHITECTURES.values()} == {"engine.encoder.post_ln:PostLNEncoder"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_method_reads_a_norm_of_the_layer(path: Path) -> None:
    assert not list(norms_read(ast.parse(path.read_text())))


@pytest.mark.parametrize(
    "source",
    [
        "layer.norm(f + x)",
        "class A:\n  def f(self): return self.encoder.layers[0].attention_norm",
        "class A:\n  def f(self, x): return self.norm(x)",
        "getattr(layer, 'norm')",
        "def site(f, x, norm): pass",
        "def site(f, x, n: nn.LayerNorm): pass",
    ],
)
def test_the_search_detects_a_norm_that_is_read(source: str) -> None:
    assert list(norms_read(ast.parse(source)))


def test_a_norm_of_the_methods_own_is_allowed() -> None:
    source = "class A:\n  def __init__(self): self.norm = make()\n  def f(self, x): return self.norm(x)"
    assert not list(norms_read(ast.parse(source)))


def test_no_site_is_given_a_norm() -> None:
    assert LayerSites.__annotations__ == {
        "query": "Callable[[Tensor, Tensor], Tensor]",
        "key": "Callable[[Tensor, Tensor], Tensor]",
        "value": "Callable[[Tensor, Tensor], Tensor]",
        "attention_output": "Callable[[Tensor], Tensor]",
        "intermediate": "Callable[[Tensor, Tensor], Tensor]",
        "beside_layer": "Callable[[Tensor, Packed, bool], Tensor] | None",
        "beside_feed_forward": "Callable[[Tensor, Packed], Tensor] | None",
        "bottleneck": "Callable[[Tensor], Tensor] | None",
        "output": "Callable[[Tensor], Tensor]",
    }
    assert Sites.__annotations__ == {
        "layers": "Sequence[LayerSites]",
        "top": "Callable[[Tensor, Packed], Tensor] | None",
        "mixes_tokens": "bool",
    }


@pytest.mark.parametrize("method", ["adapter", "scalearn", "lora", "pals"])
def test_methods_act_in_a_prenorm_encoder(method: str) -> None:
    model = attached(method, prenorm_encoder(CONFIG), width=12).train()
    own = [parameter for parameter in model.parts.parameters() if parameter.requires_grad]
    if method == "lora":  # whose change of a map starts at nothing
        with torch.no_grad():
            for parameter in own:
                parameter.normal_()
    loss, _ = model.loss(batch(), LABELS, RTE.key)
    loss.backward()
    assert loss.isfinite()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() and parameter.grad.any() for parameter in own)
    model.eval()
    with torch.no_grad():
        first, states = (model.encode(batch(), RTE.key, first_only) for first_only in (True, False))
        plain = model.encoder(batch(), first_only=False)
    torch.testing.assert_close(first, states[batch().first])
    assert not torch.allclose(states, plain, atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_trains_in_a_prenorm_encoder(method: str) -> None:
    model = attached(method, prenorm_encoder(CONFIG), width=12, heads=6, blocks=2).train()
    loss, _ = model.loss(batch(), LABELS, RTE.key)
    loss.backward()
    heads = [parameter for parameter in model.heads.parameters() if parameter.requires_grad]
    assert loss.isfinite() and all(parameter.grad.isfinite().all() for parameter in heads)


def test_a_prenorm_encoder_trained_whole_is_saved_and_loaded() -> None:
    trained, fresh = (attached("full-ft", prenorm_encoder(CONFIG)) for _ in range(2))
    with torch.no_grad():
        for parameter in trained.parameters():
            parameter.mul_(1.5)
        saved = {name: tensor.clone() for name, tensor in trained.trainable_state().items()}
        fresh.load_trainable(saved)
    assert "backbone.prenorm.layers.0.q.weight" in saved
    loaded = fresh.trainable_state()
    assert loaded.keys() == saved.keys() and all(torch.equal(loaded[name], saved[name]) for name in saved)
