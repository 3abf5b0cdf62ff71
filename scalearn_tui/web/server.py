"""The server behind ``scalearn serve``: textual-serve, on this machine alone, with a page that loads nothing from elsewhere."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from aiohttp import web
from textual_serve.server import Server

COMMAND = shlex.join([sys.executable, "-m", "scalearn_tui.dashboard.served"])
HOST = "127.0.0.1"


class DashboardServer(Server):
    """A dashboard of its own for every window that is opened."""

    def __init__(self, port: int) -> None:
        super().__init__(COMMAND, host=HOST, port=port, title="scalearn", templates_path=Path(__file__).parent)

    def serve(self, debug: bool = False) -> None:
        """Serve until ctrl+c. Raises OSError where the port is taken."""
        web.run_app(self._make_app(), host=self.host, port=self.port, print=self._announce, access_log=None)

    def _announce(self, _: str) -> None:
        print(f"read-only, for everyone on this machine: {self.public_url}  (ctrl+c ends it)", file=sys.stderr, flush=True)

    async def on_startup(self, app: web.Application) -> None:
        """Its own greeting would come before the port is known to be free."""

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Let only our own page in: any page of the web can send a browser to this address."""
        ours = {f"http://{name}:{self.port}" for name in (HOST, "localhost")}
        if request.headers.get("Origin") not in ours:
            raise web.HTTPForbidden(text="only the page of this server may connect")
        return await super().handle_websocket(request)
