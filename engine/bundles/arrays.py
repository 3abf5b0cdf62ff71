"""The arrays of a bundle: checked by name, type, shape and value before anything is computed with them."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from engine.bundles import strict_json
from engine.catalog.kinds import KINDS
from engine.catalog.task import TaskInfo
from engine.errors import UserError
from engine.files.evidence import CANDIDATES, FORMAT, HEADER, Arrays

LONGEST_HEADER = 1 << 20
ID_BYTES = 16
"""Of an example's id (``engine.data.row_identity``)."""
NUMBERED = {"em": np.uint8, "f1": np.float64, "rank": np.int32, "group": np.int64, "cluster": np.int64}
"""Types of the arrays ``[examples]`` beside ids and labels."""


def read_arrays(data: bytes, name: str) -> tuple[dict[str, np.ndarray], Mapping[str, str]]:
    """Arrays and header of a safetensors member. Raises UserError that names it."""
    try:
        length = int.from_bytes(data[:8], "little")
        if length > min(LONGEST_HEADER, len(data)):
            raise ValueError("its header is too long")
        about = strict_json.parse(data[8 : 8 + length].rstrip(b" "))
        header = strict_json.parse(about.pop("__metadata__", {}).get(HEADER, "{}").encode())
        arrays = load(data)
        if not isinstance(header, dict) or any(not isinstance(value, str) for value in header.values()):
            raise ValueError("its header is no table of texts")
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"its member {name} cannot be read ({str(error)[:80]})") from None
    if wrong := [part for part, array in arrays.items() if array.dtype.kind == "f" and not np.isfinite(array).all()]:
        raise UserError(f"its member {name} holds values in {wrong[0][:40]!r} that are not finite")
    return arrays, header


def write_arrays(arrays: Arrays, header: Mapping[str, str]) -> bytes:
    """The member that ``read_arrays`` reads, and ``engine.files.evidence`` too."""
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return save(contiguous, metadata={HEADER: json.dumps({**header, "format": FORMAT})})


def check_answers(arrays: Arrays, examples: int, outputs: int | None, name: str) -> None:
    """Raises UserError unless ``arrays`` are float32 ``logits`` ``[examples, outputs]``."""
    if set(arrays) != {"logits"} or arrays["logits"].dtype != np.float32 or arrays["logits"].ndim != 2:
        raise UserError(f"its member {name} holds no answers")
    shape = arrays["logits"].shape
    if shape[0] != examples or outputs not in (None, shape[1]) or not examples:
        raise UserError(f"its member {name} has answers of shape {list(shape)}, not [{examples}, {outputs or '...'}]")


def check_examples(rows: Arrays, task: TaskInfo, name: str) -> None:
    """Raises UserError unless ``rows`` describe examples of the task; ``label`` may be missing."""
    ids, kind = rows["row_id"], KINDS[task.kind]
    examples = len(ids)
    optional = {"group", *(CANDIDATES if kind.ranks_candidates else ())}
    known = {"row_id", "cluster", "label", *optional}
    if ids.dtype != np.uint8 or ids.shape != (examples, ID_BYTES) or not {"row_id", "cluster"} <= set(rows) <= known:
        raise UserError(f"its member {name} does not describe examples of {task.key}")
    if kind.ranks_candidates and not optional <= set(rows):
        raise UserError(f"its member {name} lacks what examples of {task.key} are ranked by")
    for part, array in rows.items():
        if part in NUMBERED and (array.dtype != NUMBERED[part] or array.shape != (examples,)):
            raise UserError(f"its member {name} has {part!r} in another form than examples of {task.key}")
    if "label" in rows and not _are_labels(rows["label"], task, examples):
        raise UserError(f"its member {name} has labels that are none of {task.key}")


def _are_labels(labels: np.ndarray, task: TaskInfo, examples: int) -> bool:
    if task.kind == "regression":
        return labels.dtype == np.float32 and labels.shape == (examples,)
    if task.kind == "multilabel":
        is_binary = bool(((labels == 0) | (labels == 1)).all())
        return labels.dtype == np.float32 and labels.shape == (examples, len(task.labels)) and is_binary
    classes = max(2, len(task.labels))
    return labels.dtype == np.int64 and labels.shape == (examples,) and bool(((labels >= 0) & (labels < classes)).all())
