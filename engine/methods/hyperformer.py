"""HyperFormer and HyperFormer++ (Mahabadi et al. 2021): a frozen backbone's adapters are generated from embeddings.

With ``z_t`` a task's and ``s_l`` a layer's embedding (see ``adapter.py`` for ``f``, ``x``, ``h`` and ``N``):

    e = norm( outer( relu( inner(z_t) ) ) )             HyperFormer: generators per layer
    e = norm( outer( relu( inner([z_t ; s_l]) ) ) )     HyperFormer++: one set of generators for all layers
    down, up, scale, shift = generators(e)
    y = N( norm_{scale,shift}( up( gelu_tanh( down(h) ) ) ) + f + x )

All linear maps start at N(0, 0.02^2) with biases 0, embeddings of tasks and of layers at N(0, 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.catalog.method import Value
from engine.catalog.task import TaskInfo
from engine.encoder.heads import fresh_linear
from engine.encoder.post_ln import Encoder
from engine.methods.adapter import bottleneck_width
from engine.methods.model import Model, SourceAdapter, frozen
from engine.methods.sources import Folding

PROJECTED_EPSILON = 1e-6
GENERATED_EPSILON = 1e-5
"""Of the two layer norms."""


class Generator(nn.Module):
    """A linear map's or a norm's weight and bias from ``e``: ``[..., projected] -> [..., weights], [..., biases]``."""

    def __init__(self, projected: int, weights: int, biases: int) -> None:
        super().__init__()
        self.weight_generator = fresh_linear(projected, weights)
        self.bias_generator = fresh_linear(projected, biases)

    def forward(self, e: Tensor) -> tuple[Tensor, Tensor]:
        return self.weight_generator(e), self.bias_generator(e)


class Generators(nn.Module):
    """An adapter from ``e``."""

    def __init__(self, projected: int, hidden_size: int, width: int) -> None:
        super().__init__()
        self.down = Generator(projected, width * hidden_size, width)
        self.up = Generator(projected, hidden_size * width, hidden_size)
        self.post_norm = Generator(projected, hidden_size, hidden_size)

    def forward(self, e: Tensor) -> tuple[Tensor, ...]:
        """Weight and bias of the map down, of the map up and of the norm, each flat: ``[..., numbers]``."""
        return (*self.down(e), *self.up(e), *self.post_norm(e))


class HyperFormer(Folding):
    """Embeddings, the projector, and the generators: ``layer.{i}. ...``, or ``all_layers. ...`` when layers share them."""

    def __init__(
        self, tasks: Sequence[TaskInfo], layers: int, hidden_size: int, width: int, sizes: tuple[int, int, int], shared: bool
    ) -> None:
        super().__init__()
        embedding, inner, projected = sizes
        self.layers, self.hidden_size, self.width = layers, hidden_size, width
        self.embeddings = nn.ParameterDict({task.key: nn.Parameter(torch.randn(embedding)) for task in tasks})
        self.layer_embeddings = nn.Parameter(torch.randn(layers, embedding)) if shared else None
        self.inner = fresh_linear(2 * embedding if shared else embedding, inner)
        self.outer = fresh_linear(inner, projected)
        self.norm = nn.LayerNorm(projected, PROJECTED_EPSILON)
        if shared:
            self.all_layers = Generators(projected, hidden_size, width)
        else:
            self.layer = nn.ModuleList(Generators(projected, hidden_size, width) for _ in range(layers))
        self.task = tasks[0].key
        self._adapters: tuple[Tensor, ...] = ()

    def select(self, task: str) -> None:
        """Generate the adapters of the task of that key from now on."""
        if task != self.task:
            self.task = task
            self.forget()

    def projected(self) -> Tensor:
        """``e`` of the selected task: ``[projected]``, or ``[layers, projected]`` where it depends on the layer."""
        z = self.embeddings[self.task]
        if self.layer_embeddings is not None:
            z = torch.cat((z.expand(self.layers, -1), self.layer_embeddings), dim=1)
        return self.norm(self.outer(torch.relu(self.inner(z))))

    def fold(self) -> tuple[Tensor, ...]:
        """All layers' adapters of the selected task: down ``[L, r, d]``, ``[L, r]``, up ``[L, d, r]``, ``[L, d]``, scale and
        shift of the norm ``[L, d]``. Shared generators make them for all layers in one product each."""
        e = self.projected()
        if self.layer_embeddings is not None:
            generated = self.all_layers(e)
        else:
            generated = tuple(torch.stack(parts) for parts in zip(*(layer(e) for layer in self.layer), strict=True))
        down, down_bias, up, up_bias, scale, shift = generated
        r, d = self.width, self.hidden_size
        return down.view(-1, r, d), down_bias, up.view(-1, d, r), up_bias, scale, shift

    def act(self, layer: int, f: Tensor, x: Tensor, norm: nn.LayerNorm) -> Tensor:
        """``[rows, d]`` each. The first layer generates for all, the last one lets go."""
        if layer == 0:
            self._adapters = self.folded()
        down, down_bias, up, up_bias, scale, shift = (part[layer] for part in self._adapters)
        if layer == self.layers - 1:
            self._adapters = ()
        residual = f + x
        inner = F.gelu(F.linear(norm(residual), down, down_bias), approximate="tanh")
        delta = F.layer_norm(F.linear(inner, up, up_bias), (self.hidden_size,), scale, shift, GENERATED_EPSILON)
        return norm(delta + residual)


def attach(
    encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], hyperparameters: Mapping[str, Value]
) -> Model:
    """Reads ``shared`` (++), ``reduction``, ``embedding``, ``projector`` and ``projected``."""
    embedding, inner, projected = (int(hyperparameters[name]) for name in ("embedding", "projector", "projected"))
    hypernet = HyperFormer(
        tasks,
        len(frozen(encoder).layers),
        encoder.config.hidden_size,
        bottleneck_width(encoder, hyperparameters),
        (embedding, inner, projected),
        shared=bool(hyperparameters["shared"]),
    )
    for layer, sites in enumerate(encoder.sites):
        sites.feed_forward_output = partial(hypernet.act, layer)
    return Model(encoder, tasks, {"hypernet": hypernet}, select=hypernet.select)
