"""Runs of a home into one file: with the sources that they read, and the table that they make."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.bundles import strict_json
from engine.bundles.anonymous import Anonymous, refuse_private
from engine.bundles.arrays import write_arrays
from engine.bundles.commands import command_lines
from engine.bundles.container import write_archive
from engine.bundles.contents import CURVE_COLUMNS, read_contents
from engine.bundles.draft import Draft
from engine.bundles.importing import Origin, import_runs
from engine.bundles.manifest import (
    COMMANDS,
    CURVES,
    MANIFEST,
    README,
    RUNS,
    SWEEP,
    TABLE,
    Declared,
    DeclaredCell,
    manifest_bytes,
    root_digest,
)
from engine.bundles.portable import portable_sweep, record_of, weights_file
from engine.bundles.records import RunRecord, checkpoint_member, evidence_member, rows_member, weights_member
from engine.bundles.table import count_cells, table_of
from engine.bundles.temporary import temporary_store
from engine.catalog.catalog import Catalog
from engine.catalog.task import HubData
from engine.errors import UserError
from engine.files.disk import atomic_write
from engine.files.evidence import arrays_digest, read_evidence
from engine.registry.reading import Reader
from engine.registry.records import Run, RunState, Sweep

ABOUT = Path(__file__).with_name("about.txt")
"""What a bundle says to whom it is handed without another word."""
SYSTEM = "system/"
"""Curves of what a worker took of its machine."""


@dataclass(frozen=True)
class Wanted:
    """What is to be in a bundle."""

    runs: Sequence[Run]
    sweep: Sweep | None = None
    """Where the runs are those of a sweep."""
    checkpoints: bool = False
    anonymous: bool = False


def write_bundle(reader: Reader, catalog: Catalog, wanted: Wanted, path: Path, tool: str) -> dict[str, Any]:
    """Write the file; returns ``file``, ``bytes``, ``digest``, ``runs``, ``sources``, ``cells`` and ``notes``.

    Raises UserError for runs that are not completed, evidence that is damaged, and a file that exists; then none is written.
    """
    _check(wanted, path)
    records = _records(reader, catalog, wanted)
    anonymous = Anonymous(records, wanted.sweep) if wanted.anonymous else None
    with TemporaryDirectory(prefix="scalearn-bundle-") as folder:
        draft = Draft(Path(folder))
        written = anonymous.records if anonymous else records
        _put_files(draft, reader, catalog, records, written)
        _put_curves(draft, reader, records, written, wanted.anonymous)
        if wanted.sweep:
            draft.put(SWEEP, strict_json.in_order(anonymous.sweep if anonymous else portable_sweep(wanted.sweep)))
        draft.put(RUNS, b"".join(strict_json.in_order(record.model_dump(mode="json")) for record in written))
        draft.put(COMMANDS, "".join(f"{line}\n" for line in command_lines(written, catalog)).encode())
        draft.put(README, ABOUT.read_bytes())
        table = _table(draft, catalog, tool)
        draft.put(TABLE, strict_json.in_order(table))
        manifest = manifest_bytes(tool, wanted.anonymous, _declared(written), draft.members)
        draft.put(MANIFEST, manifest)
        if wanted.anonymous:
            refuse_private(draft, reader.home)
        _write(path, draft)
    sources = sum(record.role == "source" for record in written)
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "digest": root_digest(manifest),
        "runs": len(written) - sources,
        "sources": sources,
        "cells": count_cells(table),
        "notes": _notes(written, draft, catalog, anonymous),
    }


def _check(wanted: Wanted, path: Path) -> None:
    if unfinished := [run for run in wanted.runs if run.state is not RunState.COMPLETED]:
        first, more = unfinished[0], f" and {len(unfinished) - 1} more" if unfinished[1:] else ""
        advice = "bundle when they are completed, or only those that are: state:completed"
        raise UserError(f"{first.id} is {first.state}{more}; {advice}")
    if wanted.anonymous and wanted.checkpoints:
        raise UserError("--anonymous leaves checkpoints out, whose cards say more than a table; leave out --checkpoints")
    if path.suffix != ".zip":
        raise UserError(f"{path} does not end in .zip; name a new file that does")
    if path.exists():
        raise UserError(f"{path} exists; name another file")
    if not path.parent.is_dir():
        raise UserError(f"{path.parent} is not a folder; make it first")


def _records(reader: Reader, catalog: Catalog, wanted: Wanted) -> list[RunRecord]:
    """The runs and all that they read, sources first and else by age."""
    asked = {run.id for run in wanted.runs}
    runs, missing = {run.id: run for run in wanted.runs}, list(asked)
    while missing:
        missing = sorted({source.run_id for run_id in missing for source in runs[run_id].parsed.sources} - runs.keys())
        runs |= {run.id: run for run in reader.runs(ids=missing)} if missing else {}
    ordered = sorted(runs.values(), key=lambda run: (bool(run.parsed.sources), run.created_at, run.id))
    return [record_of(reader, run, catalog, "target" if run.id in asked else "source", wanted.checkpoints) for run in ordered]


def _put_files(
    draft: Draft, reader: Reader, catalog: Catalog, records: Sequence[RunRecord], written: Sequence[RunRecord]
) -> None:
    """Answers, examples, learned weights and checkpoints of ``records``, under the names that are ``written``."""
    for record, out in zip(records, written, strict=True):
        for kept, answered in zip(record.evidence, out.evidence, strict=True):
            evidence = read_evidence(reader.home, record.id, kept.task, kept.split, kept.logits, kept.rows)
            header = {**evidence.header, "run": out.fingerprint, "task": answered.task}
            arrays = {"logits": evidence.logits}
            draft.put(evidence_member(out.id, kept.logits), write_arrays(arrays, header), kept.logits)
            if rows_member(kept.rows) not in draft.members:
                task = record.task(kept.task, catalog)
                public = not (task and isinstance(task.data, HubData) and task.data.labels_stay)
                rows = {name: array for name, array in evidence.rows.items() if public or name != "label"}
                draft.put(rows_member(kept.rows), write_arrays(rows, {}), arrays_digest(rows))
        if out.weights:
            weights = strict_json.parse(weights_file(reader, record.id).read_bytes())
            draft.put(weights_member(out.id), strict_json.in_order(weights))
        if out.checkpoint:
            draft.put(checkpoint_member(out.id), reader.home.checkpoint(record.id, "best").read_bytes())


def _put_curves(
    draft: Draft, reader: Reader, records: Sequence[RunRecord], written: Sequence[RunRecord], anonymous: bool
) -> None:
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(CURVE_COLUMNS)
    for record, shown in zip(records, written, strict=True):
        for point in reader.metrics(record.id):
            if math.isfinite(point.value) and not (anonymous and point.name.startswith(SYSTEM)):
                lines.writerow([shown.id, point.name, point.step, repr(point.epoch), repr(point.value)])
    draft.put(CURVES, out.getvalue().encode())


def _table(draft: Draft, catalog: Catalog, tool: str) -> dict[str, Any]:
    """The table of what was drafted, read back as every reader will."""
    contents = read_contents(draft, catalog)
    with temporary_store() as store:
        import_runs(contents, store, Origin("", "", tool))
        return table_of(store, catalog, contents.runs)


def _declared(records: Sequence[RunRecord]) -> Declared:
    cells: dict[str, dict[str, str]] = {}
    for record in records:
        if record.role == "target":
            cells.setdefault(record.group_id, {})[str(record.spec.seed)] = record.id
    seeds = sorted({record.spec.seed for record in records if record.role == "target"})
    return Declared(cells=[DeclaredCell(group=group, runs=runs) for group, runs in sorted(cells.items())], seeds=seeds)


def _write(path: Path, draft: Draft) -> None:
    try:
        with atomic_write(path) as target:
            write_archive(target, draft)
            target.chmod(0o644)
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror or error}); name another place") from None


def _notes(records: Sequence[RunRecord], draft: Draft, catalog: Catalog, anonymous: Anonymous | None) -> list[str]:
    """What the user should know about the bundle, one sentence each."""
    notes = list(anonymous.notes) if anonymous else []
    if silent := [record.id for record in records if not record.evidence]:
        notes.append(f"no answers were kept of {', '.join(silent)}, so nobody can recompute their numbers")
    kept = {answer.rows: answer.task for record in records for answer in record.evidence}
    unlabelled = sorted(
        {
            key
            for key in kept.values()
            if (task := catalog.tasks.get(key)) and isinstance(task.data, HubData) and task.data.labels_stay
        }
    )
    if unlabelled:
        notes.append(f"the labels of {', '.join(unlabelled)} must not be passed on: `scalearn verify` needs the data for them")
    return notes
