"""Whether the hub can be asked, found out once and within seconds instead of by every download's own retries."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
import urllib.error
import urllib.request

HUB = "https://huggingface.co"
PROBE_SECONDS = 2.5
REMEMBERED = 20.0
"""Seconds that an answer holds: as long as one command plans, not as long as a dashboard stays open."""
GATEWAY = (407, 502, 503, 504)
"""Answers of a proxy or a gateway that does not reach the hub."""
_remembered: dict[str, tuple[float, bool]] = {}


def endpoint() -> str:
    """The hub's address: ``$HF_ENDPOINT``, or the public hub."""
    return (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


def is_forbidden() -> bool:
    """Whether ``HF_HUB_OFFLINE`` forbids every request."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def forbid() -> None:
    """Forbid this process and those that it starts every request to the hub."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    # The variable is read once, when the library is imported.
    if constants := sys.modules.get("huggingface_hub.constants"):
        vars(constants)["HF_HUB_OFFLINE"] = True


def hub_reachable() -> bool:
    """Whether the hub answers within 2.5 s, whatever it says; never when requests are forbidden."""
    if is_forbidden():
        return False
    address = endpoint()
    asked, answer = _remembered.get(address, (-REMEMBERED, False))
    if time.monotonic() - asked >= REMEMBERED:
        answer = _probe(address)
        _remembered[address] = time.monotonic(), answer
    return answer


def _probe(address: str) -> bool:
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
    # A name server that is silent blocks for longer than any timeout given to the request.
    threading.Thread(target=lambda: answers.put(_answers(address)), daemon=True).start()
    try:
        return answers.get(timeout=PROBE_SECONDS)
    except queue.Empty:
        return False


def _answers(address: str) -> bool:
    request = urllib.request.Request(address, method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=PROBE_SECONDS).close()
    except urllib.error.HTTPError as error:
        return error.code not in GATEWAY
    except (OSError, ValueError):
        return False
    return True
