"""Commands whose home lies on a file system of their own: read-only, or full."""

from __future__ import annotations

import functools
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

READ_ONLY = 'mount --bind "$SCALEARN_HOME" "$SCALEARN_HOME" && mount -o remount,ro,bind "$SCALEARN_HOME"'
FULL = """
    mkdir -p "$SCALEARN_HOME.full" && mount -t tmpfs -o size=4m,mode=700 full "$SCALEARN_HOME.full" &&
    cp -r "$SCALEARN_HOME/." "$SCALEARN_HOME.full" && mount --bind "$SCALEARN_HOME.full" "$SCALEARN_HOME" &&
    { cat /dev/zero > "$SCALEARN_HOME/filling" 2>/dev/null || true; }
"""


DRIVER = """
import contextlib, io, json, sys, traceback
from scalearn_tui.cli.app import main
answers = []
for command in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(command)
        except BaseException:
            code = traceback.print_exc()
    answers.append([code, out.getvalue(), err.getvalue()])
json.dump(answers, sys.stdout)
"""


def on(mount: str, home: Path, *commands: Sequence[str]) -> list[tuple[int | None, str, str]]:
    """Exit code, stdout and stderr of ``scalearn`` with each of these arguments, where the home is mounted so."""
    command = shlex.join([sys.executable, "-c", DRIVER, json.dumps(commands)])
    done = in_namespace(f"{mount}\nexec {command}", os.environ | {"SCALEARN_HOME": str(home)})
    assert done.returncode == 0, done.stderr
    return [(code, out, err) for code, out, err in json.loads(done.stdout)]


@functools.cache
def mounts_are_allowed() -> bool:
    return in_namespace("mount -t tmpfs none /mnt", dict(os.environ)).returncode == 0


def in_namespace(script: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script of ``/bin/sh`` that may mount file systems of its own."""
    command = ["unshare", "--map-root-user", "--mount", "/bin/sh", "-ec", script]
    try:
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127, "", "")


needs_mounts = pytest.mark.skipif(not mounts_are_allowed(), reason="mounting file systems of one's own is not allowed here")
