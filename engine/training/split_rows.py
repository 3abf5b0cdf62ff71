"""The rows of train and dev that the first attempt of a run was given, kept beside its checkpoints.

Whatever rows a later version would draw, a resumed run continues with these.
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


class SplitRows:
    """The file of kept rows in the folder of a run, read once.

    ``recorded`` is the digest in the run's record; None before an attempt has recorded one.
    """

    def __init__(self, folder: Path, recorded: str | None) -> None:
        self._path = folder / FILE
        self._recorded = recorded
        stored = _read(self._path)
        self._stored_digest = digest(stored)
        self.rows: dict[str, Rows] = stored if recorded in (None, self._stored_digest) else {}
        """By task key; empty where none are kept, or others than were recorded."""

    def keep(self, rows: Mapping[str, Rows]) -> str:
        """Write ``rows`` unless the file holds them; returns their digest, to be recorded.

        Raises UserError where they differ from the recorded ones: those are lost, and now another split is drawn.
        """
        current = digest(rows)
        if self._recorded not in (None, current):
            raise UserError(f"the rows that this run started with are lost, and would be others now; bring back {self._path}")
        if self._stored_digest != current:
            tensors = {f"{task}.{part}": torch.from_numpy(of[part]) for task, of in rows.items() for part in of}
            save_checkpoint(self._path, tensors, {})
        return current


def digest(rows: Mapping[str, Rows]) -> str:
    """sha256 of the row numbers by task key and split, in hexadecimal, independent of the file that holds them."""
    sha256 = hashlib.sha256()
    for task in sorted(rows):
        for part in sorted(rows[task]):
            sha256.update(f"{task} {part} {len(rows[task][part])}\n".encode())
            sha256.update(rows[task][part].astype("<i8").tobytes())
    return sha256.hexdigest()


def _read(path: Path) -> dict[str, Rows]:
    """By task key; empty where the file is missing or damaged."""
    try:
        tensors, _ = load_checkpoint(path)
    except UserError:
        return {}
    rows: dict[str, dict[str, np.ndarray]] = {}
    for name, tensor in tensors.items():
        task, _, part = name.rpartition(".")
        rows.setdefault(task, {})[part] = tensor.numpy()
    return dict(rows)
