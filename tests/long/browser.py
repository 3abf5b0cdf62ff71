"""A headless Chromium, driven over WebDriver's HTTP."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""Key of an element's reference in WebDriver's answers."""
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--window-size=1400,900",
]  # fmt: skip


class Browser:
    """One window."""

    def __init__(self, url: str, profile: Path) -> None:
        self.base = url
        options = {"args": [*ARGUMENTS, f"--user-data-dir={profile}"]}
        logs = {"goog:loggingPrefs": {"browser": "ALL"}}
        session = self._ask("/session", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options, **logs}}})
        self.base = f"{url}/session/{session['sessionId']}"

    def open(self, page: Path | str) -> None:
        """A file, or an address of this machine."""
        self._ask("/url", {"url": page.as_uri() if isinstance(page, Path) else page})

    def run(self, script: str) -> Any:
        """What ``return`` gives back in the page."""
        return self._ask("/execute/sync", {"script": script, "args": []})

    def click(self, selector: str) -> None:
        self._ask(f"/element/{self._find(selector)}/click", {})

    def type(self, selector: str, keys: str) -> None:
        self._ask(f"/element/{self._find(selector)}/value", {"text": keys})

    def complaints(self) -> list[str]:
        """What the page has logged since it was asked last: errors, and what its policy has refused."""
        return [entry["message"] for entry in self._ask("/se/log", {"type": "browser"})]

    def screenshot(self) -> bytes:
        """PNG."""
        return base64.b64decode(self._ask("/screenshot"))

    def close(self) -> None:
        urlopen(Request(self.base, method="DELETE"), timeout=60).close()

    def _find(self, selector: str) -> str:
        found: str = self._ask("/element", {"using": "css selector", "value": selector})[ELEMENT]
        return found

    def _ask(self, path: str, values: dict[str, Any] | None = None) -> Any:
        body = None if values is None else json.dumps(values).encode()
        headers = {"Content-Type": "application/json"}
        with urlopen(Request(self.base + path, data=body, headers=headers), timeout=60) as answer:
            return json.loads(answer.read())["value"]


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """A window that closes with the block. ``profile`` is an empty folder."""
    driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert driver.stdout is not None
        port = next(found[1] for line in driver.stdout if (found := re.search(r"successfully on port (\d+)", line)))
        browser = Browser(f"http://127.0.0.1:{port}", profile)
        try:
            yield browser
        finally:
            browser.close()
    finally:
        driver.terminate()
        driver.wait(timeout=60)
