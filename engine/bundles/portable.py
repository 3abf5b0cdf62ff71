"""A run of the registry as a line of a bundle, without the folders of this machine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.bundles.records import NUMBERS, CheckpointRecord, EvidenceRecord, RunRecord
from engine.catalog.backbones import BACKBONES
from engine.catalog.catalog import Catalog
from engine.registry.encoding import as_json
from engine.registry.reading import Reader
from engine.registry.records import Results, Run, Sweep
from engine.runs.spec import RunSpec, fingerprint_of


def record_of(reader: Reader, run: Run, catalog: Catalog, role: str, checkpoint: bool) -> RunRecord:
    """``checkpoint``: whether the file of the selected epoch comes along where there is one."""
    spec = run.parsed.completed_from(catalog)
    best = reader.checkpoints(run.id).get("best") if checkpoint else None
    return RunRecord.model_validate(
        {
            **{name: None if _is_infinite(value := getattr(run, name)) else value for name in NUMBERS},
            **{name: getattr(run, name) for name in ("id", "fingerprint", "group_id", "created_at", "started_at", "ended_at")},
            "role": role,
            "spec": portable_spec(spec),
            "definitions": _definitions(run, spec),
            "device": run.device,
            "command": run.command,
            "note": run.note,
            "tags": reader.tags([run.id]).get(run.id, []),
            "provenance": {name: value for name, value in (run.provenance or {}).items() if name != "imported"},
            "results": _sorted(reader.results([run.id]).get(run.id, {})),
            "evidence": [
                EvidenceRecord(
                    task=kept.task, split=kept.split, epoch=kept.epoch, rows=kept.rows_sha256, logits=kept.logits_sha256
                )
                for kept in reader.evidence(run.id)
            ],
            "checkpoint": CheckpointRecord(step=best.step, epoch=best.epoch, sha256=best.sha256, bytes=best.bytes)
            if best
            else None,
            "weights": weights_file(reader, run.id).is_file(),
        }
    )


def _is_infinite(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _sorted(results: Results) -> Results:
    """A registry has them in no order."""
    return {
        task: {split: dict(sorted(values.items())) for split, values in sorted(splits.items())}
        for task, splits in sorted(results.items())
    }


def weights_file(reader: Reader, run_id: str) -> Path:
    """What a worker writes of the weights that its method has learned."""
    return reader.home.source_weights(run_id)


def portable_sweep(sweep: Sweep) -> dict[str, Any]:
    """What a sweep asked for, as a bundle has it."""
    record = as_json(sweep, without=("stopped",))
    requests = [{**request, "data_dir": None} for request in record["requests"]]
    return {**record, "file": Path(sweep.file).name, "requests": requests}


def portable_spec(spec: RunSpec) -> RunSpec:
    """A specification of the same fingerprint that names no folder."""
    changes: dict[str, Any] = {"data_dir": None, "own": {key: _portable_task(record) for key, record in spec.own.items()}}
    if spec.backbone_path == spec.backbone:
        name = Path(spec.backbone).name
        # Never that of a catalog entry, which has other files.
        changes |= {"backbone": f"{name}-folder" if name in BACKBONES else name, "backbone_path": None}
    return spec.model_copy(update=changes)


def _portable_task(record: Mapping[str, Any]) -> dict[str, Any]:
    """A task's record whose files have names alone; a saved dataset stays known as one by the stroke before its name."""
    data = record["data"]
    if not data or "repo" in data:
        return dict(record)
    files = [[split, Path(path).name] for split, path in data["files"]]
    dataset = data.get("dataset")
    if dataset and dataset["name"].startswith("/"):
        dataset = {**dataset, "name": f"/{Path(dataset['name']).name}"}
    return {**record, "data": {**data, "files": files, "dataset": dataset}}


def _definitions(run: Run, spec: RunSpec) -> list[dict[str, Any]] | None:
    """Those of the targets, where the run's fingerprint is over them; an earlier version may have computed it otherwise."""
    try:
        definitions = [dict(definition) for definition in spec.definitions]
    except KeyError:
        return None
    return definitions if fingerprint_of(spec, definitions) == run.fingerprint else None
