"""Workers forked from a process that has loaded their code (``engine.launch.fork_server``), which saves each the time of that.

The process is started when a worker is wanted. Nothing depends on it: where it is dead, hung or slow, workers are started cold.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from io import FileIO
from typing import IO, Any

from engine.files.home import Home

IDLE = 60.0
"""Seconds without work after which the process is ended."""
PATIENCE = 10.0
"""Seconds that loading the code, and later an answer, may take until a worker is started cold."""
PAUSE = 60.0
"""Seconds until code that could not be loaded is loaded again."""
LATE = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")
"""Variables that are first read in the worker. Others, such as ``OMP_NUM_THREADS``, libraries read when they are loaded."""


class ForkedParent:
    """The process above a forked worker, with the part of ``subprocess.Popen`` that an executor uses."""

    def __init__(self, stdin: IO[bytes], report: FileIO) -> None:
        self.pid = 0
        self.stdin = stdin
        self.report = report
        """What it writes: its number, and the worker's exit code."""
        self._code = -signal.SIGKILL
        """Nothing else ends it without a word."""

    def introduce(self, patience: float) -> None:
        """Learn its number, and let it know. Raises EOFError if it has ended, TimeoutError if it says nothing."""
        if not _readable(self.report.fileno(), patience):
            raise TimeoutError
        number = self.report.read(16)
        if not number:
            raise EOFError
        self.pid = int(number)
        self.stdin.write(b"taken\n")
        self.stdin.flush()

    def poll(self) -> int | None:
        """The worker's exit code once this process has ended, too; None before."""
        while not self.report.closed and (word := self.report.read(16)) is not None:
            if word:
                self._code = int(word)
            else:
                self.report.close()
        return self._code if self.report.closed else None


@dataclass
class _Server:
    process: subprocess.Popen[bytes]
    channel: socket.socket
    env: Mapping[str, str]
    is_ready: bool = False
    """Whether it is known to have loaded the code."""

    def look(self) -> None:
        """Read whether it has loaded the code. Raises EOFError if it has ended."""
        if not self.is_ready and _readable(self.channel.fileno(), 0.0):
            self.is_ready = bool(self.channel.recv(1))
            if not self.is_ready:
                raise EOFError

    def end(self) -> None:
        self.channel.close()
        self.process.kill()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(1)


class ForkServer:
    """Starts and asks the process that forks workers."""

    def __init__(self, home: Home, module: str, patience: float = PATIENCE, idle: float = IDLE) -> None:
        """``module`` imports what workers need; the process is ended after ``idle`` seconds without work."""
        self._command = [sys.executable, "-m", "engine.launch.fork_server", module, "--home", str(home.root)]
        self._log = home.supervisor_log
        self._patience, self._idle = patience, idle
        self._server: _Server | None = None
        self._busy_at = 0.0
        self._paused_until = 0.0

    def fork(self, job: Mapping[str, Any], slot: int, log: int) -> ForkedParent | None:
        """The parent of a worker, which waits for the word to go; None where the worker must be started cold.

        ``job`` is what ``fork_server.attend`` reads; ``slot`` and ``log`` are open files.
        """
        self._busy_at = time.monotonic()
        try:
            # A process that has ended since, because a file was changed, is replaced.
            return self._ask(job, slot, log) or self._ask(job, slot, log)
        except TimeoutError:
            # One that is still loading the code will serve others.
            if self._server and self._server.is_ready:
                self.end()
        except OSError:
            self.end()
        return None

    @property
    def running(self) -> int | None:
        """The number of the process, if there is one."""
        return self._server.process.pid if self._server else None

    def look_after(self, busy: bool) -> None:
        """Leave no zombie of a process that has ended, and end one that has had no work for long."""
        now = time.monotonic()
        if busy:
            self._busy_at = now
        if self._server and (self._server.process.poll() is not None or now - self._busy_at > self._idle):
            self.end()

    def end(self) -> None:
        if self._server:
            self._server.end()
            self._server = None

    def _ask(self, job: Mapping[str, Any], slot: int, log: int) -> ForkedParent | None:
        """None if there is no process that can answer. Raises TimeoutError and other OSErrors."""
        env = {name: value for name, value in job["env"].items() if name not in LATE}
        if self._server and self._server.env != env:
            self.end()
        try:
            if self._server:
                self._server.look()
                if not self._server.is_ready:
                    return None
            elif time.monotonic() < self._paused_until:
                return None
            else:
                self._server = self._start(env)
            return _parent(self._server.channel, job, slot, log, self._patience)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            if self._server and not self._server.is_ready:
                self._paused_until = time.monotonic() + PAUSE
            self.end()
            return None

    def _start(self, env: Mapping[str, str]) -> _Server:
        ours, theirs = socket.socketpair()
        with theirs, self._log.open("ab") as log:
            process = subprocess.Popen(
                self._command,
                env=dict(env),
                stdin=theirs.fileno(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return _Server(process, ours, env)


def _parent(channel: socket.socket, job: Mapping[str, Any], slot: int, log: int, patience: float) -> ForkedParent:
    """Let a process be forked. Raises EOFError if it, or the server, has ended, TimeoutError, and other OSErrors."""
    with ExitStack() as kept, ExitStack() as given:
        (go_end, go), (report, report_end) = os.pipe(), os.pipe()
        os.set_blocking(report, False)
        parent = ForkedParent(kept.enter_context(os.fdopen(go, "wb")), kept.enter_context(FileIO(report)))
        for file in (go_end, report_end):
            given.callback(os.close, file)
        request = given.enter_context(os.fdopen(os.memfd_create("job"), "wb"))
        request.write(json.dumps(job).encode())
        request.flush()
        request.seek(0)
        socket.send_fds(channel, [b"f"], [request.fileno(), go_end, report_end, slot, log])
        given.close()
        parent.introduce(patience)
        kept.pop_all()
        return parent


def wait_for_one(parents: Sequence[ForkedParent], seconds: float) -> None:
    """Wait until one of them has ended, for so many seconds at most."""
    until = time.monotonic() + seconds
    running = [parent for parent in parents if parent.poll() is None]
    while (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select([parent.report for parent in running], [], [], left)
        if ready and any(parent.poll() is not None for parent in running):
            return


def _readable(file: int, seconds: float) -> bool:
    return bool(select.select([file], [], [], seconds)[0])
