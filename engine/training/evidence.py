"""What a finished run answers on its splits, kept so that every reported number can be computed again without the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.catalog.task import TaskInfo
from engine.data.tokenized_split import TokenizedSplit
from engine.errors import UserError
from engine.files.evidence import read_evidence, write_logits, write_rows
from engine.registry.records import Evidence, Run
from engine.registry.store import Store
from engine.training.patience import patiently


@dataclass(frozen=True)
class Answered:
    """The answers of an attempt of a run at its selected epoch, whose checkpoint has the digest ``checkpoint``."""

    store: Store
    run: Run
    attempt: int
    epoch: int
    checkpoint: str

    def earlier(self, task: TaskInfo, name: str) -> np.ndarray | None:
        """Logits that an earlier attempt kept of the same checkpoint; None where there are none that can be read."""
        for row in self.store.evidence(self.run.id):
            if (row.task, row.split) == (task.key, name):
                try:
                    kept = read_evidence(self.store.home, self.run.id, task.key, name, row.logits_sha256, row.rows_sha256)
                except UserError:
                    return None
                return kept.logits if kept.header.get("checkpoint") == self.checkpoint else None
        return None

    def keep(self, task: TaskInfo, name: str, split: TokenizedSplit, logits: np.ndarray) -> None:
        """Write float32 ``logits`` ``[examples, outputs]`` of ``split`` and its examples, and record them. Raises Fenced."""
        optional = {"group": split.groups, **(split.candidates or {})}
        arrays = {"row_id": split.ids, "label": split.labels, "cluster": split.clusters, **optional}
        rows = {part: np.array(array) for part, array in arrays.items() if array is not None}
        home, run = self.store.home, self.run
        self.store.check()
        rows_sha256 = patiently(lambda: write_rows(home, rows))

        def record(logits_sha256: str, size: int) -> None:
            row = Evidence(run_id=run.id, task=task.key, split=name, epoch=self.epoch, rows_sha256=rows_sha256,
                           logits_sha256=logits_sha256, bytes=size)  # fmt: skip
            self.store.answered(run.id, self.attempt, row)

        header = {
            "run": run.fingerprint,
            "checkpoint": self.checkpoint,
            "task": task.key,
            "split": name,
            "kind": task.kind,
            "epoch": str(self.epoch),
            "rows": rows_sha256,
        }
        patiently(lambda: write_logits(home.evidence(run.id, task.key, name), logits, header, record))
