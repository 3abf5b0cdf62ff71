"""A small pre-norm encoder, as a later architecture might be: nothing of it is called as in the post-LN one."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.encoder.attention import attend
from engine.encoder.config import EncoderConfig
from engine.encoder.encoder import Encoder, HubTensor
from engine.encoder.packing import Packed
from engine.encoder.sites import PLAIN, UNTOUCHED, LayerSites, Sites


class PreNormLayer(nn.Module):
    """``x = z + o(attention(N_1(z)))``, ``y = x + f + A(N_3(x + f))`` with ``f = W_2 gelu(W_1 N_2(x))``."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        d, self.heads = config.hidden_size, config.num_attention_heads
        self.q, self.k, self.v, self.o = (nn.Linear(d, d) for _ in range(4))
        self.before_attention, self.before_mlp, self.before_bottleneck = (nn.LayerNorm(d) for _ in range(3))
        self.inner, self.outer = nn.Linear(d, config.intermediate_size), nn.Linear(config.intermediate_size, d)

    def forward(self, z: Tensor, packed: Packed, sites: LayerSites = UNTOUCHED, first_only: bool = False) -> Tensor:
        wanted = z[packed.first] if first_only else z
        n, n_wanted = self.before_attention(z), self.before_attention(wanted)
        query, key, value = sites.query(self.q(n_wanted), n_wanted), sites.key(self.k(n), n), sites.value(self.v(n), n)
        x = wanted + sites.attention_output(self.o(attend(query, key, value, packed, self.heads, 0.0, first_only)))
        m = self.before_mlp(x)
        y = x + self.outer(F.gelu(sites.intermediate(self.inner(m), m)))
        y = y if sites.beside_layer is None else y + sites.beside_layer(z, packed, first_only)
        y = y if sites.beside_feed_forward is None else y + sites.beside_feed_forward(m, packed)
        y = y if sites.bottleneck is None else y + sites.bottleneck(self.before_bottleneck(y))
        return sites.output(y)


class PreNormEncoder(nn.Module):
    def __init__(self, config: EncoderConfig, pooler: bool = False) -> None:
        super().__init__()
        self.config = config
        self.embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(PreNormLayer(config) for _ in range(config.num_hidden_layers))
        self.last = nn.LayerNorm(config.hidden_size)
        self.pooler = nn.Linear(config.hidden_size, config.hidden_size) if pooler else None

    def forward(self, packed: Packed, sites: Sites = PLAIN, first_only: bool = True) -> Tensor:
        hidden, shortcut = self.embeddings(packed.tokens), first_only and not sites.need_every_token
        for i, (layer, at) in enumerate(zip(self.layers, sites.layers or [UNTOUCHED] * len(self.layers), strict=True)):
            hidden = layer(hidden, packed, at, first_only=shortcut and i + 1 == len(self.layers))
        hidden = hidden if sites.top is None else sites.top(hidden, packed)
        return self.last(hidden[packed.first] if first_only and not shortcut else hidden)

    def new_layer(self) -> PreNormLayer:
        return PreNormLayer(self.config)

    def hub_tensors(self) -> Iterator[HubTensor]:
        return (HubTensor(name, [f"prenorm.{name}"], list(tensor.shape)) for name, tensor in self.state_dict().items())


def prenorm_encoder(config: EncoderConfig) -> Encoder:
    torch.manual_seed(0)
    encoder = PreNormEncoder(config, pooler=True)
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.2 + (parameter.dim() == 1))
    return encoder
