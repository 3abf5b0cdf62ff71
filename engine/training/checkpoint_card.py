"""What a run's checkpoint says of itself: the JSON card in the file's header, without what changes while training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.catalog.task import TaskInfo
from engine.runs.spec import RunSpec


def checkpoint_card(
    spec: RunSpec,
    tasks: Sequence[TaskInfo],
    fingerprint: str,
    source_digests: Mapping[str, str] | None = None,
    similarities: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Enough to use the checkpoint without the registry. ``tasks`` are the targets, ``fingerprint`` is the run's.

    Source adapters are not part of the file: they are named by task and run, with the digest of their tensors from
    ``source_digests`` (by task key). ``similarities`` of the sources, by task key, are those that the method weighs them by.
    """
    digests = source_digests or {}
    return {
        "format": 1,
        "method": spec.method,
        "backbone": spec.backbone,
        "backbone_revision": spec.backbone_revision,
        "tasks": {task.key: {"kind": task.kind, "labels": list(task.labels)} for task in tasks},
        "sources": [
            {"task": source.task, "run": source.run_id, "sha256": digests[source.task]}
            for source in spec.sources
            if source.task in digests
        ],
        **({"similarities": dict(similarities)} if similarities else {}),
        "hyperparameters": dict(spec.hyperparameters),
        "fingerprint": fingerprint,
    }
