"""The labels of a task's rows by the ids of the rows, without a tokenizer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from engine.catalog.task import TaskInfo
from engine.data.build_tokens import rendered_parts
from engine.data.labels import labels_of
from engine.data.loading import load_rows
from engine.data.row_identity import RowIdentities


def labels_by_id(task: TaskInfo, data_dir: Path | None) -> dict[str, Mapping[bytes, np.generic | np.ndarray]]:
    """By official split and row id, the label of each example in the form of ``labels_of``. Raises as ``load_rows``."""
    found: dict[str, Mapping[bytes, np.generic | np.ndarray]] = {}
    for split, table in load_rows(task, data_dir).items():
        identities, labels = RowIdentities(task), []
        for rendered, part in rendered_parts(task, table):
            identities.append(rendered, part)
            labels.append(labels_of(task, part) if rendered.labels is None else rendered.labels)
        found[split] = dict(zip(identities.ids, np.concatenate(labels), strict=True))
    return found
