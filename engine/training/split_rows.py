"""The rows of train and dev that a run started with, kept beside its checkpoints.

Whatever a later version would draw, a resumed run goes on with these.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from engine.data.prepared import Rows
from engine.errors import UserError
from engine.training.checkpoints import load_checkpoint, save_checkpoint

FILE = "rows.safetensors"


def digest(rows: Mapping[str, Rows]) -> str:
    """sha256 of row numbers by task key and part, whatever file holds them."""
    found = hashlib.sha256()
    for task in sorted(rows):
        for part in sorted(rows[task]):
            found.update(f"{task} {part} {len(rows[task][part])}\n".encode())
            found.update(rows[task][part].astype("<i8").tobytes())
    return found.hexdigest()


def kept_rows(folder: Path, recorded: str | None) -> dict[str, Rows]:
    """What an earlier start of the run in ``folder`` kept, by task key; empty where there is none, or not what was recorded."""
    try:
        tensors, _ = load_checkpoint(folder / FILE)
    except UserError:
        return {}
    found: dict[str, dict[str, np.ndarray]] = {}
    for name, tensor in tensors.items():
        task, _, part = name.rpartition(".")
        found.setdefault(task, {})[part] = tensor.numpy()
    return dict(found) if recorded in (None, digest(found)) else {}


def keep_rows(folder: Path, rows: Mapping[str, Rows], recorded: str | None) -> str:
    """Write ``rows`` unless they are kept already; their digest, for the run's record.

    Raises UserError where they are not what was recorded: what was kept is lost, and the split is drawn otherwise now.
    """
    now = digest(rows)
    if recorded not in (None, now):
        raise UserError(f"the rows that this run started with are lost, and would be others now; bring back {folder / FILE}")
    if digest(kept_rows(folder, None)) != now:
        named = {f"{task}.{part}": torch.from_numpy(numbers) for task, parts in rows.items() for part, numbers in parts.items()}
        save_checkpoint(folder / FILE, named, {})
    return now
