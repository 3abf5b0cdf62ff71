"""Hub weights in, hub format out: ``config.json`` and ``model.safetensors`` of a folder, read and written directly."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.encoder.post_ln import Encoder, EncoderConfig
from engine.errors import UserError
from engine.files.backbones import CONFIG, TOKENIZER_FILES, WEIGHTS
from engine.files.disk import file_digest

ENCODER_CLASSES = {"bert": "BertModel", "roberta": "RobertaModel", "xlm-roberta": "XLMRobertaModel"}
MERGED = ("query", "key", "value")
"""The hub's maps that are one matrix here, in this order."""


def load_encoder(folder: Path, sha256: str | None = None, dropout: float | None = None) -> Encoder:
    """The encoder of a hub snapshot or local folder, in float32.

    Accepts files saved from a model with a head (names below ``bert.`` or ``roberta.``) and the old names gamma and beta.

    Args:
        sha256: expected digest of the weights file.
        dropout: rate for hidden states, attention and heads, instead of the configuration's.

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
    tensors = {_plain_name(name): tensor.float() for name, tensor in tensors.items()}
    with torch.device("meta"):
        encoder = Encoder(config, pooler="pooler.dense.weight" in tensors)
    return load_hub_state(encoder, tensors)


def load_config(folder: Path) -> EncoderConfig:
    """The configuration of a hub snapshot or local folder. Raises UserError when it is missing or not understood."""
    return EncoderConfig.from_json(_read_config(folder))


def load_hub_state(encoder: Encoder, tensors: Mapping[str, Tensor]) -> Encoder:
    """Put tensors with hub names into ``encoder``; tensors of heads are left aside.

    Raises:
        UserError: a tensor is missing or its shape is not the configuration's.
    """
    state = {}
    for ours, hub, shape in _names(encoder):
        for name in hub:
            if name not in tensors:
                raise UserError(f"the weights lack {name!r}; they do not belong to this {CONFIG}")
            if list(tensors[name].shape) != shape:
                raise UserError(
                    f"{name!r} is {list(tensors[name].shape)}, but {CONFIG} says {shape}; take files that belong together"
                )
        parts = [tensors[name] for name in hub]
        state[ours] = parts[0] if len(parts) == 1 else torch.cat(parts)
    encoder.load_state_dict(state, assign=any(parameter.is_meta for parameter in encoder.parameters()))
    return encoder


def hub_state(encoder: Encoder) -> dict[str, Tensor]:
    """The encoder's tensors (detached views) by hub name, as ``transformers.AutoModel`` of the same architecture names them."""
    state = encoder.state_dict()
    return {name: part for ours, hub, _ in _names(encoder) for name, part in zip(hub, state[ours].chunk(len(hub)), strict=True)}


def save_encoder(encoder: Encoder, original: Path, folder: Path) -> None:
    """Write a backbone that the hub's tools and ``load_encoder`` read.

    Args:
        original: the folder the encoder was loaded from; its configuration and tokenizer are those of the result.
        folder: made if needed; files of the same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in TOKENIZER_FILES:
        if (original / name).is_file():
            shutil.copyfile(original / name, folder / name)
    # The weights are float32 and those of the plain encoder, whatever the original was saved from.
    config = {**_read_config(original), "dtype": "float32", "architectures": [ENCODER_CLASSES[encoder.config.model_type]]}
    config.pop("torch_dtype", None)
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    tensors = {name: tensor.contiguous().cpu() for name, tensor in hub_state(encoder).items()}
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


def _read_config(folder: Path) -> Mapping[str, object]:
    path = folder / CONFIG
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{folder} has no {CONFIG}; a backbone is a folder with {CONFIG} and {WEIGHTS}") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}); take the file that belongs to the weights") from None


def _plain_name(name: str) -> str:
    """A hub name without the prefix of a model with a head and with the norms' present names."""
    for prefix in ("bert.", "roberta."):
        name = name.removeprefix(prefix)
    if name.endswith((".gamma", ".beta")):
        name = name.replace(".gamma", ".weight").replace(".beta", ".bias")
    return name


def _names(encoder: Encoder) -> Iterator[tuple[str, list[str], list[int]]]:
    """Every tensor of the encoder: our name, its hub names in the order of their rows, and the shape of each hub tensor."""
    modules = {
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
    for ours, tensor in encoder.state_dict().items():
        module, kind = ours.rsplit(".", 1)
        prefix = ""
        if module.startswith("layers."):
            _, index, module = module.split(".", 2)
            prefix = f"encoder.layer.{index}."
        parts = MERGED if module == "qkv" else ("",)
        hub = [f"{prefix}{modules[module].format(part)}.{kind}" for part in parts]
        yield ours, hub, [tensor.shape[0] // len(parts), *tensor.shape[1:]]
