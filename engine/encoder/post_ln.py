"""The BERT / RoBERTa / XLM-R encoder (post-LN) over packed rows.

Devlin et al. 2019; Liu et al. 2019; Conneau et al. 2020. One layer, with ``z`` its input:

    x = N_a( Drop(W_o attention(z) + b_o) + z )
    f = Drop( W_2 gelu(W_1 x + b_1) + b_2 )
    y = N( f + x )

What a method contributes beside the layer or the feed-forward block is added to ``f``; a bottleneck ``A`` reads the plain
layer's output, so that the pretrained norm is applied twice: ``y = N( A(N(f + x)) + f + x )``.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch.nn.functional as F
from torch import Tensor, nn

from engine.encoder.attention import attend
from engine.encoder.config import EncoderConfig
from engine.encoder.encoder import Encoder, HubTensor
from engine.encoder.packing import Packed
from engine.encoder.sites import PLAIN, UNTOUCHED, LayerSites, Sites

HUB_MODULES = {
    "embeddings.word": "embeddings.word_embeddings",
    "embeddings.position": "embeddings.position_embeddings",
    "embeddings.token_type": "embeddings.token_type_embeddings",
    "embeddings.norm": "embeddings.LayerNorm",
    "pooler": "pooler.dense",
    "qkv": "attention.self.{}",
    "attention_output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "intermediate": "intermediate.dense",
    "output": "output.dense",
    "norm": "output.LayerNorm",
}
"""The hub's names of our modules; those of a layer are prefixed ``encoder.layer.{i}``."""
MERGED = ("query", "key", "value")
"""The hub's maps that are one matrix here, in this order."""


class Embeddings(nn.Module):
    """``Drop( N( word + position + token type ) )``, ``[N, d]``."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.word = nn.Embedding(config.vocab_size, config.hidden_size)
        self.position = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.token_type = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.norm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.position_offset = config.position_offset

    def forward(self, packed: Packed) -> Tensor:
        # Models with a single token type were pretrained without segments, whatever the tokenizer marks.
        segments = (
            packed.segments
            if self.token_type.num_embeddings > 1
            else packed.segments.new_zeros(()).expand(packed.segments.shape)
        )
        embedded = self.word(packed.tokens) + self.position(packed.positions + self.position_offset) + self.token_type(segments)
        return self.dropout(self.norm(embedded))


class PostLNLayer(nn.Module):
    """One layer."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        d = config.hidden_size
        self.heads = config.num_attention_heads
        self.attention_dropout = config.attention_probs_dropout_prob
        self.qkv = nn.Linear(d, 3 * d)
        self.attention_output = nn.Linear(d, d)
        self.attention_norm = nn.LayerNorm(d, config.layer_norm_eps)
        self.intermediate = nn.Linear(d, config.intermediate_size)
        self.output = nn.Linear(config.intermediate_size, d)
        self.norm = nn.LayerNorm(d, config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, hidden: Tensor, packed: Packed, sites: LayerSites = UNTOUCHED, first_only: bool = False) -> Tensor:
        """``[N, d] -> [N, d]``, or ``[B, d]`` when only the first token of each sequence is wanted.

        A first token needs the keys and values of every token, but everything else only of itself.
        """
        wanted = hidden.index_select(0, packed.first) if first_only else hidden
        query, key, value = self._projections(hidden, wanted, first_only)
        query = sites.query(query, wanted)
        key = sites.key(key, hidden)
        value = sites.value(value, hidden)
        dropout = self.attention_dropout if self.training else 0.0
        attended = attend(query, key, value, packed, self.heads, dropout, first_only)
        o = sites.attention_output(self.dropout(self.attention_output(attended)))
        x = self.attention_norm(o + wanted)
        inner = sites.intermediate(self.intermediate(x), x)
        f = self.dropout(self.output(F.gelu(inner)))
        if sites.beside_layer is not None:
            f = f + sites.beside_layer(hidden, packed, first_only)
        if sites.beside_feed_forward is not None:
            f = f + sites.beside_feed_forward(x, packed)
        residual = f + x
        if sites.bottleneck is not None:
            residual = sites.bottleneck(self.norm(residual)) + residual
        return sites.output(self.norm(residual))

    def _projections(self, hidden: Tensor, wanted: Tensor, first_only: bool) -> tuple[Tensor, Tensor, Tensor]:
        if not first_only:
            query, key, value = self.qkv(hidden).chunk(3, dim=-1)
            return query, key, value
        d = hidden.shape[-1]
        weight, bias = self.qkv.weight, self.qkv.bias
        key, value = F.linear(hidden, weight[d:], bias[d:]).chunk(2, dim=-1)
        return F.linear(wanted, weight[:d], bias[:d]), key, value


class PostLNEncoder(nn.Module):
    """Embeddings and layers over packed rows; an ``engine.encoder.encoder.Encoder``."""

    def __init__(self, config: EncoderConfig, pooler: bool = False) -> None:
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config)
        self.layers = nn.ModuleList(PostLNLayer(config) for _ in range(config.num_hidden_layers))
        self.pooler = nn.Linear(config.hidden_size, config.hidden_size) if pooler else None

    def forward(self, packed: Packed, sites: Sites = PLAIN, first_only: bool = True) -> Tensor:
        """Last hidden states: of each sequence's first token ``[B, d]``, or of all tokens ``[N, d]``."""
        hidden = self.embeddings(packed)
        shortcut = first_only and not sites.need_every_token
        *lower, top = zip(self.layers, sites.layers or [UNTOUCHED] * len(self.layers), strict=True)
        for layer, layer_sites in lower:
            hidden = layer(hidden, packed, layer_sites)
        layer, layer_sites = top
        hidden = layer(hidden, packed, layer_sites, first_only=shortcut)
        if sites.top is not None:
            hidden = sites.top(hidden, packed)
        return hidden.index_select(0, packed.first) if first_only and not shortcut else hidden

    def new_layer(self) -> PostLNLayer:
        """One more layer, ``(hidden [N, d], packed) -> [N, d]``, its parameters drawn at random."""
        return PostLNLayer(self.config)

    def hub_tensors(self) -> Iterator[HubTensor]:
        """Every tensor of ``state_dict``."""
        for name, tensor in self.state_dict().items():
            module, kind = name.rsplit(".", 1)
            prefix = ""
            if module.startswith("layers."):
                _, index, module = module.split(".", 2)
                prefix = f"encoder.layer.{index}."
            parts = MERGED if module == "qkv" else ("",)
            hub_names = [f"{prefix}{HUB_MODULES[module].format(part)}.{kind}" for part in parts]
            yield HubTensor(name, hub_names, [tensor.shape[0] // len(parts), *tensor.shape[1:]])


# The class is resolved by its name; here mypy compares it with the protocol.
_implementation: type[Encoder] = PostLNEncoder
