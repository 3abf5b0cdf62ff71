"""The shape and constants of an encoder, read from a hub ``config.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.catalog.architectures import ARCHITECTURES, Architecture
from engine.errors import UserError

SUPPORTED = {
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
}
"""Values that a configuration must have where it names them."""


LARGEST = {
    "vocab_size": 10_000_000, "hidden_size": 65_536, "num_hidden_layers": 1_000, "num_attention_heads": 4_096,
    "intermediate_size": 1_000_000, "max_position_embeddings": 1_000_000, "type_vocab_size": 1_000, "pad_token_id": 10_000_000,
}  # fmt: skip
"""What no encoder of today comes near; a file may claim a billion layers."""


@dataclass(frozen=True)
class EncoderConfig:
    """The part of a ``config.json`` that changes what is computed."""

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
        if not isinstance(model_type, str) or model_type not in ARCHITECTURES:
            raise UserError(f"architecture {model_type!r} is not supported; choose a {', '.join(ARCHITECTURES)} backbone")
        for name, wanted in SUPPORTED.items():
            if values.get(name, wanted) != wanted:
                raise UserError(f"config.json: {name} {values[name]!r} is not supported; it must be {wanted!r}")
        defaults = {"pad_token_id": ARCHITECTURES[model_type].padding_id}
        fields: dict[str, Any] = {"model_type": model_type}
        for name, kind in cls.__annotations__.items():
            value = values.get(name, defaults.get(name))
            if name == "model_type" or (value is None and hasattr(cls, name)):
                continue
            whole = kind == "int"
            lowest = 0 if name == "pad_token_id" or not whole else 1
            number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
            if not number or not lowest <= value < (LARGEST[name] if whole else 1):
                raise UserError(f"config.json: {name} is {value!r}; take the config.json that belongs to the weights")
            fields[name] = value
        config = cls(**fields)
        if config.hidden_size % config.num_attention_heads:
            raise UserError("config.json: hidden_size must be a multiple of num_attention_heads")
        return config

    @property
    def architecture(self) -> Architecture:
        return ARCHITECTURES[self.model_type]

    @property
    def position_offset(self) -> int:
        """Index of the first token's position embedding."""
        return self.pad_token_id + 1 if self.architecture.positions_follow_padding else 0

    @property
    def max_length(self) -> int:
        """Tokens of the longest sequence that has position embeddings."""
        return self.max_position_embeddings - self.position_offset

    @property
    def head_dropout(self) -> float:
        return self.hidden_dropout_prob if self.classifier_dropout is None else self.classifier_dropout
