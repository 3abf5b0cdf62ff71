"""Files on disk: replaced as a whole, locked against other processes, identified by their content."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

READ_WRITE = os.O_RDWR | os.O_CREAT


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Replace ``path`` with the file that the block writes to the name it is given; readers see the old file or the new one.

    The new file takes its place when the block ends, flushed to disk. If the block raises, the old file stays and the draft is
    removed: what must succeed before the replacement belongs in the block, after the writing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        yield draft
        sync(draft)
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync(path.parent)


def remove_unfinished(path: Path) -> None:
    """Remove the drafts of ``path`` that killed writers left; only safe while no process writes it."""
    for draft in path.parent.glob(f".{path.name}.*"):
        draft.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def try_lock(path: Path, create: bool = True) -> int | None:
    """A file descriptor that holds ``path`` exclusively until every copy of it is closed; None if another process holds it.

    The kernel frees it when its holders end, however they end. A missing file is created, with its folder; without ``create``
    it has to exist, but need not be writable. Raises FileNotFoundError.
    """
    if create:
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _hold(path, READ_WRITE if create else os.O_RDONLY, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None


@contextmanager
def locked(path: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold ``path`` exclusively during the block; ``waiting`` is called if another process holds it."""
    fd = try_lock(path)
    if fd is None:
        if waiting is not None:
            waiting()
        fd = _hold(path, READ_WRITE, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(fd)


def is_locked(path: Path) -> bool:
    """Whether a process holds ``path``, which is not made by asking."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def lock_shared(path: Path) -> int:
    """A file descriptor that holds an existing file together with other readers, and against ``try_lock``.

    Waits for an exclusive holder. Raises FileNotFoundError.
    """
    return _hold(path, os.O_RDONLY, fcntl.LOCK_SH)


def _hold(path: Path, flags: int, operation: int) -> int:
    fd = os.open(path, flags, 0o644)
    try:
        fcntl.flock(fd, operation)
    except BaseException:
        os.close(fd)
        raise
    return fd


def folder_bytes(folder: Path) -> int:
    """Bytes of all files in a folder and below; 0 where there is none."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def file_digest(path: Path) -> str:
    """sha256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_digest(paths: Iterable[Path]) -> str:
    """sha256 over the digests of several files in this order; of a single file, its digest."""
    digests = [file_digest(path) for path in paths]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
