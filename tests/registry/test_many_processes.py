"""Several processes at one registry, some of which are killed."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from engine.registry.store import Store
from tests.registry.rows import run

WRITER = """if True:
    import sys
    from pathlib import Path
    from engine.files.home import Home
    from engine.registry.store import open_store
    from engine.registry.records import Metric
    home, run_id, attempt, start = sys.argv[1:]
    store = open_store(Home(Path(home)))
    step = int(start)
    while True:
        same = {"run_id": run_id, "step": step, "value": 1.0, "epoch": 0.0, "attempt": int(attempt)}
        points = [Metric(name=f"m{i}", **same) for i in range(20)]
        store.progress(run_id, int(attempt), points, step=step)
        print(step, flush=True)
        step += 1
"""
CLAIMER = """if True:
    import sys, time
    from pathlib import Path
    from engine.files.home import Home
    from engine.registry.store import open_store
    store = open_store(Home(Path(sys.argv[1])))
    print("ready", flush=True)
    sys.stdin.readline()
    for run in store.ready():
        attempt = store.claim(run.id, "local", "cpu")
        if attempt is not None:
            print(run.id, attempt, flush=True)
"""
OPENER = """if True:
    import sys
    from pathlib import Path
    from engine.files.home import Home
    sys.stdin.readline()
    from engine.registry.store import open_store
    print(open_store(Home(Path(sys.argv[1]))).version())
"""


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_nothing_acknowledged_is_lost_when_writers_are_killed(store: Store) -> None:
    """Each commit carries 20 points and the step of the run: all of it or nothing is there after kill -9."""
    killed, survivor = run(1).id, run(2).id
    store.add([run(1), run(2)], [])
    for run_id in (killed, survivor):
        assert store.claim(run_id, "local", "cpu") == 1
    beside = python(WRITER, store.home.root, survivor, 1, 0)
    acknowledged = -1
    for _ in range(4):
        victim = python(WRITER, store.home.root, killed, 1, acknowledged + 1)
        assert victim.stdout is not None
        victim.stdout.readline()
        time.sleep(random.uniform(0.02, 0.2))
        victim.kill()
        acknowledged = int((victim.communicate()[0].split() or [acknowledged + 1])[-1])
        stored = store.find(killed)
        assert stored.step in (acknowledged, acknowledged + 1)
        assert Counter(point.step for point in store.metrics(killed)) == dict.fromkeys(range(stored.step + 1), 20)
    assert beside.poll() is None
    beside.kill()
    out, err = beside.communicate()
    assert err == "" and store.find(survivor).step >= int(out.split()[-1])
    with closing(sqlite3.connect(store.home.database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_no_run_is_claimed_twice(store: Store) -> None:
    store.add([run(number) for number in range(60)], [])
    claimers = [python(CLAIMER, store.home.root) for _ in range(4)]
    for claimer in claimers:
        assert claimer.stdout is not None and claimer.stdout.readline() == "ready\n"
    outputs = [claimer.communicate("go\n") for claimer in claimers]
    claimed = Counter(line.split()[0] for out, _ in outputs for line in out.splitlines())
    assert [err for _, err in outputs] == [""] * 4
    assert len(claimed) == 60 and set(claimed.values()) == {1}
    assert {run.attempt for run in store.runs()} == {1}


def test_many_may_create_the_registry_at_once(tmp_path: Path) -> None:
    openers = [python(OPENER, tmp_path / "home") for _ in range(4)]
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write("go\n")
        opener.stdin.flush()
    assert [opener.communicate() for opener in openers] == [("0\n", "")] * 4


def test_a_reader_neither_waits_for_a_writer_nor_keeps_the_log_growing(store: Store) -> None:
    store.add([run(1)], [])
    with closing(sqlite3.connect(store.home.database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE run SET step = 5")
        began = time.monotonic()
        assert store.find("@1").step == 0
        assert time.monotonic() - began < 1
        writer.execute("COMMIT")
    attempt = store.claim(run(1).id, "local", "cpu") or 0
    for step in range(300):
        store.progress(run(1).id, attempt, step=step)
        store.runs()
    assert Path(f"{store.home.database}-wal").stat().st_size < 16 * 2**20
