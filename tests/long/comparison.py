"""Homes in which the same runs were trained, one of them under trouble: what must be equal between them."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing

import numpy as np

from engine.files.evidence import read_evidence
from engine.files.home import Home
from engine.registry.records import RunState
from engine.registry.store import Store, open_store
from tests.long.storm import SCALEARN


def scalearn(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*SCALEARN, *arguments], env=environment(home), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def environment(home: Home, **others: str) -> dict[str, str]:
    return os.environ | {"SCALEARN_HOME": str(home.root)} | others


def train(home: Home, requests: Sequence[Sequence[str]]) -> float:
    """Train undisturbed; about the seconds that a run takes on this machine."""
    for request in requests:
        scalearn(home, "run", *request, "--detach")
    for request in requests:
        scalearn(home, "run", *request)
    took = sorted(
        (run.ended_at - run.started_at).total_seconds() for run in open_store(home).runs() if run.started_at and run.ended_at
    )
    return took[len(took) // 2]


def assert_same_runs(calm: Store, wild: Store) -> int:
    """Each run was completed once and with the same numbers; how many points of curves were compared."""
    ids = sorted(run.id for run in calm.runs())
    assert sorted(run.id for run in wild.runs()) == ids != []
    points = 0
    for run_id in ids:
        left, right = calm.find(run_id), wild.find(run_id)
        assert right.state is RunState.COMPLETED and right.cause is None
        assert [event.text for event in wild.events(run_id)].count("completed") == 1
        assert (left.best, left.best_epoch, left.value, left.epoch, left.step) == (
            right.best, right.best_epoch, right.value, right.epoch, right.step)  # fmt: skip
        assert curves(calm, run_id) == curves(wild, run_id) != {}
        assert calm.results([run_id]) == wild.results([run_id]) != {}
        assert {kind: one.sha256 for kind, one in calm.checkpoints(run_id).items()} == {
            kind: one.sha256 for kind, one in wild.checkpoints(run_id).items()
        }
        assert_same_answers(calm, wild, run_id)
        points += len(curves(wild, run_id))
    return points


def curves(store: Store, run_id: str) -> dict[tuple[str, int], tuple[float, float]]:
    return {
        (point.name, point.step): (point.epoch, point.value)
        for point in store.metrics(run_id)
        if not point.name.startswith("system/")
    }


def assert_same_answers(calm: Store, wild: Store, run_id: str) -> None:
    rows = [store.evidence(run_id) for store in (calm, wild)]
    assert rows[0] == rows[1] != []
    for row in rows[0]:
        left, right = (
            read_evidence(store.home, run_id, row.task, row.split, row.logits_sha256, row.rows_sha256) for store in (calm, wild)
        )
        assert np.array_equal(left.logits, right.logits)


def assert_sound(store: Store) -> None:
    with closing(sqlite3.connect(store.home.database)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    for log in (store.home.supervisor_log, *(store.home.log(run.id) for run in store.runs())):
        assert "Traceback" not in log.read_text(errors="replace"), log
