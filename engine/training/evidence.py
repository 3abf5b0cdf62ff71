"""What a finished run answered on a split, kept so that every reported number can be computed again without the model."""

from __future__ import annotations

import numpy as np

from engine.catalog.task import TaskInfo
from engine.data.tokenized_split import TokenizedSplit
from engine.files.evidence import write_logits, write_rows
from engine.registry.store import Store
from engine.registry.tables import Evidence, Run


def keep_evidence(
    store: Store, run: Run, attempt: int, task: TaskInfo, name: str, split: TokenizedSplit, logits: np.ndarray, epoch: int
) -> None:
    """Write float32 ``logits`` ``[examples, outputs]`` of ``split`` and its examples, and record them. Raises Fenced."""
    optional = {"group": split.groups, **(split.candidates or {})}
    rows = {"row_id": split.ids, "label": split.labels, "cluster": split.clusters, **optional}
    rows_sha256 = write_rows(store.home, {part: np.array(array) for part, array in rows.items() if array is not None})

    def record(logits_sha256: str, size: int) -> None:
        row = Evidence(run_id=run.id, task=task.key, split=name, epoch=epoch, rows_sha256=rows_sha256,
                       logits_sha256=logits_sha256, bytes=size)  # fmt: skip
        store.answered(run.id, attempt, row)

    header = {"run": run.fingerprint, "task": task.key, "split": name, "kind": task.kind, "epoch": str(epoch),
              "rows": rows_sha256}  # fmt: skip
    write_logits(store.home.evidence(run.id, task.key, name), logits, header, record)
