"""Small random backbones, as the hub's library makes them, and ragged batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertModel, RobertaConfig, RobertaModel, XLMRobertaConfig, XLMRobertaModel

from engine.encoder.packing import Packed, pack

ARCHITECTURES = {
    "bert": (BertConfig, BertModel),
    "roberta": (RobertaConfig, RobertaModel),
    "xlm-roberta": (XLMRobertaConfig, XLMRobertaModel),
}
VOCABULARY = 99


def reference(model_type: str, dropout: float = 0.0, seed: int = 0) -> torch.nn.Module:
    """A transformers model with weights large enough that a mistake shows."""
    make_config, make_model = ARCHITECTURES[model_type]
    config = make_config(
        vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=40, type_vocab_size=2 if model_type == "bert" else 1, initializer_range=0.2,
        hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout,
        pad_token_id=0 if model_type == "bert" else 1,
    )  # fmt: skip
    torch.manual_seed(seed)
    model = make_model(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    return model.eval()


def saved(model: torch.nn.Module, folder: Path) -> Path:
    model.save_pretrained(folder)
    return folder


def ragged(lengths: list[int], seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random tokens (no padding ids), lengths, and segments that switch in the middle of each sequence."""
    random = np.random.default_rng(seed)
    tokens = random.integers(3, VOCABULARY, sum(lengths)).astype(np.int32)
    segments = np.concatenate([np.arange(length) >= length // 2 for length in lengths]).astype(np.int64)
    return tokens, np.array(lengths, dtype=np.int64), segments


def padded(tokens: np.ndarray, lengths: np.ndarray, segments: np.ndarray, pad: int) -> dict[str, torch.Tensor]:
    """The same batch as the hub's models take it."""
    real = torch.arange(int(lengths.max())) < torch.from_numpy(lengths)[:, None]
    ids = torch.full(real.shape, pad)
    ids[real] = torch.from_numpy(tokens).long()
    types = torch.zeros(real.shape, dtype=torch.long)
    types[real] = torch.from_numpy(segments)
    return {"input_ids": ids, "attention_mask": real.long(), "token_type_ids": types}


def packed_batch(lengths: list[int], seed: int = 0) -> Packed:
    return pack(*ragged(lengths, seed))
