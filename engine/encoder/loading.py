"""Hub weights in, hub format out: ``config.json`` and ``model.safetensors`` of a folder, read and written directly."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.catalog.architectures import ARCHITECTURES
from engine.encoder.config import EncoderConfig
from engine.encoder.encoder import Encoder
from engine.encoder.shapes_only import shapes_only
from engine.errors import UserError
from engine.files.backbones import CONFIG, TOKENIZER_FILES, WEIGHTS, find_backbone
from engine.files.bounded import read_json
from engine.files.disk import file_digest


def new_encoder(config: EncoderConfig, pooler: bool = False) -> Encoder:
    """An encoder of the configuration's architecture, its parameters drawn at random."""
    module, name = config.architecture.implementation.split(":")
    implementation: Callable[[EncoderConfig, bool], Encoder] = getattr(importlib.import_module(module), name)
    return implementation(config, pooler)


def load_encoder(folder: Path, sha256: str | None = None, dropout: float | None = None) -> Encoder:
    """The encoder of a hub snapshot or local folder, in float32.

    Accepts files saved from a model with a head (names prefixed ``bert.`` or ``roberta.``) and the old names gamma and beta.

    Args:
        sha256: expected digest of the weights file.
        dropout: rate for hidden states, attention and heads, in place of the configuration's.

    Raises:
        UserError: a file is missing, damaged, of another architecture, or does not match its configuration or digest.
    """
    folder = Path(folder)
    config = load_config(folder)
    if dropout is not None:
        config = replace(config, hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout, classifier_dropout=dropout)
    path = folder / WEIGHTS
    if not path.is_file():
        if (folder / "pytorch_model.bin").exists():
            raise UserError(f"{folder} has only pytorch_model.bin, a pickle that is not read; save it as {WEIGHTS} first")
        raise UserError(f"{folder} has no {WEIGHTS}; download the backbone again or choose another")
    if sha256 is not None and (digest := file_digest(path)) != sha256:
        raise UserError(f"{path} is not the pinned file (sha256 {digest[:12]}..., not {sha256[:12]}...); download it again")
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise UserError(f"{path} is damaged ({error}); download it again") from None
    prefix = config.architecture.hub_prefix
    tensors = {_plain_name(name, prefix): tensor.float() for name, tensor in tensors.items()}
    with shapes_only():
        encoder = new_encoder(config, pooler="pooler.dense.weight" in tensors)
    return load_hub_state(encoder, tensors)


def load_config(folder: Path) -> EncoderConfig:
    """The configuration of a hub snapshot or local folder. Raises UserError when it is missing or not supported."""
    return EncoderConfig.from_json(_read_config(folder))


def shape_of(backbone: str) -> EncoderConfig:
    """A backbone's sizes, from the catalog, or from ``config.json`` of a folder or of a cached hub repository.

    Raises UserError as ``load_config``, and for an unknown backbone.
    """
    named = find_backbone(backbone)
    info = named.info
    if info is None:
        return load_config(named.folder())
    words, positions, types = ARCHITECTURES[info.architecture].embeddings
    d = info.hidden_size
    return EncoderConfig(info.architecture, words, d, info.layers, d // 32, 4 * d, positions, types, pad_token_id=1)


def load_hub_state(encoder: Encoder, tensors: Mapping[str, Tensor]) -> Encoder:
    """Load tensors with hub names into ``encoder``; tensors of heads are ignored.

    Raises:
        UserError: a tensor is missing or its shape is not the configuration's.
    """
    state = {}
    for ours, hub_names, shape in encoder.hub_tensors():
        for name in hub_names:
            if name not in tensors:
                raise UserError(f"the weights lack {name!r}; they do not belong to this {CONFIG}")
            if list(tensors[name].shape) != shape:
                raise UserError(
                    f"{name!r} is {list(tensors[name].shape)}, but {CONFIG} says {shape}; take files that belong together"
                )
        parts = [tensors[name] for name in hub_names]
        state[ours] = parts[0] if len(parts) == 1 else torch.cat(parts)
    encoder.load_state_dict(state, assign=any(parameter.is_meta for parameter in encoder.parameters()))
    return encoder


def hub_state(encoder: Encoder) -> dict[str, Tensor]:
    """The encoder's tensors (detached views) by hub name, as ``transformers.AutoModel`` of the same architecture names them."""
    state = encoder.state_dict()
    return {
        name: part
        for ours, hub_names, _ in encoder.hub_tensors()
        for name, part in zip(hub_names, state[ours].chunk(len(hub_names)), strict=True)
    }


def save_encoder(encoder: Encoder, original: Path, folder: Path) -> None:
    """Write a backbone that the hub's tools and ``load_encoder`` can read.

    Args:
        original: the folder the encoder was loaded from; its configuration and tokenizer are copied.
        folder: created if needed; files with the same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in TOKENIZER_FILES:
        if (original / name).is_file():
            shutil.copyfile(original / name, folder / name)
    # The weights are float32 and those of the plain encoder, whatever model the original was saved from.
    config = {**_read_config(original), "dtype": "float32", "architectures": [encoder.config.architecture.hub_class]}
    config.pop("torch_dtype", None)
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    tensors = {name: tensor.contiguous().cpu() for name, tensor in hub_state(encoder).items()}
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


def _read_config(folder: Path) -> Mapping[str, object]:
    path = folder / CONFIG
    try:
        return read_json(path)
    except FileNotFoundError:
        raise UserError(f"{folder} has no {CONFIG}; a backbone is a folder with {CONFIG} and {WEIGHTS}") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}); take the file that belongs to the weights") from None


def _plain_name(name: str, prefix: str) -> str:
    """A hub name without the prefix of a model with a head and with the current names of norm parameters."""
    name = name.removeprefix(prefix)
    if name.endswith((".gamma", ".beta")):
        name = name.replace(".gamma", ".weight").replace(".beta", ".bias")
    return name
