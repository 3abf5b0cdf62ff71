"""Checkpoints: one safetensors file whose header carries a JSON card, written so that it is complete or absent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import UserError
from engine.files.disk import atomic_write, file_digest, sync

CARD = "card"
DIGEST = "contents"
"""Field of a card in its file: a digest of tensors and card. Files of earlier versions and exported adapters lack it."""


@dataclass(frozen=True)
class Saved:
    """What the registry stores about a checkpoint file."""

    sha256: str
    bytes: int


def save_checkpoint(
    path: Path, tensors: Mapping[str, Tensor], card: Mapping[str, Any], record: Callable[[Saved], None] | None = None
) -> Saved:
    """Replace the file at ``path`` as a whole, with a digest by which ``load_checkpoint`` notices damage."""
    return save_tensors(path, tensors, {**card, DIGEST: _contents_digest(tensors, card)}, record)


def save_tensors(
    path: Path, tensors: Mapping[str, Tensor], card: Mapping[str, Any], record: Callable[[Saved], None] | None = None
) -> Saved:
    """Replace the file at ``path`` as a whole (``atomic_write``).

    ``record`` is called when the new file is complete, before it replaces the old one, which stays if ``record`` raises.
    """
    copies = {name: tensor.detach().to("cpu").contiguous() for name, tensor in tensors.items()}
    with atomic_write(path) as draft:
        save_file(copies, draft, metadata={CARD: json.dumps(card)})
        # What is recorded must be on disk.
        sync(draft)
        saved = Saved(file_digest(draft), draft.stat().st_size)
        if record is not None:
            record(saved)
    return saved


def load_checkpoint(path: Path, sha256: str | None = None, device: str = "cpu") -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and card of a checkpoint, whose content is checked.

    Raises UserError when it is missing, malformed, damaged, or not the file whose digest is ``sha256``.
    """
    if not path.is_file():
        raise UserError(f"checkpoint {path} is missing; put it back, or train its run again after `scalearn delete`")
    if sha256 is not None and file_digest(path) != sha256:
        raise UserError(f"checkpoint {path} is not the file that was recorded; train its run again after `scalearn delete`")
    try:
        with safe_open(path, framework="pt", device=device) as file:
            card = json.loads((file.metadata() or {}).get(CARD, "{}"))
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, json.JSONDecodeError) as error:
        raise UserError(f"checkpoint {path} is malformed ({error}); train its run again after `scalearn delete`") from None
    expected = card.pop(DIGEST, None)
    if sha256 is None and expected is not None and expected != _contents_digest(tensors, card):
        raise UserError(f"checkpoint {path} is damaged; put back a copy of it, or train its run again after `scalearn delete`")
    return tensors, card


def _contents_digest(tensors: Mapping[str, Tensor], card: Mapping[str, Any]) -> str:
    return hashlib.sha256(f"{tensors_digest(tensors)} {json.dumps(card, sort_keys=True)}".encode()).hexdigest()


def tensors_digest(tensors: Mapping[str, Tensor]) -> str:
    """sha256 over names, types, shapes and values: equal for equal weights, independent of the rest of the file."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().to("cpu").contiguous()
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def with_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}{name}": tensor for name, tensor in tensors.items()}


def below_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
