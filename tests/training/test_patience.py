"""A locked registry and a full disk delay a run; it ends as if nothing had been."""

from __future__ import annotations

import errno
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from safetensors import SafetensorError
from sqlalchemy.exc import OperationalError

from engine.data import build_tokens
from engine.errors import UserError
from engine.registry import connection
from engine.registry.store import Store, open_store
from engine.training import patience
from engine.training.patience import may_pass, patiently
from engine.worker_exit import WorkerExit
from tests.training.runs import trained, work_on
from tests.training.test_stopping import queue


def database_error(text: str) -> OperationalError:
    return OperationalError("UPDATE run", {}, sqlite3.OperationalError(text))


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (database_error("database is locked"), True),
        (database_error("database or disk is full"), True),
        (database_error("disk I/O error"), True),
        (database_error("attempt to write a readonly database"), True),
        (database_error("no such table: event"), False),
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (OSError(errno.EROFS, "Read-only file system"), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (SafetensorError("I/O error: No space left on device (os error 28)"), True),
        (SafetensorError("InvalidHeader"), False),
    ],
    ids=str,
)
def test_only_what_may_pass_is_waited_for(error: Exception, passes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert may_pass(error) == passes
    monkeypatch.setattr(patience, "SHORTEST", 0.01)
    failing = [error, error]

    def write() -> str:
        if failing:
            raise failing.pop()
        return "written"

    if passes:
        assert patiently(write) == "written"
        failing[:] = [error]
        with pytest.raises(type(error)):
            patiently(write, hurried=lambda: True)
    else:
        with pytest.raises(type(error)):
            patiently(write)


@pytest.mark.parametrize("passes", [True, False])
def test_a_refusal_is_waited_for_where_its_reason_may_pass(passes: bool) -> None:
    refused = UserError("the tokens cannot be written")
    refused.__cause__ = OSError(errno.ENOSPC if passes else errno.EACCES, "no")
    assert may_pass(refused) == passes and not may_pass(UserError("no such file"))


def test_a_run_whose_tokens_meet_a_full_disk_waits(
    store: Store, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(patience, "SHORTEST", 0.01)
    full, write = [1, 1], build_tokens.save

    def save(*arguments: object, **named: object) -> None:
        if full:
            full.pop()
            raise OSError(errno.ENOSPC, "No space left on device")
        write(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(build_tokens, "save", save)
    run_id = queue(store, tiny_backbone)
    assert work_on(store, run_id) == WorkerExit.COMPLETED and not full


def test_a_run_survives_locks_at_every_write(
    store: Store, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each write of the worker, at its own time, meets a registry that is locked for longer than SQLite waits."""
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(patience, "SHORTEST", 0.05)
    impatient = open_store(store.home)
    run_id = queue(impatient, tiny_backbone)
    done, locks = threading.Event(), []

    def lock_again_and_again() -> None:
        with closing(sqlite3.connect(store.home.database, timeout=10, isolation_level=None)) as other:
            while not done.wait(0.02):
                other.execute("BEGIN IMMEDIATE")
                time.sleep(0.3)
                other.execute("COMMIT")
                locks.append(time.monotonic())

    attempt = threading.Thread(target=lock_again_and_again)
    attempt_started = impatient.claim(run_id, "local", "cpu")
    assert attempt_started == 1
    monkeypatch.setattr(impatient, "claim", lambda *_: attempt_started)
    attempt.start()
    try:
        run = trained(impatient, run_id)
    finally:
        done.set()
        attempt.join()
    assert len(locks) >= 3
    points = store.metrics(run_id)
    assert [point.step for point in points if point.name == "train/loss"] == [0, 1]
    assert [point.step for point in points if point.name == "dev/loss"] == [1, 2]
    assert run.epoch == 2 and {row.split for row in store.evidence(run_id)} == {"dev", "test"}
