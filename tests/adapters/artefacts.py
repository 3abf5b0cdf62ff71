"""Exported adapters taken apart, changed and put together again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.runs.request import Request
from engine.runs.spec import RunSpec, fingerprint_of
from engine.training.checkpoints import tensors_digest

BUDGET = {"epochs": 1, "limits": {"train": 16, "dev": 8, "test": 8}}


Parts = tuple[dict[str, Tensor], dict[str, Any]]


def request(backbone: Path, **fields: Any) -> Request:
    return Request(**{"methods": ("adapter",), "targets": ("toy/choice",), "backbone": str(backbone), **BUDGET, **fields})


def parts_of(path: Path) -> Parts:
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, json.loads(file.metadata()["card"])  # noqa: SIM118


def write(path: Path, parts: Parts) -> Path:
    tensors, card = parts
    save_file(tensors, path, metadata={"card": json.dumps(card)})
    return path


def foreign(parts: Parts) -> Parts:
    """The adapter as that of a task which only its trainers have."""
    tensors, card = parts
    tensors = {name.replace("toy/choice", "lab/own-task"): tensor for name, tensor in tensors.items()}
    card["task"]["key"] = "lab/own-task"
    card["spec"] |= {"targets": ["lab/own-task"], "data": {"lab/own-task": "sha256:" + "0" * 64}}
    card["results"] = {"lab/own-task": card["results"]["toy/choice"]}
    return tensors, signed(card) | {"tensors_sha256": tensors_digest(tensors)}


def signed(card: dict[str, Any]) -> dict[str, Any]:
    return card | {"fingerprint": fingerprint_of(RunSpec(**card["spec"]), [card["task"]])}
