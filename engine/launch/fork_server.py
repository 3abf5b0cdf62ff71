"""The process that forks workers: ``python -m engine.launch.fork_server MODULE --home FOLDER <SOCKET``.

It imports ``MODULE``, and with it all that workers need, once. For each request on the socket (``engine.launch.warm_start``) it
forks a parent that does what the shell of a cold start does (``engine.launch.local.SHIM``): it waits for the word to go, forks
the worker, and records how that ended.

Nothing here may start a thread, compute with torch or numpy, or touch CUDA: forks have the state of these, but not their
threads. The process ends when the supervisor has closed the socket or has ended, and when a file that it has loaded is not the
same any more: the code that runs is the code on disk.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import json
import os
import runpy
import signal
import socket
import sys
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from engine.child_main import INTERRUPTED
from engine.files.disk import atomic_write
from engine.files.home import Home

LONGEST_LOADING = 60
"""Seconds after which a process that hangs while it imports is ended."""
FILES = 5
"""How many files come with a request, in the order of the arguments of ``attend``."""
READY = b"r"
POLITE = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
"""What the parent of a worker survives, as the whole group receives it."""
CLOCK_STEP = 0.01
"""Seconds by which the times of files may be behind the clock."""
Stamps = dict[str, tuple[int, ...] | None]


def loaded_files() -> Stamps:
    """Identity, size and times of the files of all modules; None for one that does not exist."""
    files = {file for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))}
    return {file: _stamp(file) for file in files}


def _stamp(file: str) -> tuple[int, ...] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_ctime_ns, found.st_mtime_ns, found.st_size, found.st_ino


def serve(channel: socket.socket, stamps: Stamps) -> list[int] | None:
    """Answer requests. Returns in each parent of a worker the files of its request, and None in the server when it must end."""
    with suppress(BrokenPipeError):
        channel.send(READY)
    while True:
        try:
            word, files, *_ = socket.recv_fds(channel, 1, FILES)
        except ConnectionResetError:
            return None
        if not word or any(_stamp(file) != stamp for file, stamp in stamps.items()):
            return None
        if os.fork() == 0:
            channel.close()
            return list(files)
        for file in files:
            os.close(file)


def attend(home: Home, job_file: int, go: int, report: int, slot: int, log: int) -> NoReturn:
    """Be the parent of one worker, in a session of its own, until that has ended.

    ``slot`` stays open here and in the worker, so that it is free when both have ended. ``report`` gets this process's number,
    and in the end the exit code.
    """
    os.setsid()
    for kind in POLITE:
        signal.signal(kind, lambda *_: None)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with os.fdopen(job_file) as file:
        job = json.load(file)
    for source, target in ((os.open(os.devnull, os.O_RDONLY), 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(log)
    os.chdir(job["folder"])
    # A supervisor that was killed has closed these; the next one is then revived below.
    with suppress(BrokenPipeError):
        os.write(report, b"%d\n" % os.getpid())
    with os.fdopen(go) as supervisor:
        # One that did not take the number starts this attempt in another way, or never will.
        taken, released = supervisor.readline(), supervisor.readline()
    code = _run(job["argv"], job["env"], job["place"], report) if released else None
    if taken:
        _record(job["record"], code)
    with suppress(OSError), home.supervisor_log.open("ab") as notices:
        os.dup2(notices.fileno(), 1)
        os.dup2(notices.fileno(), 2)
        _run(job["at_end"], job["at_end_env"], job["place"], report)
    with suppress(BrokenPipeError):
        os.write(report, b"%d\n" % (code or 0))
    os._exit(0)


def _run(argv: list[str], env: Mapping[str, str], place: str, report: int) -> int:
    """The exit code of a command, as a shell reports it; a module of Python's is run in a fork of this process."""
    # A signal that comes before the command can handle it waits.
    signal.pthread_sigmask(signal.SIG_BLOCK, POLITE)
    try:
        child = os.fork()
    except OSError as error:
        print(f"{argv[0]} cannot be started: {error}", flush=True)
        return 1
    if child == 0:
        os.close(report)
        _become(argv, env, place)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, POLITE)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _become(argv: list[str], env: Mapping[str, str], place: str) -> NoReturn:
    """Run a command in the place of this process, and end as Python does."""
    code: object = 1
    try:
        for kind in POLITE:
            signal.signal(kind, signal.default_int_handler if kind is signal.SIGINT else signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, POLITE)
        os.chdir(place)
        if argv[:2] != [sys.executable, "-m"]:
            # Python ignores it, and the command would.
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            os.execvpe(argv[0], argv, env)
        os.environ.clear()
        os.environ.update(env)
        sys.argv = argv[2:]
        gc.enable()
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code or 0
        if not isinstance(code, int):
            print(code, file=sys.stderr)
    except BaseException as error:
        traceback.print_exc()
        code = INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    finally:
        # Not by an exception, which code of the parent would catch; nor by visiting all modules, as Python does: their memory
        # would be copied then, which takes as long as a start.
        with suppress(Exception):
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def _record(name: str, code: int | None) -> None:
    """Write the exit record by rename; where that cannot be written the log's last line is reported as the cause."""
    with suppress(OSError), atomic_write(Path(name)) as draft:
        draft.write_text(json.dumps({"code": code}) + "\n")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.launch.fork_server", description="Fork workers of loaded code.")
    parser.add_argument("module", help="what is imported, and with it what workers need")
    parser.add_argument("--home", type=Path, required=True)
    options = parser.parse_args(arguments)
    signal.alarm(LONGEST_LOADING)
    began = time.time()
    gc.disable()
    import_module(options.module)
    stamps = loaded_files()
    if any(stamp and stamp[0] / 1e9 > began - CLOCK_STEP for stamp in stamps.values()):
        print("workers are started cold for a minute: code was changed while it was loaded")
        return 1
    gc.freeze()
    signal.alarm(0)
    # Parents of workers are no concern of the server's: none stays as a zombie.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    files = serve(socket.socket(fileno=0), stamps)
    if files is None:
        return 0
    attend(Home(options.home), *files)


if __name__ == "__main__":
    sys.exit(main())
