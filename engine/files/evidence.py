"""Evidence of runs: what a model answered on dev and test, and which examples these are. Arrays without any text.

Answers are kept per run. Examples are kept once per home, in a file that is named by the digest of its arrays, however many
runs were evaluated on them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from engine.errors import UserError
from engine.files.disk import atomic_write, sync
from engine.files.home import Home

FORMAT = "1"
"""Of both kinds of files."""
HEADER = "header"
"""One JSON field: several would stand in a file in any order."""
CANDIDATES = ("em", "f1", "rank")
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class SplitEvidence:
    """A run's answers on one split, ``n`` examples, checked against their digests."""

    header: Mapping[str, str]
    """Of whom and of what the answers are: ``run`` (fingerprint), ``checkpoint`` (digest of its file), ``task``, ``split``,
    ``kind``, ``epoch``, ``rows``."""
    logits: np.ndarray
    """float32 ``[n, outputs]``, of the selected epoch."""
    rows: Arrays
    """``row_id`` uint8 ``[n, 16]`` and ``cluster`` int64 ``[n]`` (``engine.data.row_identity``); ``label`` as a
    ``TokenizedSplit`` has it; ``group`` int64 ``[n]`` where metrics are over groups; of a ranking also ``em``, ``f1`` and
    ``rank`` (``engine.data.candidates``)."""

    @property
    def kind(self) -> str:
        """Of the task."""
        return self.header["kind"]

    @property
    def candidates(self) -> Arrays | None:
        """What ranking metrics read; None for other kinds."""
        return {name: self.rows[name] for name in CANDIDATES} if "rank" in self.rows else None


def write_rows(home: Home, rows: Arrays) -> str:
    """Keep examples unless the home has them; returns the digest that names their file."""
    sha256 = arrays_digest(rows)
    path = home.evidence_rows(sha256)
    if not path.is_file():
        with atomic_write(path) as draft:
            save_file(dict(rows), draft, metadata={HEADER: json.dumps({"format": FORMAT})})
    return sha256


def write_logits(path: Path, logits: np.ndarray, header: Mapping[str, str], record: Callable[[str, int], None]) -> None:
    """Replace the file at ``path`` as a whole. ``header`` says of whom and of what the answers are.

    ``record`` gets digest and size of the new file before it replaces the old one, which stays if ``record`` raises.
    """
    arrays = {"logits": np.ascontiguousarray(logits, dtype=np.float32)}
    with atomic_write(path) as draft:
        save_file(arrays, draft, metadata={HEADER: json.dumps({"format": FORMAT, **header})})
        sync(draft)
        record(arrays_digest(arrays), draft.stat().st_size)


def read_evidence(home: Home, run_id: str, task: str, split: str, logits_sha256: str, rows_sha256: str) -> SplitEvidence:
    """What a run answered on a split of a task (by key).

    Raises UserError for a file that is missing, damaged or not the recorded one.
    """
    logits, header = _read(home.evidence(run_id, task, split), logits_sha256)
    rows, _ = _read(home.evidence_rows(rows_sha256), rows_sha256)
    return SplitEvidence(header, logits["logits"], rows)


def arrays_digest(arrays: Arrays) -> str:
    """sha256 over names, types, shapes and values, independent of the file that holds them."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {list(array.shape)}\n".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _read(path: Path, sha256: str) -> tuple[Arrays, Mapping[str, str]]:
    """Arrays and header."""
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get(HEADER, "{}"))
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise UserError(
            f"the evidence {path} is missing; put it back, or `scalearn delete` its run and train it again"
        ) from None
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"the evidence {path} cannot be read ({error}); put back a copy of it") from None
    if arrays_digest(arrays) != sha256:
        raise UserError(f"the evidence {path} is not what was recorded; put back a copy of it")
    return arrays, header
