"""Opening a bundle: nothing of it is used before all of it was checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.bundles.arrays import read_arrays
from engine.bundles.container import Members, open_archive
from engine.bundles.contents import Contents, check_weights, read_contents
from engine.bundles.manifest import TABLE, Manifest, read_manifest
from engine.bundles.records import RunRecord, evidence_member
from engine.catalog.catalog import Catalog
from engine.errors import UserError
from engine.files.evidence import arrays_digest


@dataclass(frozen=True)
class Bundle:
    """A bundle that is what its manifest says."""

    manifest: Manifest
    digest: str
    """The root digest."""
    contents: Contents


@contextmanager
def open_bundle(path: Path, catalog: Catalog) -> Iterator[Bundle]:
    """The bundle at ``path``. Raises UserError, in one line that names the file, for anything that is none or damaged."""
    with open_archive(path) as archive:
        manifest, digest = read_manifest(archive)
        if TABLE not in manifest.members:
            raise UserError(f"it has no {TABLE}; copy the file again, whole")
        damaged = [name for name in archive.names if name in manifest.members and not _is_listed(archive, manifest, name)]
        contents = None if damaged else read_contents(archive, catalog)
        if damaged or contents is None:
            raise UserError(_damage(archive, catalog, damaged[0]))
        for record in contents.runs:
            for kept in record.evidence:
                contents.answers(record, kept)
        check_weights(contents)
        yield Bundle(manifest, digest, contents)


def _is_listed(members: Members, manifest: Manifest, name: str) -> bool:
    """Whether a member is the one of the manifest."""
    listed, data = manifest.members[name], members.read(name)
    if listed.bytes != len(data) or listed.sha256 != hashlib.sha256(data).hexdigest():
        return False
    return listed.tensors is None or listed.tensors == arrays_digest(read_arrays(data, name)[0])


def _damage(members: Members, catalog: Catalog, name: str) -> str:
    """What to say of a member that is not the one of the manifest; of answers, whose they are."""
    of = ""
    try:
        records: list[RunRecord] = read_contents(members, catalog).runs
    except UserError:
        records = []
    for record in records:
        for kept in record.evidence:
            if name == evidence_member(record.id, kept.logits):
                of = f", the answers of run {record.id} on {kept.split} of {kept.task},"
    return f"its member {name}{of} was changed or damaged (sha256 differs from the manifest's); copy the file again, whole"
