"""What a bundle says of itself: every member with its digest, and the runs that were meant to be in it.

The root digest is that of the manifest's bytes. Whoever publishes a table publishes it too: a bundle that was rewritten
throughout is consistent, but its root digest is another one.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.bundles import strict_json
from engine.bundles.container import Members
from engine.errors import UserError, complaint

SCHEMA = 1
MANIFEST, TABLE, RUNS, CURVES, SWEEP = "manifest.json", "table.json", "runs.jsonl", "curves.csv", "sweep.json"
COMMANDS, README = "commands.txt", "readme.txt"
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Kind = TypeVar("Kind", bound=BaseModel)
RunId = Annotated[str, Field(pattern="^[0-9a-f]{10}$")]


class Strict(BaseModel):
    """A part of a bundle: nothing unknown, nothing of another type."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Member(Strict):
    sha256: Sha256
    bytes: Annotated[int, Field(ge=0)]
    tensors: Sha256 | None = None
    """Of arrays: ``engine.files.evidence.arrays_digest``."""


class DeclaredCell(Strict):
    """Runs that differ in nothing but the seed."""

    group: RunId
    runs: dict[str, RunId]
    """By seed."""


class Declared(Strict):
    """What was asked to be bundled."""

    cells: list[DeclaredCell]
    seeds: list[int]


class Manifest(Strict):
    schema_: Annotated[Literal[1], Field(alias="schema")]
    kind: Literal["scalearn-bundle"]
    tool: str
    """Name and version of the program that wrote it."""
    anonymous: bool
    declared: Declared
    members: dict[str, Member]
    """All but the manifest, by name."""


def manifest_bytes(tool: str, anonymous: bool, declared: Declared, members: dict[str, Member]) -> bytes:
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "kind": "scalearn-bundle",
        "tool": tool,
        "anonymous": anonymous,
        "declared": declared.model_dump(),
        "members": {name: member.model_dump(exclude_none=True) for name, member in members.items()},
    }
    return strict_json.canonical(document)


def root_digest(manifest: bytes) -> str:
    return hashlib.sha256(manifest).hexdigest()


def read_manifest(members: Members) -> tuple[Manifest, str]:
    """The manifest and the root digest. Raises UserError unless it lists exactly the members that there are."""
    if MANIFEST not in members.names:
        raise UserError(f"it has no {MANIFEST}, so it is no bundle; name a file that `scalearn bundle` wrote")
    data = members.read(MANIFEST)
    manifest = parse_as(Manifest, data, MANIFEST)
    if different := sorted({*members.names} ^ {*manifest.members, MANIFEST}):
        where = "not in its manifest" if different[0] in members.names else "missing"
        raise UserError(f"its member {different[0][:80]} is {where}; copy the file again, whole")
    return manifest, root_digest(data)


def parse_as(kind: type[Kind], data: bytes, name: str) -> Kind:
    """A member, or a line of one, as ``kind``. Raises UserError that names it."""
    try:
        # Through JSON again, so that strict types take what JSON has in place of tuples and times.
        strict_json.parse(data)
        return kind.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        mistake = " ".join([".".join(map(str, first["loc"])), complaint(first)])
    except (ValueError, RecursionError) as error:
        mistake = str(error).partition("\n")[0]
    raise UserError(f"its member {name} is malformed: {mistake}")
