"""The baselines of BERT and PALs (Stickland & Murray 2019): each task's modules at other sites of a trained backbone.

With ``z`` the layer's input, ``o`` the attention block's output map, ``N_a`` that block's norm (see ``adapter.py`` for ``f``,
``x`` and ``N``) and ``L(u) = up( gelu( down(u) ) )``, a post-LN layer becomes

    Houlsby:            x = N_a( o + L_1(o) + z ),   y = N( f + L_2(x) + x )
    Houlsby+PALs:       x = N_a( o + L_1(o) + z ),   y = N( f + P(x) + x ),   P as in ``pals.py``
    LHUC:               y = N( f + x ) * 2 sigmoid(a),   a one vector per layer, initially 0
    Top Proj. Attn.:    after the last layer, up( B_6( ... B_1( down(h) ) ) ) in place of h,   B an attention block without
                        feed-forward part
    BERT layer on top:  one more whole layer after the last one
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from engine.catalog.task import TaskInfo
from engine.encoder.attention import attend
from engine.encoder.config import EncoderConfig
from engine.encoder.encoder import Encoder
from engine.encoder.heads import INITIAL_STD, fresh_linear
from engine.encoder.packing import Packed
from engine.encoder.sites import LayerSites, Sites
from engine.methods.model import Model, SourceAdapter
from engine.methods.pals import LowRank, ProjectedAttention, beside_backbone, check_heads, projected_attention


class TwoAdapters(nn.Module):
    """One task's adapters of one layer."""

    def __init__(self, hidden_size: int, width: int) -> None:
        super().__init__()
        self.attention = LowRank(hidden_size, width)
        self.feed_forward = LowRank(hidden_size, width)

    def sites(self) -> LayerSites:
        return LayerSites(
            attention_output=partial(add_adapter, self.attention), beside_feed_forward=partial(contribution, self.feed_forward)
        )


def add_adapter(adapter: nn.Module, o: Tensor) -> Tensor:
    """``o + L(o)``, ``[rows, d]``."""
    return o + adapter(o)


def contribution(adapter: nn.Module, x: Tensor, packed: Packed) -> Tensor:
    """``L(x)``, ``[rows, d]``."""
    return adapter(x)


class Houlsby(nn.Module):
    """One task's adapters, saved as ``layer.{i}.{attention,feed_forward}.{down,up}.{weight,bias}``."""

    def __init__(self, layers: int, hidden_size: int, width: int) -> None:
        super().__init__()
        self.layer = nn.ModuleList(TwoAdapters(hidden_size, width) for _ in range(layers))

    def sites(self) -> Sites:
        return Sites([cast(TwoAdapters, adapters).sites() for adapters in self.layer])


class HoulsbyWithPals(nn.Module):
    """One task's adapters after attention ``layer.{i}.{down,up}``, and its projected attention ``pal. ...``."""

    def __init__(self, encoder: Encoder, adapter_width: int, width: int, heads: int) -> None:
        super().__init__()
        self.layer = nn.ModuleList(LowRank(encoder.config.hidden_size, adapter_width) for _ in encoder.layers)
        self.pal: ProjectedAttention = projected_attention(encoder, width, heads)

    def sites(self) -> Sites:
        layers = [
            LayerSites(attention_output=partial(add_adapter, adapter), beside_feed_forward=partial(self.pal, layer))
            for layer, adapter in enumerate(self.layer)
        ]
        return Sites(layers, mixes_tokens=True)


class HiddenUnitContributions(nn.Module):
    """One task's scales (learning hidden unit contributions): ``lhuc`` ``[layers, d]``."""

    def __init__(self, layers: int, hidden_size: int) -> None:
        super().__init__()
        self.lhuc = nn.Parameter(torch.zeros(layers, hidden_size))

    def sites(self) -> Sites:
        return Sites([LayerSites(output=partial(self.scaled, layer)) for layer in range(len(self.lhuc))])

    def scaled(self, layer: int, y: Tensor) -> Tensor:
        """``[rows, d] -> [rows, d]``."""
        return y * (2 * torch.sigmoid(self.lhuc[layer]))


class AttentionBlock(nn.Module):
    """``N( Drop(output(attention(z))) + z )`` of width ``width``; the norm is initially the identity."""

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

    def sites(self) -> Sites:
        return Sites(top=self)

    def forward(self, hidden: Tensor, packed: Packed) -> Tensor:
        """``[N, d] -> [N, d]``."""
        z = self.down(hidden)
        for block in self.block:
            z = block(z, packed)
        return self.up(z)


class LayerOnTop(nn.Module):
    """One task's whole layer, weights ~ N(0, 0.02^2), norms initially the identity."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.layer = encoder.new_layer()
        for module in self.layer.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=INITIAL_STD)
                nn.init.zeros_(module.bias)

    def sites(self) -> Sites:
        return Sites(top=self)

    def forward(self, hidden: Tensor, packed: Packed) -> Tensor:
        """``[N, d] -> [N, d]``."""
        return self.layer(hidden, packed)


def attach_houlsby(
    encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], *, adapter_width: int
) -> Model:
    return beside_backbone(encoder, tasks, partial(Houlsby, len(encoder.layers), encoder.config.hidden_size, adapter_width))


def attach_houlsby_with_pals(
    encoder: Encoder,
    tasks: Sequence[TaskInfo],
    sources: Sequence[SourceAdapter],
    *,
    adapter_width: int,
    width: int,
    heads: int,
) -> Model:
    """``width`` and ``heads`` are the projected attention's. Raises UserError when ``width`` is not a multiple of ``heads``."""
    return beside_backbone(encoder, tasks, partial(HoulsbyWithPals, encoder, adapter_width, width, heads))


def attach_lhuc(encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter]) -> Model:
    make = partial(HiddenUnitContributions, len(encoder.layers), encoder.config.hidden_size)
    return beside_backbone(encoder, tasks, make)


def attach_top_attention(
    encoder: Encoder,
    tasks: Sequence[TaskInfo],
    sources: Sequence[SourceAdapter],
    *,
    width: int,
    heads: int,
    blocks: int,
) -> Model:
    """Raises UserError when ``width`` is not a multiple of ``heads``."""
    check_heads(width, heads)
    return beside_backbone(encoder, tasks, partial(AttentionOnTop, encoder.config, width, heads, blocks))


def attach_layer_on_top(encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter]) -> Model:
    return beside_backbone(encoder, tasks, partial(LayerOnTop, encoder))
