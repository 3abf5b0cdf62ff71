"""All rows that lie on sound pages come back, and nothing that contradicts itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from engine.errors import UserError
from engine.registry.records import Source, Sweep
from engine.registry.recovery import recover
from engine.registry.store import Store, open_store
from tests.registry.damages import PAGE, closed, replace
from tests.registry.rows import point, run


def leaves(content: bytes, marker: bytes) -> list[int]:
    """The pages of tables whose rows hold ``marker``."""
    return [
        begin for begin in range(PAGE, len(content), PAGE) if content[begin] == 13 and marker in content[begin : begin + PAGE]
    ]


def test_only_rows_of_the_damaged_page_are_lost(store: Store) -> None:
    store.add([run(1)], [])
    attempt = store.claim(run(1).id, "local", "cpu")
    assert attempt
    store.progress(run(1).id, attempt, [point(run(1).id, step, 0.5) for step in range(1000)])
    content = bytearray(closed(store))
    pages = leaves(bytes(content), b"train/loss")
    hit = pages[len(pages) // 2]
    content[hit : hit + PAGE] = bytes(PAGE)
    replace(store.home, bytes(content))
    _, counts = recover(store.home)
    again = open_store(store.home)
    left = [point.step for point in again.metrics(run(1).id)]
    assert counts["metric"] == len(left) and 800 < len(left) < 1000
    assert left[0] == 0 and left[-1] == 999, "those behind the page too"
    assert again.version() > again.find(run(1).id).version


def test_rows_of_lost_runs_are_left_out(store: Store) -> None:
    store.add([run(1), run(2)], [Source(run_id=run(2).id, position=0, source_id=run(1).id, task="toy/topics")])
    closed(store)
    with closing(sqlite3.connect(store.home.database)) as database:
        database.execute("UPDATE run SET created_at = 'never' WHERE id = ?", (run(1).id,))
        database.commit()
    _, counts = recover(store.home)
    assert (counts["run"], counts["source"], counts["event"]) == (1, 0, 1)
    assert [found.id for found in open_store(store.home).runs()] == [run(2).id]


def test_what_is_still_in_the_log_of_changes_is_saved_too(store: Store) -> None:
    store.add([run(1)], [])
    assert store.home.database.with_name("registry.sqlite-wal").stat().st_size
    store.register(Sweep(name="paper", file="/paper.toml", text="", requests=[], cells=[{"run": run(1).id}]))
    aside, counts = recover(store.home)
    assert (counts["run"], counts["sweep"]) == (1, 1)
    assert open_store(store.home).count() == 1
    assert aside.with_name(f"{aside.name}-wal").exists()


def test_a_locked_registry_is_left_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add([run(1)], [])
    closed(store)
    monkeypatch.setattr("engine.registry.rows.PATIENCE", 0.1)
    with closing(sqlite3.connect(store.home.database, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE clock SET value = value + 1")
        with pytest.raises(UserError, match=r"another program keeps .* locked; end it and try again"):
            recover(store.home)
    assert open_store(store.home).count() == 1
