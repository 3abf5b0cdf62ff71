"""HyperFormer and HyperFormer++ (Mahabadi et al. 2021): a frozen backbone's adapters are generated from embeddings.

With ``z_t`` a task's and ``s_l`` a layer's embedding, at ``adapter.py``'s site and in its notation:

    e = norm( outer( relu( inner(z_t) ) ) )             HyperFormer: generators per layer
    e = norm( outer( relu( inner([z_t ; s_l]) ) ) )     HyperFormer++: one set of generators for all layers
    down, up, scale, shift = generators(e)
    A(h) = norm_{scale,shift}( up( gelu_tanh( down(h) ) ) )

All linear maps start at N(0, 0.02^2) with biases 0, embeddings of tasks and of layers at N(0, 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.catalog.task import TaskInfo
from engine.encoder.encoder import Encoder
from engine.encoder.heads import fresh_linear
from engine.encoder.sites import Sites, bottlenecks
from engine.methods.adapter import bottleneck_width
from engine.methods.folding import Folding
from engine.methods.model import Model, SourceAdapter, frozen

PROJECTED_EPSILON = 1e-6
GENERATED_EPSILON = 1e-5
"""Of the two layer norms."""


class Generator(nn.Module):
    """Generates weight and bias of a linear map or a norm from ``e``: ``[..., projected] -> [..., weights], [..., biases]``."""

    def __init__(self, projected: int, weights: int, biases: int) -> None:
        super().__init__()
        self.weight_generator = fresh_linear(projected, weights)
        self.bias_generator = fresh_linear(projected, biases)

    def forward(self, e: Tensor) -> tuple[Tensor, Tensor]:
        return self.weight_generator(e), self.bias_generator(e)


class Generators(nn.Module):
    """Generates an adapter from ``e``."""

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

    def sites(self, task: str) -> Sites:
        """The adapters of the task with that key, generated for all layers at once."""
        generated = self.folded(task)
        return bottlenecks(partial(adapter, *(part[layer] for part in generated)) for layer in range(self.layers))

    def projected(self, task: str) -> Tensor:
        """``e``: ``[projected]``, or ``[layers, projected]`` where it depends on the layer."""
        z = self.embeddings[task]
        if self.layer_embeddings is not None:
            z = torch.cat((z.expand(self.layers, -1), self.layer_embeddings), dim=1)
        return self.norm(self.outer(torch.relu(self.inner(z))))

    def fold(self, task: str) -> tuple[Tensor, ...]:
        """All layers' adapters of a task: down ``[L, r, d]``, ``[L, r]``, up ``[L, d, r]``, ``[L, d]``, scale and
        shift of the norm ``[L, d]``. Shared generators compute them for all layers in one product each."""
        e = self.projected(task)
        if self.layer_embeddings is not None:
            generated = self.all_layers(e)
        else:
            generated = tuple(torch.stack(parts) for parts in zip(*(layer(e) for layer in self.layer), strict=True))
        down, down_bias, up, up_bias, scale, shift = generated
        r, d = self.width, self.hidden_size
        return down.view(-1, r, d), down_bias, up.view(-1, d, r), up_bias, scale, shift


def adapter(down: Tensor, down_bias: Tensor, up: Tensor, up_bias: Tensor, scale: Tensor, shift: Tensor, h: Tensor) -> Tensor:
    """A generated adapter: ``[rows, d] -> [rows, d]``."""
    inner = F.gelu(F.linear(h, down, down_bias), approximate="tanh")
    return F.layer_norm(F.linear(inner, up, up_bias), up_bias.shape, scale, shift, GENERATED_EPSILON)


def attach(
    encoder: Encoder,
    tasks: Sequence[TaskInfo],
    sources: Sequence[SourceAdapter],
    *,
    reduction: int,
    embedding: int,
    projector: int,
    projected: int,
    shared: bool,
) -> Model:
    """``embedding``, ``projector`` and ``projected`` are the sizes of ``z_t``, of ``inner`` and of ``e``; ``shared`` is ++.

    Raises UserError when ``reduction`` leaves no bottleneck.
    """
    width, hidden_size = bottleneck_width(encoder, reduction), encoder.config.hidden_size
    sizes = (embedding, projector, projected)
    hypernet = HyperFormer(tasks, len(frozen(encoder).layers), hidden_size, width, sizes, shared)
    return Model(encoder, tasks, {"hypernet": hypernet}, hypernet.sites)
