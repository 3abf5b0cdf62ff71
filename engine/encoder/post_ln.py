"""The BERT / RoBERTa / XLM-R encoder (post-LN) over packed rows.

Devlin et al. 2019; Liu et al. 2019; Conneau et al. 2020. One layer, with ``z`` its input:

    x = N_a( Drop(W_o attention(z) + b_o) + z )
    f = Drop( W_2 gelu(W_1 x + b_1) + b_2 )
    y = N( f + x )
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.catalog.backbones import ARCHITECTURES
from engine.encoder.attention import attend
from engine.encoder.packing import Packed
from engine.encoder.sites import Sites
from engine.errors import UserError


@dataclass(frozen=True)
class EncoderConfig:
    """Shape and constants of an encoder; the part of a hub ``config.json`` that changes what is computed."""

    model_type: str
    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    type_vocab_size: int
    pad_token_id: int
    layer_norm_eps: float = 1e-12
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    classifier_dropout: float | None = None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> EncoderConfig:
        """Raises UserError when the architecture is another one or a value is missing or impossible."""
        if not isinstance(values, Mapping):
            raise UserError("config.json must hold an object; take the file that belongs to the weights")
        model_type = values.get("model_type")
        if model_type not in ARCHITECTURES:
            raise UserError(f"architecture {model_type!r} is not supported; choose a {', '.join(ARCHITECTURES)} backbone")
        expected = {
            "hidden_act": "gelu",
            "position_embedding_type": "absolute",
            "is_decoder": False,
            "add_cross_attention": False,
        }
        for name, wanted in expected.items():
            if values.get(name, wanted) != wanted:
                raise UserError(f"config.json: {name} {values[name]!r} is not supported; it must be {wanted!r}")
        defaults = {"pad_token_id": 0 if model_type == "bert" else 1}
        fields: dict[str, Any] = {"model_type": model_type}
        for name, kind in cls.__annotations__.items():
            value = values.get(name, defaults.get(name))
            if name == "model_type" or (value is None and hasattr(cls, name)):
                continue
            whole = kind == "int"
            lowest = 0 if name == "pad_token_id" or not whole else 1
            number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
            if not number or not lowest <= value < (float("inf") if whole else 1):
                raise UserError(f"config.json: {name} is {value!r}; take the config.json that belongs to the weights")
            fields[name] = value
        config = cls(**fields)
        if config.hidden_size % config.num_attention_heads:
            raise UserError("config.json: hidden_size must be a multiple of num_attention_heads")
        return config

    @property
    def position_offset(self) -> int:
        """RoBERTa counts positions from the one after its padding id."""
        return 0 if self.model_type == "bert" else self.pad_token_id + 1

    @property
    def max_length(self) -> int:
        """Tokens of the longest sequence that has position embeddings."""
        return self.max_position_embeddings - self.position_offset

    @property
    def head_dropout(self) -> float:
        return self.hidden_dropout_prob if self.classifier_dropout is None else self.classifier_dropout


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


class Layer(nn.Module):
    """One post-LN layer."""

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

    def forward(self, hidden: Tensor, packed: Packed, sites: Sites, first_only: bool = False) -> Tensor:
        """``[N, d] -> [N, d]``, or ``[B, d]`` when only the first token of each sequence is wanted.

        A first token reads every token's key and value, but everything else only of itself. ``sites`` is where methods act.
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
        f = sites.parallel(f, hidden, packed, first_only)
        return sites.feed_forward_output(f, x, self.norm)

    def _projections(self, hidden: Tensor, wanted: Tensor, first_only: bool) -> tuple[Tensor, Tensor, Tensor]:
        if not first_only:
            query, key, value = self.qkv(hidden).chunk(3, dim=-1)
            return query, key, value
        d = hidden.shape[-1]
        weight, bias = self.qkv.weight, self.qkv.bias
        key, value = F.linear(hidden, weight[d:], bias[d:]).chunk(2, dim=-1)
        return F.linear(wanted, weight[:d], bias[:d]), key, value


class Encoder(nn.Module):
    """Embeddings and layers over packed rows.

    ``pooler`` is carried along when the weights have one, so that they can be written back complete. Few heads read it.

    Attributes:
        sites: each layer's places for methods.
        top: one more place, after the last layer: ``(hidden [N, d], packed) -> [N, d]``.
    """

    def __init__(self, config: EncoderConfig, pooler: bool = False) -> None:
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.pooler = nn.Linear(config.hidden_size, config.hidden_size) if pooler else None
        self.reset_sites()

    def reset_sites(self) -> None:
        """Take every method out again."""
        self.sites = [Sites() for _ in self.layers]
        self.top: Callable[[Tensor, Packed], Tensor] | None = None

    def forward(self, packed: Packed, first_only: bool = True) -> Tensor:
        """Last hidden states: of each sequence's first token ``[B, d]``, or of all tokens ``[N, d]``."""
        hidden = self.embeddings(packed)
        *below, last = zip(self.layers, self.sites, strict=True)
        for layer, sites in below:
            hidden = layer(hidden, packed, sites)
        layer, sites = last
        if self.top is None:
            return layer(hidden, packed, sites, first_only)
        hidden = self.top(layer(hidden, packed, sites), packed)
        return hidden.index_select(0, packed.first) if first_only else hidden

    def pool(self, first: Tensor) -> Tensor:
        """``tanh( pooler(c) )``: ``[B, d] -> [B, d]``, in the weights' own precision; for an encoder that has a pooler."""
        assert self.pooler is not None
        with torch.autocast(first.device.type, enabled=False):
            return torch.tanh(self.pooler(first.to(self.pooler.weight.dtype)))
