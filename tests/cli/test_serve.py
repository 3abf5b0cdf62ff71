"""``serve``: the page loads nothing from elsewhere, and only it may connect."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from engine.files.home import Home
from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.registry.rows import run

aiohttp = pytest.importorskip("aiohttp")
pytest.importorskip("textual_serve")


@pytest.fixture
def served(home: Home, store: Store) -> Iterator[str]:
    """The address of a server over a home with one run."""
    store.add([run(1)], [])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    command = [sys.executable, "-m", "scalearn_tui", "serve", "--port", str(port)]
    variables = os.environ | {"SCALEARN_HOME": str(home.root)}
    with subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            line = server.stderr.readline()
            assert f"http://127.0.0.1:{port}" in line and "read-only" in line
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            assert server.wait(timeout=30) == 0


async def test_a_window_shows_the_runs_and_strangers_are_refused(served: str) -> None:
    socket_url = f"{served.replace('http', 'ws')}/ws?width=120&height=30"
    async with aiohttp.ClientSession() as session:
        page = await (await session.get(served)).text()
        assert {*re.findall(r"\bhttps?://[^/\"' ]*", page)} == {served}
        for origin in ("https://example.org", "http://127.0.0.1:1", ""):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(socket_url, headers={"Origin": origin})
            assert refused.value.status == 403
        async with session.ws_connect(socket_url, headers={"Origin": served}) as window:
            painted = b""
            async with asyncio.timeout(60):
                while run(1).id[:7].encode() not in painted:
                    message = await window.receive()
                    painted += message.data if isinstance(message.data, bytes) else b""


def test_a_port_that_is_taken(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == ExitCode.USAGE
    assert f"port {port} is taken; name another with --port" in capsys.readouterr().err
