"""Downloads from a hub on this machine, and everything that goes wrong with hubs, each reported in one line."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import UserError
from engine.files.hub import NotDownloaded, cached, discard, fetch, is_intact, looks_whole
from tests.files.folders import ROOT
from tests.files.tiny_hub import SHA, Repository, TinyHub

HubOf = Callable[[dict[str, Repository]], TinyHub]


@pytest.fixture
def served(tmp_path: Path) -> Path:
    folder = tmp_path / "served"
    (folder / "cb").mkdir(parents=True)
    (folder / "cb" / "train.parquet").write_bytes(b"PAR1" + b"rows" * 50_000 + b"PAR1")
    (folder / "cb" / "validation.parquet").write_bytes(b"PAR1rowsPAR1")
    return folder


NAMES = ["cb/train.parquet", "cb/validation.parquet"]


def test_files_come_once_and_then_from_the_cache(hub_of: HubOf, served: Path) -> None:
    hub = hub_of({"datasets/org/data": Repository(served)})
    reported: list[tuple[str, int]] = []
    folder = fetch("org/data", [*NAMES, "cb/more.parquet"], SHA, "dataset", lambda name, size: reported.append((name, size)))
    assert folder.name == SHA and (folder / NAMES[0]).read_bytes() == (served / NAMES[0]).read_bytes()
    assert reported[-1] == (NAMES[1], 12) and (NAMES[0], 200_008) in reported
    assert cached("org/data", NAMES[0], SHA, "dataset") == folder / NAMES[0]
    count = len(hub.asked)
    assert fetch("org/data", NAMES, SHA, "dataset") == folder and len(hub.asked) == count
    hub.stop()
    assert fetch("org/data", NAMES, SHA, "dataset") == folder


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ("gated", r"gives org/data only to those who accept its terms; do so at http://127.*/datasets/org/data, then `hf auth"),
        ("private", r"no dataset org/data, or it is private; check the name or log in"),
        ("forbidden", r"refuses org/data \(403\); log in"),
        ("damaged", r"cb/train.parquet of org/data arrived damaged"),
    ],
)
def test_refusals_and_damage_are_reported(trouble: str, message: str, hub_of: HubOf, served: Path) -> None:
    hub_of({"datasets/org/data": Repository(served, trouble=trouble)})
    with pytest.raises(UserError, match=message) as caught:
        fetch("org/data", NAMES, SHA, "dataset")
    assert "\n" not in str(caught.value) and caught.value.exit_code == 2
    assert cached("org/data", NAMES[0], SHA, "dataset") is None


def test_names_that_the_hub_does_not_have_are_reported(hub_of: HubOf, served: Path) -> None:
    hub_of({"datasets/org/data": Repository(served)})
    with pytest.raises(UserError, match="the hub has no dataset org/other"):
        fetch("org/other", NAMES, SHA, "dataset")
    with pytest.raises(UserError, match="org/data has no revision v9"):
        fetch("org/data", NAMES, "v9", "dataset")
    with pytest.raises(UserError, match="org/data has none of cb/a, cb/b"):
        fetch("org/data", ["cb/a", "cb/b"], SHA, "dataset")


def test_without_a_hub_no_download_is_tried(hub_of: HubOf, served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = hub_of({})
    hub.stop()
    began = time.monotonic()
    with pytest.raises(NotDownloaded, match=r"org/data is not on this machine and the hub cannot be reached \(http://127"):
        fetch("org/data", NAMES, SHA, "dataset")
    assert time.monotonic() - began < 3
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(NotDownloaded, match="HF_HUB_OFFLINE forbids"):
        fetch("org/data", NAMES, SHA, "dataset")


FETCH = """
import sys
from engine.files import hub
from engine.errors import UserError
hub.STALL_SECONDS = float(sys.argv[1])
try:
    hub.fetch("org/data", sys.argv[2:], "0123456789abcdef0123456789abcdef01234567", "dataset")
except UserError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("trouble", "patience", "message"), [("dies", 15, "was interrupted"), ("stalls", 2, "stalled: no byte for 2 s")]
)
def test_a_hub_that_fails_midway_leaves_no_partial_file_and_the_next_fetch_continues(
    trouble: str, patience: int, message: str, hub_of: HubOf, served: Path, cache: Path
) -> None:
    repository = Repository(served)
    hub = hub_of({"datasets/org/data": repository})
    fetch("org/data", NAMES[1:], SHA, "dataset")
    repository.trouble = trouble
    command = [sys.executable, "-c", FETCH, str(patience), *NAMES]
    env = {**os.environ, "HF_HUB_CACHE": str(cache), "HF_ENDPOINT": hub.address}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=40)
    assert done.stdout.startswith(f"the download of cb/train.parquet from org/data {message}"), done
    assert len(done.stdout.splitlines()) == 1
    assert cached("org/data", NAMES[0], SHA, "dataset") is None
    again = hub_of({"datasets/org/data": Repository(served)})
    assert (fetch("org/data", NAMES, SHA, "dataset") / NAMES[0]).stat().st_size == 200_008
    assert not any(NAMES[1] in path for path in again.asked)


def test_a_truncated_file_counts_as_missing_and_is_replaced(hub_of: HubOf, served: Path) -> None:
    hub_of({"datasets/org/data": Repository(served)})
    path = fetch("org/data", NAMES, SHA, "dataset") / NAMES[0]
    with path.open("r+b") as file:
        file.truncate(100_000)
    assert cached("org/data", NAMES[0], SHA, "dataset") is None
    assert (fetch("org/data", NAMES, SHA, "dataset") / NAMES[0]).stat().st_size == 200_008


def test_a_changed_byte_is_found_by_the_digest(hub_of: HubOf, served: Path) -> None:
    hub_of({"datasets/org/data": Repository(served)})
    path = fetch("org/data", NAMES, SHA, "dataset") / NAMES[0]
    assert is_intact(path)
    with path.open("r+b") as file:
        file.seek(1000)
        file.write(b"?")
    assert looks_whole(path) and not is_intact(path)
    discard(path)
    assert not path.exists() and not path.is_symlink()
    assert is_intact(fetch("org/data", NAMES, SHA, "dataset") / NAMES[0])


def test_files_end_as_their_kind_does(tmp_path: Path) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    def whole(name: str, content: bytes) -> bool:
        (tmp_path / name).write_bytes(content)
        return looks_whole(tmp_path / name)

    save_file({"a": np.zeros(3, dtype=np.float32)}, tmp_path / "a.safetensors")
    weights = (tmp_path / "a.safetensors").read_bytes()
    assert whole("a.safetensors", weights) and not whole("a.safetensors", weights[:-1])
    assert not any(whole("a.safetensors", weights[:size]) for size in (0, 8, 20))
    assert whole("a.json", b'{"a": 1}\n') and not whole("a.json", b'{"a": ')
    assert whole("a.jsonl", b'{"a": 1}\n{"a": 2}') and not whole("a.jsonl", b'{"a": 1}\n{"a"')
    assert whole("vocab.txt", b"word") and not whole("vocab.txt", b"")


def test_small_files_have_the_digest_of_git(tmp_path: Path) -> None:
    path = tmp_path / "blobs" / hashlib.sha1(b"blob 5\0hello").hexdigest()
    path.parent.mkdir()
    path.write_bytes(b"hello")
    assert is_intact(path)
    path.write_bytes(b"hullo")
    assert not is_intact(path)


def test_files_of_users_have_no_digest_whatever_their_names(tmp_path: Path) -> None:
    for name in ("a" * 40, "b" * 64):
        (tmp_path / name).write_text("mine")
        assert is_intact(tmp_path / name)


def test_a_full_disk_is_reported(served: Path, tmp_path: Path) -> None:
    try:
        subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", str(tmp_path)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine lets nobody make a small disk")
    code = """if True:
        from pathlib import Path
        from engine.files.hub import fetch
        from engine.errors import UserError
        try:
            fetch("org/data", ["cb/train.parquet"], "main", "dataset")
        except UserError as error:
            print(error)
    """
    small = tmp_path / "small"
    small.mkdir()
    hub = TinyHub({"datasets/org/data": Repository(served)})
    command = f'mount -t tmpfs -o size=100k none {small} && exec {sys.executable} -c "$0"'
    env = {**os.environ, "HF_HUB_CACHE": str(small), "HF_ENDPOINT": hub.address, "HF_HUB_OFFLINE": ""}
    # Without a network namespace of its own, so that the hub is found.
    done = subprocess.run(
        ["unshare", "-rm", "/bin/sh", "-c", command, code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
    )
    hub.stop()
    assert done.stdout.startswith(f"the disk is full: org/data does not fit into {small}; free some"), done.stderr
