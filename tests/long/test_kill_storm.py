"""Runs that are killed, stopped, locked out and short of disk at random end exactly as runs that nothing happens to."""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

from engine.files.home import Home
from engine.registry.store import open_store
from tests.long.comparison import assert_same_runs, assert_sound, environment, scalearn, train
from tests.long.storm import longest, processes
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


def test_every_run_ends_as_if_nothing_had_happened(homes: tuple[Home, Home], tiny_backbone: Path) -> None:
    undisturbed, disturbed = homes
    requests = [[*request, *BUDGET, "-b", str(tiny_backbone)] for request in REQUESTS]
    pace = train(undisturbed, requests)
    began = time.monotonic()
    after = train_in_storm(disturbed, requests, pace)
    minutes = (time.monotonic() - began) / 60
    calm, wild = open_store(undisturbed), open_store(after)
    assert len(wild.runs()) > 20
    points = assert_same_runs(calm, wild)
    assert_sound(wild)
    assert_no_draft_escapes(wild.home)
    assert "adapterfusion" in scalearn(wild.home, "leaderboard", "--benchmark", "toy").stdout.lower()
    for run in wild.runs():
        scalearn(wild.home, "predict", run.id, "--split", "test")
    print(f"{len(wild.runs())} runs, {points} points of curves equal, {minutes:.1f} minutes of storm")


def train_in_storm(home: Home, requests: list[list[str]], pace: float) -> Home:
    """Train on a disk of its own in a storm; the home as it was left."""
    seed = os.environ.get("STORM_SEED") or str(random.randrange(10**6))
    print(f"\nthe storm has seed {seed}; a run takes {pace:.1f} s")
    home.make()
    namespace = ["unshare", "--map-root-user", "--mount"] if mounts_are_allowed() else []
    script = STORM.format(mount=DISK if namespace else "")
    command = [*namespace, "/bin/sh", "-ec", script, "sh", *(" ".join(request) for request in requests)]
    variables = environment(home, PYTHON=sys.executable, PACE=str(pace), SEED=seed)
    subprocess.run(command, env=variables, check=True, timeout=longest(pace) + 60)
    assert processes(home) == []
    return Home(home.root.with_name(f"{home.root.name}.after"))


def assert_no_draft_escapes(home: Home) -> None:
    """Killed writers leave drafts; ``gc`` finds all of them once they are old."""
    drafts = {path for path in home.root.rglob(".*") if DRAFT.fullmatch(path.name)}
    for draft in drafts:
        os.utime(draft, (0, 0))
    freed = json.loads(scalearn(home, "gc", "--dry-run", "--json").stdout)["freed"]
    assert drafts <= {Path(one["path"]) for one in freed}
