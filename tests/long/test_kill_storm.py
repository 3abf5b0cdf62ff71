"""Runs that are killed, stopped, locked out and short of disk at random end exactly as runs that nothing happens to."""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.files.evidence import read_evidence
from engine.files.home import Home
from engine.registry.records import RunState
from engine.registry.store import Store, open_store
from tests.long.storm import MINUTES, SCALEARN, processes
from tests.registry.namespaces import mounts_are_allowed

BUDGET = shlex.split(
    "--epochs 15 --limit train=160 --limit test=64 --set batch_size=8 --set learning_rate=1e-3 --set patience=100"
)
ADAPTERS = ["-m", "adapter", "-t", "toy/sentiment,toy/question,toy/topics,toy/entailment"]
REQUESTS = [
    [*ADAPTERS, "--seed", "0-1"],
    ["-m", "scalearn++", "-t", "toy/claim", "--sources", "sentiment,question", "--seed", "0-2"],
    ["-m", "adapterfusion", "-t", "toy/claim", "--sources", "sentiment,question,topics", "--seed", "0-2"],
    [*ADAPTERS, "--seed", "2-4"],
]
DISK = 'mount -t tmpfs -o size=64m,mode=700 storm "$SCALEARN_HOME"'
STORM = """
{mount}
for request in "$@"; do "$PYTHON" -m scalearn_tui run $request --detach; done
"$PYTHON" -m tests.long.storm "$PACE" "$SEED" || code=$?
cp -a "$SCALEARN_HOME/." "$SCALEARN_HOME.after"
exit ${{code:-0}}
"""
DRAFT = re.compile(r"\..+\.[0-9a-f]{8}")


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Home, Home]]:
    """An undisturbed one and one for the storm, whose processes end with the test."""
    # With the same number of threads sums are made in the same order.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    homes = Home(tmp_path / "undisturbed"), Home(tmp_path / "disturbed")
    yield homes
    for home in homes:
        for number in processes(home):
            psutil.Process(number).kill()


def test_every_run_ends_as_if_nothing_had_happened(homes: tuple[Home, Home], tiny_backbone: Path) -> None:
    undisturbed, disturbed = homes
    requests = [[*request, *BUDGET, "-b", str(tiny_backbone)] for request in REQUESTS]
    pace = train(undisturbed, requests)
    began = time.monotonic()
    after = train_in_storm(disturbed, requests, pace)
    minutes = (time.monotonic() - began) / 60
    calm, wild = open_store(undisturbed), open_store(after)
    points = assert_same_runs(calm, wild)
    assert_sound(wild)
    assert_no_draft_escapes(wild.home)
    assert "adapterfusion" in scalearn(wild.home, "leaderboard", "--benchmark", "toy").stdout.lower()
    for run in wild.runs():
        scalearn(wild.home, "predict", run.id, "--split", "test")
    print(f"{len(wild.runs())} runs, {points} points of curves equal, {minutes:.1f} minutes of storm")


def scalearn(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*SCALEARN, *arguments], env=environment(home), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def environment(home: Home, **others: str) -> dict[str, str]:
    return os.environ | {"SCALEARN_HOME": str(home.root)} | others


def train(home: Home, requests: list[list[str]]) -> float:
    """Train undisturbed; about the seconds that a run takes on this machine."""
    for request in requests:
        scalearn(home, "run", *request, "--detach")
    for request in requests:
        scalearn(home, "run", *request)
    took = sorted(
        (run.ended_at - run.started_at).total_seconds() for run in open_store(home).runs() if run.started_at and run.ended_at
    )
    return took[len(took) // 2]


def train_in_storm(home: Home, requests: list[list[str]], pace: float) -> Home:
    """Train on a disk of its own in a storm; the home as it was left."""
    seed = os.environ.get("STORM_SEED") or str(random.randrange(10**6))
    print(f"\nthe storm has seed {seed}; a run takes {pace:.1f} s")
    home.make()
    namespace = ["unshare", "--map-root-user", "--mount"] if mounts_are_allowed() else []
    script = STORM.format(mount=DISK if namespace else "")
    command = [*namespace, "/bin/sh", "-ec", script, "sh", *(" ".join(request) for request in requests)]
    variables = environment(home, PYTHON=sys.executable, PACE=str(pace), SEED=seed)
    subprocess.run(command, env=variables, check=True, timeout=MINUTES * 60 + 60)
    assert processes(home) == []
    return Home(home.root.with_name(f"{home.root.name}.after"))


def assert_same_runs(calm: Store, wild: Store) -> int:
    """Each run was completed once and with the same numbers; how many points of curves were compared."""
    ids = sorted(run.id for run in calm.runs())
    assert sorted(run.id for run in wild.runs()) == ids and len(ids) > 20
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
    return {(point.name, point.step): (point.epoch, point.value) for point in store.metrics(run_id)}


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


def assert_no_draft_escapes(home: Home) -> None:
    """Killed writers leave drafts; ``gc`` finds all of them once they are old."""
    drafts = {path for path in home.root.rglob(".*") if DRAFT.fullmatch(path.name)}
    for draft in drafts:
        os.utime(draft, (0, 0))
    freed = json.loads(scalearn(home, "gc", "--dry-run", "--json").stdout)["freed"]
    assert drafts <= {Path(one["path"]) for one in freed}
