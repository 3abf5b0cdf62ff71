"""The user's own program to read a file in: the one of the dashboard that takes the terminal for a while."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path


def pager() -> list[str]:
    """The command of ``$PAGER``, else ``less``; empty where it is not installed."""
    command = shlex.split(os.environ.get("PAGER", "less"))
    return command if command and shutil.which(command[0]) else []


def read_in(command: list[str], path: Path) -> None:
    """Run it until the user ends it."""
    subprocess.run([*command, str(path)], check=False)
