"""``serve`` in a real browser: runs are painted, keys that write change nothing, and the page wants nothing from elsewhere."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.files.home import Home
from engine.registry.store import Store
from tests.long.browser import Browser, chromium
from tests.registry.rows import run

pytestmark = pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")), reason="chromium and chromium-driver are not installed"
)
pytest.importorskip("textual_serve")
LISTEN = """
    window.painted = '';
    window.connection = new WebSocket(document.getElementById('terminal').dataset.sessionWebsocketUrl + '?width=140&height=40');
    connection.binaryType = 'arraybuffer';
    connection.onmessage = event => { window.painted += new TextDecoder().decode(event.data) };
"""
"""What a terminal paints on its canvas cannot be read; a second window's bytes can."""


def wait(browser: Browser, script: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not browser.run(f"return {script}"):
        assert time.monotonic() < until, script
        time.sleep(0.2)


def press(browser: Browser, key: str) -> None:
    browser.run(f"connection.send(JSON.stringify(['stdin', '{key}']))")


def test_a_browser_shows_the_runs_and_changes_none(home: Home, store: Store, tmp_path: Path) -> None:
    store.add([run(1), run(2)], [])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    command = [sys.executable, "-m", "scalearn_tui", "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=os.environ | {"SCALEARN_HOME": str(home.root)}, stderr=subprocess.PIPE)
    try:
        assert server.stderr is not None and server.stderr.readline()
        with chromium(tmp_path / "profile") as browser:
            look(browser, f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        assert server.wait(timeout=30) == 0
    assert {row.state.value for row in store.runs()} == {"queued"} and len(store.runs()) == 2


def look(browser: Browser, address: str) -> None:
    browser.open(address)
    wait(browser, "document.body.classList.contains('-first-byte')")
    browser.run(LISTEN)
    wait(browser, f"painted.includes('{run(1).id[:7]}')")
    for key in "TyDyn":
        press(browser, key)
    wait(browser, "painted.includes('here one')")
    press(browser, "q")
    wait(browser, "connection.readyState === WebSocket.CLOSED")
    assert [text for text in browser.complaints() if "ERR_" in text or "Refused" in text] == []
