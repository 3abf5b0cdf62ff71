"""Files are replaced as a whole, locks end with their holders, and one file of the engine does both."""

from __future__ import annotations

import ast
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.files.disk import (
    atomic_write,
    file_digest,
    files_digest,
    is_locked,
    lock_shared,
    locked,
    remove_unfinished,
    try_lock,
)
from tests.files.folders import ROOT

WRITER = """
import sys
from pathlib import Path
from engine.files.disk import atomic_write
for number in range(1000):
    with atomic_write(Path(sys.argv[1])) as draft, draft.open("w") as file:
        for _ in range(50):
            file.write(f"{number:04}" * 500)
            file.flush()
    if number == 0:
        print("begun", flush=True)
"""
HOLDER = """
import sys
from pathlib import Path
from engine.files.disk import locked
with locked(Path(sys.argv[1]), lambda: print("waiting", flush=True)):
    print("held", flush=True)
    sys.stdin.read()
"""


def start(code: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with start(WRITER, path) as writer:
        try:
            assert said(writer) == "begun"
            seen = set()
            until = time.monotonic() + 1
            while time.monotonic() < until:
                text = path.read_text()
                assert len(text) == 100_000 and text == text[:4] * 25_000
                seen.add(text[:4])
        finally:
            writer.kill()
    assert len(seen) > 1
    remove_unfinished(path)
    assert os.listdir(tmp_path) == ["file"]


def test_a_block_that_raises_keeps_the_old_file_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    with atomic_write(path) as draft:
        draft.write_text("old")
        assert not path.exists() and draft.parent == path.parent
    with pytest.raises(InterruptedError), atomic_write(path) as draft:
        draft.write_text("new")
        raise InterruptedError
    with pytest.raises(FileNotFoundError), atomic_write(path):
        pass
    assert path.read_text() == "old" and os.listdir(path.parent) == ["file"]


def test_remains_of_killed_writers_are_removed(tmp_path: Path) -> None:
    for name in (".file.4711", ".file.0815-wal", ".other.4711", "file"):
        (tmp_path / name).touch()
    remove_unfinished(tmp_path / "file")
    assert sorted(os.listdir(tmp_path)) == [".other.4711", "file"]
    remove_unfinished(tmp_path / "nowhere" / "file")


def test_a_lock_is_freed_by_the_death_of_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "lock"
    with start(HOLDER, path) as holder:
        assert said(holder) == "held"
        assert is_locked(path) and try_lock(path) is None
        with start(HOLDER, path) as waiter:
            assert said(waiter) == "waiting"
            holder.send_signal(signal.SIGKILL)
            assert said(waiter) == "held"
            assert is_locked(path)
            waiter.communicate()
    assert waiter.returncode == 0 and not is_locked(path)
    with locked(path):
        assert is_locked(path)
    assert not is_locked(path)


def test_readers_share_a_file_that_cannot_be_locked_exclusively_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "card"
    for take in (lambda: lock_shared(path), lambda: try_lock(path, create=False)):
        with pytest.raises(FileNotFoundError):
            take()
    path.touch()
    holds = [lock_shared(path), lock_shared(path)]
    assert try_lock(path, create=False) is None
    os.close(holds[0])
    assert try_lock(path, create=False) is None
    os.close(holds[1])
    alone = try_lock(path, create=False)
    assert alone is not None
    os.close(alone)


def test_the_digest_of_several_files_depends_on_each_and_their_order(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    first.write_bytes(b"a" * 3_000_000)
    second.write_bytes(b"b")
    assert file_digest(first) == files_digest([first]) == hashlib.sha256(first.read_bytes()).hexdigest()
    both = files_digest([first, second])
    assert both == hashlib.sha256((file_digest(first) + file_digest(second)).encode()).hexdigest()
    assert both != files_digest([second, first])


def test_nothing_else_in_the_engine_locks_replaces_or_digests_files() -> None:
    forbidden = {"fcntl", "os.replace", "hashlib.file_digest", "tempfile.NamedTemporaryFile"}
    for path in (ROOT / "engine").rglob("*.py"):
        if path == ROOT / "engine" / "files" / "disk.py":
            continue
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        names = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}
        names |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        assert not names & forbidden, path
