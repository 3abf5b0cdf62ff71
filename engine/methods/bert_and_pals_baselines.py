"""What BERT and PALs (Stickland & Murray 2019) compares with: each task's modules elsewhere, beside a trained backbone.

With ``z`` the layer's input, ``o`` the attention block's output map, ``N_a`` that block's norm (see ``adapter.py`` for ``f``,
``x`` and ``N``) and ``L(u) = up( gelu( down(u) ) )``:

    Houlsby:            x = N_a( o + L_1(o) + z ),   y = N( f + L_2(x) + x )
    Houlsby+PALs:       x = N_a( o + L_1(o) + z ),   y = N( f + P(x) + x ),   P as in ``pals.py``
    LHUC:               y = N( f + x ) * 2 sigmoid(a),   a one vector per layer, at first 0
    Top Proj. Attn.:    after the last layer, up( B_6( ... B_1( down(h) ) ) ) in place of h,   B an attention block without
                        feed-forward part
    BERT layer on top:  one more whole layer after the last one
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from engine.catalog.method import Value
from engine.catalog.task import TaskInfo
from engine.encoder.attention import attend
from engine.encoder.heads import INITIAL_STD, fresh_linear
from engine.encoder.packing import Packed
from engine.encoder.post_ln import Encoder, EncoderConfig, Layer
from engine.encoder.sites import Sites
from engine.methods.full import trained
from engine.methods.model import Model, SourceAdapter
from engine.methods.pals import (
    LayerMaps,
    LowRank,
    PerTask,
    ProjectedAttention,
    beside_backbone,
    check_heads,
    projected_attention,
)


class TwoAdapters(nn.Module):
    """One task's adapters of one layer."""

    def __init__(self, hidden_size: int, width: int) -> None:
        super().__init__()
        self.attention = LowRank(hidden_size, width)
        self.feed_forward = LowRank(hidden_size, width)


class Houlsby(PerTask):
    """Two adapters per layer, saved as ``tasks.{key}.layer.{i}.{attention,feed_forward}.{down,up}.{weight,bias}``."""

    def after_attention(self, layer: int, o: Tensor) -> Tensor:
        return o + self.selected.layer[layer].attention(o)

    def after_feed_forward(self, layer: int, f: Tensor, x: Tensor, norm: nn.LayerNorm) -> Tensor:
        return norm(f + self.selected.layer[layer].feed_forward(x) + x)


class AdapterAndAttention(nn.Module):
    """One task's adapters after attention, and its projected attention."""

    def __init__(self, adapters: LayerMaps, attention: ProjectedAttention) -> None:
        super().__init__()
        self.layer = adapters.layer
        self.pal = attention


class HoulsbyWithPals(PerTask):
    """Saved as ``tasks.{key}.layer.{i}.{down,up}`` and ``tasks.{key}.pal. ...``."""

    packed: Packed | None = None

    def after_attention(self, layer: int, o: Tensor) -> Tensor:
        return o + self.selected.layer[layer](o)

    def see(self, f: Tensor, z: Tensor, packed: Packed, first_only: bool) -> Tensor:
        """Keeps what the attention needs to know of the batch until the site that follows."""
        self.packed = packed
        return f

    def after_feed_forward(self, layer: int, f: Tensor, x: Tensor, norm: nn.LayerNorm) -> Tensor:
        packed, self.packed = cast(Packed, self.packed), None
        return norm(f + self.selected.pal(layer, x, packed, False) + x)


def every_token(hidden: Tensor, packed: Packed) -> Tensor:
    """Nothing at the place after the last layer, but the last layer is then computed for all tokens."""
    return hidden


class HiddenUnitContributions(nn.Module):
    """One task's scales: ``lhuc`` ``[layers, d]``."""

    def __init__(self, layers: int, hidden_size: int) -> None:
        super().__init__()
        self.lhuc = nn.Parameter(torch.zeros(layers, hidden_size))


class Lhuc(PerTask):
    """Learning hidden unit contributions."""

    def scaled(self, layer: int, f: Tensor, x: Tensor, norm: nn.LayerNorm) -> Tensor:
        return norm(f + x) * (2 * torch.sigmoid(self.selected.lhuc[layer]))


class AttentionBlock(nn.Module):
    """``N( Drop(output(attention(z))) + z )`` of one size; the norm starts as the identity."""

    def __init__(self, width: int, heads: int, config: EncoderConfig) -> None:
        super().__init__()
        self.heads = heads
        self.attention_dropout = config.attention_probs_dropout_prob
        self.qkv = fresh_linear(width, 3 * width)
        self.output = fresh_linear(width, width)
        self.norm = nn.LayerNorm(width, config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, z: Tensor, packed: Packed) -> Tensor:
        """``[N, width] -> [N, width]``."""
        query, key, value = self.qkv(z).chunk(3, dim=-1)
        dropout = self.attention_dropout if self.training else 0.0
        attended = attend(query, key, value, packed, self.heads, dropout, first_only=False)
        return self.norm(self.dropout(self.output(attended)) + z)


class AttentionOnTop(nn.Module):
    """One task's blocks between two projections. The result has no residual around it."""

    def __init__(self, config: EncoderConfig, width: int, heads: int, blocks: int) -> None:
        super().__init__()
        self.down = fresh_linear(config.hidden_size, width)
        self.block = nn.ModuleList(AttentionBlock(width, heads, config) for _ in range(blocks))
        self.up = fresh_linear(width, config.hidden_size)

    def forward(self, hidden: Tensor, packed: Packed) -> Tensor:
        """``[N, d] -> [N, d]``."""
        z = self.down(hidden)
        for block in self.block:
            z = block(z, packed)
        return self.up(z)


class LayerOnTop(nn.Module):
    """One task's whole layer, weights ~ N(0, 0.02^2), norms at first the identity."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.layer = Layer(config)
        for module in self.layer.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=INITIAL_STD)
                nn.init.zeros_(module.bias)

    def forward(self, hidden: Tensor, packed: Packed) -> Tensor:
        """``[N, d] -> [N, d]``."""
        return self.layer(hidden, packed, Sites())


class OnTop(PerTask):
    """What the selected task has after the last layer."""

    def act(self, hidden: Tensor, packed: Packed) -> Tensor:
        return self.selected(hidden, packed)


def attach_houlsby(
    encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], hyperparameters: Mapping[str, Value]
) -> Model:
    """Reads ``adapter_width``."""
    make = partial(TwoAdapters, encoder.config.hidden_size, int(hyperparameters["adapter_width"]))
    transfer = Houlsby(tasks, lambda: LayerMaps(len(encoder.layers), make))
    for layer, sites in enumerate(trained(encoder).sites):
        sites.attention_output = partial(transfer.after_attention, layer)
        sites.feed_forward_output = partial(transfer.after_feed_forward, layer)
    return beside_backbone(encoder, tasks, transfer)


def attach_houlsby_with_pals(
    encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], hyperparameters: Mapping[str, Value]
) -> Model:
    """Reads ``adapter_width``, ``width`` and ``heads``."""
    make = partial(LowRank, encoder.config.hidden_size, int(hyperparameters["adapter_width"]))
    layers = len(encoder.layers)
    transfer = HoulsbyWithPals(
        tasks, lambda: AdapterAndAttention(LayerMaps(layers, make), projected_attention(encoder, hyperparameters))
    )
    for layer, sites in enumerate(trained(encoder).sites):
        sites.attention_output = partial(transfer.after_attention, layer)
        sites.parallel = transfer.see
        sites.feed_forward_output = partial(transfer.after_feed_forward, layer)
    encoder.top = every_token
    return beside_backbone(encoder, tasks, transfer)


def attach_lhuc(
    encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], hyperparameters: Mapping[str, Value]
) -> Model:
    transfer = Lhuc(tasks, partial(HiddenUnitContributions, len(encoder.layers), encoder.config.hidden_size))
    for layer, sites in enumerate(trained(encoder).sites):
        sites.feed_forward_output = partial(transfer.scaled, layer)
    return beside_backbone(encoder, tasks, transfer)


def attach_top_attention(
    encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], hyperparameters: Mapping[str, Value]
) -> Model:
    """Reads ``width``, ``heads`` and ``blocks``. Raises UserError when ``width`` is not a multiple of ``heads``."""
    width, heads, blocks = (int(hyperparameters[name]) for name in ("width", "heads", "blocks"))
    check_heads(width, heads)
    return _on_top(encoder, tasks, OnTop(tasks, partial(AttentionOnTop, encoder.config, width, heads, blocks)))


def attach_layer_on_top(
    encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], hyperparameters: Mapping[str, Value]
) -> Model:
    return _on_top(encoder, tasks, OnTop(tasks, partial(LayerOnTop, encoder.config)))


def _on_top(encoder: Encoder, tasks: Sequence[TaskInfo], transfer: OnTop) -> Model:
    trained(encoder).top = transfer.act
    return beside_backbone(encoder, tasks, transfer)
