"""``serve``: the dashboard in a browser, to look at."""

from __future__ import annotations

import errno
from typing import Annotated

import typer

from engine.errors import UserError
from scalearn_tui.cli.exits import ExitCode

DEFAULT_PORT = 8000


def serve(
    port: Annotated[int, typer.Option(help="Of this machine.", metavar="N", min=1, max=65535)] = DEFAULT_PORT,
) -> int:
    """Show the dashboard in a browser on this machine, read-only, until ctrl+c.

    From elsewhere: `ssh -L 8000:localhost:8000 HOST`, then open http://localhost:8000.
    """
    try:
        from scalearn_tui.web.server import DashboardServer
    except ModuleNotFoundError as error:
        raise UserError(f"needs {error.name}; pip install 'scalearn-tui[serve]'") from None
    try:
        DashboardServer(port).serve()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise UserError(f"port {port} is taken; name another with --port") from None
    return ExitCode.OK
