"""File systems that several hosts share, on which SQLite cannot be used."""

from __future__ import annotations

from pathlib import Path

from engine.errors import UserError

NETWORK_FILE_SYSTEMS = (
    "nfs", "nfs4", "cifs", "smbfs", "smb3", "lustre", "gpfs", "beegfs", "ceph", "glusterfs", "pvfs2", "afs", "panfs", "wekafs",
)  # fmt: skip


def refuse_network(root: Path, mounts: Path = Path("/proc/self/mounts")) -> None:
    """Raises UserError when ``root`` lies on a file system that several hosts share: WAL needs memory shared by all users."""
    if mounts.exists() and (kind := file_system(root, mounts.read_text())) and _is_network(kind):
        raise UserError(
            f"{root} lies on a network file system ({kind}), where SQLite loses data; "
            "set SCALEARN_HOME to a local folder or SCALEARN_DB to a PostgreSQL url"
        )


def file_system(path: Path, mounts: str) -> str | None:
    """Type of the mount with the longest prefix of ``path``; ``mounts`` is the text of ``/proc/self/mounts``."""
    best, kind = -1, None
    for line in mounts.splitlines():
        fields = line.split()
        mount_point = fields[1].replace("\\040", " ")
        if path.resolve().is_relative_to(mount_point) and len(mount_point) >= best:
            best, kind = len(mount_point), fields[2]
    return kind


def _is_network(kind: str) -> bool:
    # Containers mount their own local disk through fuse-overlayfs.
    return kind in NETWORK_FILE_SYSTEMS or (kind.startswith("fuse.") and kind != "fuse.fuse-overlayfs")
