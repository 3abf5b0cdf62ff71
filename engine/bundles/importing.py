"""The runs of a bundle into a home: all of them or none, and each that is here already left as it is."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.bundles.contents import Contents
from engine.bundles.opening import open_bundle
from engine.bundles.records import (
    EvidenceRecord,
    RunRecord,
    checkpoint_member,
    identity_of,
    weights_member,
)
from engine.bundles.run_checks import check_runs
from engine.catalog.catalog import Catalog
from engine.errors import UserError
from engine.files.disk import sync
from engine.files.evidence import write_logits, write_rows
from engine.registry.adoption import REPLACED, Adopted
from engine.registry.reading import Reader
from engine.registry.records import Checkpoint, Evidence, Metric, Replicate, Source, Sweep, Tag, utc_now
from engine.registry.store import Store
from engine.runs.tags import check_tag


@dataclass(frozen=True)
class Origin:
    """Which bundle runs came in."""

    file: str
    digest: str
    """The root digest."""
    tool: str

    def __str__(self) -> str:
        return f"{self.file}, {self.digest}"


@dataclass
class Imported:
    """Ids of the bundle's runs, by what became of them."""

    new: list[str] = field(default_factory=list)
    here: list[str] = field(default_factory=list)
    replicates: list[str] = field(default_factory=list)
    checkpoints: list[str] = field(default_factory=list)
    """Of ``here``, those that had no checkpoint and got that of the bundle."""
    without_labels: list[str] = field(default_factory=list)
    """Of ``new``, those whose answers were left out because the bundle must not have the labels and this home has not."""
    kept_sweep: str = ""
    """Name of the bundle's sweep where another one of that name is here, which stays as it is."""


def import_bundle(path: Path, store: Store, catalog: Catalog) -> Imported:
    """Check the bundle at ``path`` and add its runs. Raises UserError, in one line that names it; then nothing was added."""
    with open_bundle(path, catalog) as bundle:
        if wrong := check_runs(bundle.contents, None, []):
            raise UserError(f"{wrong[0]}; `scalearn verify` lists all that is wrong")
        return import_runs(bundle.contents, store, Origin(path.name, bundle.digest, bundle.manifest.tool))


def import_runs(contents: Contents, store: Store, origin: Origin) -> Imported:
    """Add the runs of a bundle whose every part was checked.

    Files are written first: one that no row names is harmless, and removed by `scalearn gc`. Raises UserError for a run that is
    being trained here, or whose id another run has; then no row was written.
    """
    imported = _sorted_out(contents, store)
    curves = contents.curves()
    new = [contents.by_id[run_id] for run_id in imported.new]
    adopted = [_adopted(contents, record, store, origin, curves.get(record.id, []), imported) for record in new]
    replicates = [_replicate(contents, contents.by_id[run_id], store, origin) for run_id in imported.replicates]
    without = [contents.by_id[run_id] for run_id in imported.checkpoints]
    checkpoints = [row for record in without if (row := _checkpoint(record))]
    drafts = dict(move for record in (*new, *without) for move in _write_drafts(contents, record, store))
    # Stopped, or it would queue what tuning had still to choose.
    sweep = Sweep(**contents.sweep.model_dump(), stopped=True) if contents.sweep else None
    if sweep and (here := store.sweep(sweep.name)) and here.cells != sweep.cells:
        imported.kept_sweep = sweep.name

    def publish() -> None:
        for draft, path in drafts.items():
            draft.replace(path)

    try:
        store.adopt_all(adopted, replicates, checkpoints, sweep, publish)
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)
    return imported


def _sorted_out(contents: Contents, store: Store) -> Imported:
    """What is new here. Raises UserError for what stands in the way."""
    imported, aliases = Imported(), store.aliases()
    existing = {run.id: run for run in store.runs(ids=[*contents.by_id, *aliases.values()])}
    for record in contents.runs:
        here = existing.get(aliases.get(record.fingerprint, record.id))
        if here is None:
            imported.new.append(record.id)
        elif not store.is_known_as(here, record.fingerprint):
            raise UserError(f"another run has the id {record.id}; import into another SCALEARN_HOME")
        elif here.state.live:
            raise UserError(f"its run {here.id} is being trained here; stop that first with `scalearn stop {here.id}`")
        elif here.state in REPLACED:
            imported.new.append(record.id)
        elif record.identity in (_identity(store, here.id), *(other.digest for other in store.replicates(here.id))):
            imported.here.append(record.id)
            if record.checkpoint and not store.home.checkpoint(here.id, "best").is_file():
                imported.checkpoints.append(record.id)
        else:
            imported.replicates.append(record.id)
    return imported


def _identity(store: Reader, run_id: str) -> str:
    answers = {f"{kept.task} {kept.split}": kept.logits_sha256 for kept in store.evidence(run_id)}
    return identity_of(answers, store.results([run_id]).get(run_id, {}))


def _adopted(
    contents: Contents, record: RunRecord, store: Store, origin: Origin, curves: Sequence[Metric], imported: Imported
) -> Adopted:
    """The rows of a run whose answers and examples are in place."""
    evidence = [kept for kept in record.evidence if _has_labels(contents, kept, store)]
    if len(evidence) < len(record.evidence):
        imported.without_labels.append(record.id)
    at = utc_now().isoformat(timespec="seconds")
    about = {"file": origin.file, "bundle": origin.digest, "version": origin.tool, "at": at}
    return Adopted(
        record.run(provenance={**record.provenance, "imported": about}),
        record.results,
        f"imported from {origin}",
        sources=[
            Source(run_id=record.id, position=position, source_id=source.run_id, task=source.task)
            for position, source in enumerate(record.spec.sources)
        ],
        metrics=curves,
        evidence=[_keep(contents, record, kept, store) for kept in evidence],
        tags=[Tag(record.id, check_tag(name)) for name in record.tags],
        checkpoint=_checkpoint(record),
    )


def _checkpoint(record: RunRecord) -> Checkpoint | None:
    best = record.checkpoint
    return Checkpoint(run_id=record.id, kind="best", **best.model_dump()) if best else None


def _has_labels(contents: Contents, kept: EvidenceRecord, store: Store) -> bool:
    return store.home.evidence_rows(kept.rows).is_file() or "label" in contents.examples(kept.rows)


def _keep(contents: Contents, record: RunRecord, kept: EvidenceRecord, store: Store) -> Evidence:
    """Put answers and examples in place; the row that names them."""
    answered, rows = contents.answers(record, kept), []
    if not store.home.evidence_rows(kept.rows).is_file():
        write_rows(store.home, answered.rows)

    def note(logits_sha256: str, size: int) -> None:
        rows.append(
            Evidence(
                run_id=record.id, task=kept.task, split=kept.split, epoch=kept.epoch,
                rows_sha256=kept.rows, logits_sha256=logits_sha256, bytes=size,
            )
        )  # fmt: skip

    write_logits(store.home.evidence(record.id, kept.task, kept.split), answered.logits, answered.header, note)
    return rows[0]


def _replicate(contents: Contents, record: RunRecord, store: Store, origin: Origin) -> Replicate:
    """The row of another outcome of a run that is here, whose answers are in place."""
    run_id = store.aliases().get(record.fingerprint, record.id)
    folder = store.home.replicate(run_id, record.identity)
    for kept in record.evidence:
        answered = contents.answers(record, kept)
        if not store.home.evidence_rows(kept.rows).is_file() and "label" in answered.rows:
            write_rows(store.home, answered.rows)
        write_logits(folder / f"{kept.logits}.safetensors", answered.logits, answered.header, lambda *_: None)
    document: dict[str, Any] = record.model_dump(mode="json")
    return Replicate(run_id=run_id, digest=record.identity, origin=str(origin), record=document)


def _write_drafts(contents: Contents, record: RunRecord, store: Store) -> Iterator[tuple[Path, Path]]:
    """Write what may replace files of a run that is here under other names; yields each with its name to come."""
    files = {checkpoint_member(record.id): store.home.checkpoint(record.id, "best")} if record.checkpoint else {}
    if record.weights:
        files[weights_member(record.id)] = store.home.source_weights(record.id)
    for member, path in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Named as drafts are that killed writers leave, which `scalearn gc` removes.
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        draft.write_bytes(contents.members.read(member))
        sync(draft)
        yield draft, path
