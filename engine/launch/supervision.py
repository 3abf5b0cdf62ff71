"""Whether a supervisor is at work, and starting one; imports nothing heavy unless one has to be revived.

``python -m engine.launch.supervision --home FOLDER`` runs when a worker has ended. It revives a supervisor that was killed, so
that the queue goes on though nobody types a command. One that a user stopped (``Home.supervisor_stopped``) stays stopped until
runs are asked for (``Store.add``, ``Store.requeue``).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from engine.child_main import exit_code_of
from engine.files.disk import is_locked
from engine.files.home import Home

CODE = Path(__file__).parents[2]
"""Working directory of supervisors and their workers: ``-m`` searches the current folder first, and the user's may hold another
``engine``."""


def ensure_supervisor(home: Home) -> bool:
    """Start a supervisor in the background unless one is running or a user stopped it; returns whether it did.

    Cheap enough to be called after every request. Raises UserError where it would find no slots or a mistake in the
    configuration, OSError where it could not write.
    """
    if is_supervised(home) or is_stopped(home):
        return False
    from engine.files.config import read_config
    from engine.launch.devices import find_slots

    find_slots(read_config(home))
    if os.environ.get("SCALEARN_DB"):
        # A registry on a server is there before the folders of all its homes are.
        home.make()
    home.supervisor_log.open("a").close()
    # Started by a shell that ends at once, so that the supervisor is orphaned: no zombie, no terminal, no Ctrl-C.
    subprocess.run(
        ["/bin/sh", "-c", '"$@" </dev/null >>"$0" 2>&1 &', str(home.supervisor_log),
         sys.executable, "-m", "engine.launch.supervisor", "--home", str(home.root)],
        check=True, start_new_session=True, cwd=CODE, umask=home.umask(), env=_environment(),
    )  # fmt: skip
    return True


def _environment() -> dict[str, str]:
    """That of this process; a file that it names is found from another folder too."""
    from engine.gpu_driver import DESCRIBED

    described = os.environ.get(DESCRIBED)
    return os.environ | ({DESCRIBED: str(Path(described).absolute())} if described else {})


def is_supervised(home: Home) -> bool:
    """Whether a supervisor is running."""
    return home.root.is_dir() and is_locked(home.supervisor_lock)


def is_stopped(home: Home) -> bool:
    """Whether none is running because a user ended it by a signal and has not asked for runs since."""
    return home.supervisor_stopped.exists() and not is_supervised(home)


def revival_command(home: Home) -> tuple[str, ...]:
    """The command that calls ``revive``."""
    return (sys.executable, "-m", "engine.launch.supervision", "--home", str(home.root))


def advance_command(home: Home) -> tuple[str, ...]:
    """The command that queues what tuning has chosen; it knows sweeps, which this room does not."""
    return (sys.executable, "-m", "engine.sweeps.advance", "--home", str(home.root))


def revive(home: Home) -> None:
    """Start a supervisor if runs are unfinished, none is running and no user stopped it. Raises as ``ensure_supervisor``."""
    if is_supervised(home) or is_stopped(home):
        return
    # The run that ended may have been the last that a sweep waited for.
    subprocess.run(advance_command(home), stdin=subprocess.DEVNULL, cwd=CODE, check=False)
    from engine.registry.opening import open_reader
    from engine.registry.records import ACTIVE

    if open_reader(home).any_run(ACTIVE):
        ensure_supervisor(home)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.launch.supervision", description="Revive a killed supervisor.")
    parser.add_argument("--home", type=Path, required=True)
    home = Home(parser.parse_args(arguments).home)
    return exit_code_of(lambda: revive(home))


if __name__ == "__main__":
    sys.exit(main())
