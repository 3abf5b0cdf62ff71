"""A bundle that is being written: a folder of members, each with its digest."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine.bundles.container import MOST_BYTES, check_name
from engine.bundles.manifest import Member
from engine.errors import UserError


class Draft:
    """Members as ``engine.bundles.container.Members`` has them, on disk because answers may take hundreds of megabytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.members: dict[str, Member] = {}

    @property
    def names(self) -> list[str]:
        return list(self.members)

    def read(self, name: str) -> bytes:
        return self._path(name).read_bytes()

    def put(self, name: str, data: bytes, tensors: str | None = None) -> None:
        """Add a member; ``tensors`` is the digest of its arrays. Raises UserError for one that nobody could read."""
        check_name(name)
        if len(data) > MOST_BYTES:
            raise UserError(f"{name} would have {len(data):,} bytes; bundle fewer runs at once")
        path = self._path(name)
        path.write_bytes(data)
        self.members[name] = Member(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data), tensors=tensors)

    def _path(self, name: str) -> Path:
        return self._folder / name.replace("/", ",")
