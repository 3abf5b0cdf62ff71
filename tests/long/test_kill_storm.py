"""Runs survive whatever happens to their processes, their registry and their disk, and end as if nothing had."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.long.storm import KILLS
from tests.registry.namespaces import mounts_are_allowed

SEED = 1


def test_kill_storm(tmp_path: Path, tiny_backbone: Path) -> None:
    """With full disks where a file system of one's own can be mounted."""
    command = [sys.executable, "-m", "tests.long.storm", str(tmp_path / "home"), str(tmp_path / "quiet"), str(tiny_backbone)]
    command.append(str(SEED))
    if mounts_are_allowed():
        script = 'mkdir -p "$4" && mount -t tmpfs -o size=160m,mode=700 storm "$4" && exec "$@"'
        command = ["unshare", "--map-root-user", "--mount", "/bin/sh", "-ec", script, "sh", *command]
    with (tmp_path / "log").open("w+") as log:
        code = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, cwd=Path(__file__).parents[2]).returncode
        log.seek(0)
        text = log.read()
    print(text)
    assert code == 0
    summary = json.loads(text.splitlines()[-1])
    assert summary["runs"] >= 20 and summary["kills"] >= KILLS
    for name in ("points differ", "results differ", "completed more than once", "left", "without answers"):
        assert summary[name] == [], name
    assert (summary["states"], summary["checks"], summary["leaderboard"]) == (["completed"], [["ok"]], 0)
    assert not [one for one in summary["surplus"] if one["kind"] != "unfinished file"]
