"""Network file systems are told from local ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import UserError
from engine.files.mounts import file_system, refuse_network

MOUNTS = """overlay / overlay rw 0 0
/dev/sda1 /home ext4 rw 0 0
server:/export /home/me/my\\040data nfs4 rw 0 0
scratch /scratch fuse.sshfs rw 0 0
box /box fuse.fuse-overlayfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind", "refused"),
    [
        ("/root/x", "overlay", False),
        ("/home/me/x", "ext4", False),
        ("/home/me/my data/x/y", "nfs4", True),
        ("/homes", "overlay", False),
        ("/scratch", "fuse.sshfs", True),
        ("/box/x", "fuse.fuse-overlayfs", False),
    ],
)
def test_network_file_systems_are_refused(tmp_path: Path, path: str, kind: str, refused: bool) -> None:
    assert file_system(Path(path), MOUNTS) == kind
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    if refused:
        with pytest.raises(UserError, match=f"network file system .{kind}."):
            refuse_network(Path(path), mounts)
    else:
        refuse_network(Path(path), mounts)
