"""Homes that cannot be written are looked at all the same."""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from engine.registry.opening import open_reader
from engine.registry.store import Store
from tests.registry.namespaces import FULL, READ_ONLY, in_namespace, needs_mounts, on
from tests.reports.rows import complete, queue, spec

RUN = spec("adapter", "toy/question", backbone="minilm")
WAITING = spec("adapter", "toy/topics", backbone="minilm")

WRITES = """
import subprocess
from sqlalchemy.exc import OperationalError
from engine.files.home import Home
from engine.registry.store import open_store
from tests.registry.rows import run
home = Home.default()
store = open_store(home)
for _ in range(2):
    try:
        store.add([run(1)], [])
    except OperationalError as error:
        assert "readonly" in str(error)
subprocess.run(["mount", "-o", "remount,rw,bind", home.root], check=True)
store.add([run(1)], [])
"""


def closed(store: Store) -> None:
    """Nothing is left in the log of changes."""
    store.close()
    assert not log(store).exists()


def in_use(store: Store) -> None:
    """By a process that has changes in its log; connections of this one stay open."""
    # The database would have to grow to take them over: on a full disk nothing gets room by that.
    store.note(RUN.run_id, "." * 100_000)
    assert log(store).stat().st_size


def crashed(store: Store) -> None:
    """Changes are in a log that no process has open."""
    copy = store.home.root / "copy"
    shutil.copy(log(store), copy)
    shutil.copy(store.home.database, f"{copy}.sqlite")
    store.close()
    copy.rename(log(store))
    Path(f"{copy}.sqlite").rename(store.home.database)


def log(store: Store) -> Path:
    return store.home.database.with_name("registry.sqlite-wal")


@pytest.mark.parametrize("mount", [READ_ONLY, FULL], ids=["read-only", "full"])
@pytest.mark.parametrize("leave", [closed, in_use, crashed])
@needs_mounts
def test_all_looks_are_answered(mount: str, leave: Callable[[Store], None], store: Store) -> None:
    complete(store, RUN, 0.75)
    if mount is READ_ONLY:
        # On a disk that is merely full a supervisor would start, and wait for room.
        queue(store, WAITING)
    leave(store)
    looks = [["ls"], ["show", RUN.run_id], ["leaderboard"], ["adapters", "ls"], ["logs", RUN.run_id], ["doctor"]]
    changes = [["delete", "--yes", RUN.run_id], ["stop", WAITING.run_id]]
    answers = on(mount, store.home.root, *looks, *changes)
    listed, _, board, *others = answers
    assert RUN.run_id in listed[1] and (WAITING.run_id in listed[1]) == (mount is READ_ONLY)
    notices = ["the states of unfinished runs may be old"] if mount is READ_ONLY else []
    assert [line.split(":")[0] for line in listed[2].splitlines()] == notices
    assert "75.00" in board[1]
    assert [code for code, _, _ in answers[: len(looks) - 1]] == [0] * (len(looks) - 1)
    for code, out, err in others[-len(changes) :]:
        assert code and not out and len(err.splitlines()) == 1
        assert "cannot be written" in err or "no run" in err
    assert not any("Traceback" in err for _, _, err in answers)


def test_what_is_written_elsewhere_meanwhile_is_seen(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be written here may be written through another mount."""
    complete(store, RUN, 0.75)
    closed(store)
    connect = sqlite3.connect

    def without_shared_memory(database: str, **options: object) -> sqlite3.Connection:
        if database.endswith("mode=ro"):
            raise sqlite3.OperationalError("unable to open database file")
        return connect(database, **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr("engine.registry.rows.sqlite3.connect", without_shared_memory)
    reader = open_reader(store.home)
    assert reader.count() == 1
    with closing(connect(store.home.database)) as other, other:
        other.execute("UPDATE run SET seed = 7")
        assert [run.seed for run in reader.runs()] == [0]
        other.commit()
        assert [run.seed for run in reader.runs()] == [7]
    assert [run.seed for run in reader.runs()] == [7]
    reader.close()


@needs_mounts
def test_a_registry_that_was_read_only_for_a_while_is_written_again(store: Store) -> None:
    """SQLite leaves connections read-only that were opened meanwhile, and shares that among those of a process."""
    assert store.count() == 0
    command = shlex.join([sys.executable, "-c", WRITES])
    done = in_namespace(f"{READ_ONLY}\nexec {command}", os.environ | {"SCALEARN_HOME": str(store.home.root)})
    assert done.returncode == 0, done.stderr
    assert store.count() == 1
