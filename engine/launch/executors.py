"""Where runs can be started, by the name that a run has of it (``Run.executor``)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from engine.files.home import Home
from engine.launch.executor import Executor
from engine.launch.local import LocalExecutor
from engine.launch.supervision import revival_command
from engine.launch.warm_start import ForkServer


def local(home: Home) -> LocalExecutor:
    """This machine."""
    return LocalExecutor(home, at_end=revival_command(home), fork_server=fork_server(home))


def fork_server(home: Home) -> ForkServer | None:
    """Where warm workers come from; None where the system's own libraries do not survive a fork, as on macOS."""
    return ForkServer(home, "engine.training.preload") if sys.platform == "linux" else None


EXECUTORS: Mapping[str, Callable[[Home], Executor]] = {LocalExecutor.name: local}
"""What makes each one; a supervisor serves all of them."""
