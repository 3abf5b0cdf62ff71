"""The one way to start a process, mostly of the engine, and what its end means.

What needs tensors or tables runs in such a child, so that no command loads their libraries. A child prints JSON, one document
or one event a line; it refuses with one line on stderr and the exit code of its UserError (``engine/child_main.py``).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import IO, Any

from engine.child_main import INTERRUPTED
from engine.errors import UserError

CRASHED = 1
"""Exit code of Python after a traceback."""
GRACE = 5.0
"""Seconds that a child has to end when it is no longer wanted, before it is killed."""


def document(module: str, *arguments: str, stdin: str = "") -> Any:
    """The one JSON document that ``python -m module`` prints, given ``stdin``. Raises UserError unless it succeeds."""
    with _child(module, arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        out, _ = child.communicate(stdin)
    return _parsed(module, out)


def events(module: str, *arguments: str) -> Iterator[dict[str, Any]]:
    """The JSON objects that ``python -m module`` prints, one a line, as they come. Raises UserError unless it succeeds."""
    with _child(module, arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        for line in child.stdout:
            yield _parsed(module, line)


def pass_through(module: str, *arguments: str, stdin: int, hear: Callable[[str], None]) -> None:
    """Let ``python -m module`` read from the file descriptor ``stdin`` and write to this process's stdout.

    ``hear`` is called with each line that it writes to the descriptor that it is given as ``--notices``. Raises UserError
    unless it succeeds.
    """
    reader, writer = os.pipe()
    with (
        open(reader, errors="replace") as notices,
        open(writer, "wb") as end,
        _child(module, ("--notices", str(writer), *arguments), stdin=stdin, pass_fds=(writer,)),
    ):
        # The child has the other copy: when it ends, so do the notices.
        end.close()
        for line in notices:
            hear(line.rstrip("\n"))


def run_command(command: str, variables: Mapping[str, str]) -> int:
    """The exit code of a user's own shell command, which has ``variables`` in its environment."""
    return subprocess.run(["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, env=os.environ | variables).returncode


@contextmanager
def _child(
    module: str,
    arguments: tuple[str, ...],
    stdin: int | None = None,
    stdout: int | None = None,
    pass_fds: tuple[int, ...] = (),
) -> Iterator[subprocess.Popen[str]]:
    """A running child. On leaving it has ended: it is awaited, or terminated when an exception (Ctrl-C too) leaves."""
    # Without -P a file of the working directory named like a library would be imported in its place.
    command = [sys.executable, "-P", "-m", module, *arguments]
    # A file, because a child whose complaints nobody reads would block on a full pipe.
    with (
        TemporaryFile("w+", errors="replace") as complaints,
        subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=complaints, pass_fds=pass_fds, text=True) as child,
    ):
        try:
            yield child
            code = child.wait()
            traceback, last_line = _summary(complaints)
        except BaseException:
            _end(child)
            raise
        # A refusal may have the exit code of a crash, but it has no traceback.
        if traceback and code == CRASHED:
            raise UserError(f"{module} crashed ({last_line}); details in {_kept(module, complaints)}", CRASHED)
    _raise_for(code, module, last_line)


def _kept(module: str, complaints: IO[str]) -> str:
    """Where the complaints of a crash stay to be read."""
    complaints.seek(0)
    with NamedTemporaryFile("w", prefix=f"{module}-", suffix=".log", errors="replace", delete=False) as log:
        shutil.copyfileobj(complaints, log)
    return log.name


def _end(child: subprocess.Popen[str]) -> None:
    child.terminate()
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()


def _summary(complaints: IO[str]) -> tuple[bool, str]:
    """Whether there is a traceback, and the last line that is not blank."""
    complaints.seek(0)
    traceback, last_line = False, ""
    for line in complaints:
        traceback = traceback or line.startswith("Traceback (most recent call last)")
        last_line = line.strip() or last_line
    return traceback, last_line


def _raise_for(code: int, module: str, last_line: str) -> None:
    """Say in one line how a child ended that did not succeed and did not crash."""
    if code == 0:
        return
    if code in (INTERRUPTED, -signal.SIGINT):
        raise KeyboardInterrupt
    if code < 0:
        guess = " (out of memory?)" if code == -signal.SIGKILL else ""
        raise UserError(f"{module} was killed by signal {-code}{guess}", CRASHED)
    raise UserError(last_line or f"{module} ended with exit code {code} and no message", code)


def _parsed(module: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise UserError(f"{module} printed something other than JSON: {text[:80]!r}", CRASHED) from None
