"""Whether the hub can be reached, determined once and within seconds instead of by every download's own retries."""

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
VALID_SECONDS = 20.0
"""How long an answer is reused: within the planning of one command, not as long as a dashboard stays open."""
GATEWAY_ERRORS = (407, 502, 503, 504)
"""Status codes of a proxy or a gateway that does not reach the hub."""
_answers: dict[str, tuple[float, bool]] = {}
"""By address: when it was probed, and whether it answered."""


def endpoint() -> str:
    """The hub's address: ``$HF_ENDPOINT``, or the public hub."""
    return (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


def is_forbidden() -> bool:
    """Whether ``HF_HUB_OFFLINE`` forbids every request."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def forbid() -> None:
    """Forbid requests to the hub in this process and in those that it starts."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    # The variable is read once, when the library is imported.
    if constants := sys.modules.get("huggingface_hub.constants"):
        vars(constants)["HF_HUB_OFFLINE"] = True


def hub_reachable() -> bool:
    """Whether the hub answers within 2.5 s, with any status; False when requests are forbidden."""
    if is_forbidden():
        return False
    address = endpoint()
    probed, reachable = _answers.get(address, (-VALID_SECONDS, False))
    if time.monotonic() - probed >= VALID_SECONDS:
        reachable = _probe(address)
        _answers[address] = time.monotonic(), reachable
    return reachable


def _probe(address: str) -> bool:
    outcome: queue.SimpleQueue[bool] = queue.SimpleQueue()
    # A name server that is silent blocks for longer than any timeout given to the request.
    threading.Thread(target=lambda: outcome.put(_responds(address)), daemon=True).start()
    try:
        return outcome.get(timeout=PROBE_SECONDS)
    except queue.Empty:
        return False


def _responds(address: str) -> bool:
    request = urllib.request.Request(address, method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=PROBE_SECONDS).close()
    except urllib.error.HTTPError as error:
        return error.code not in GATEWAY_ERRORS
    except (OSError, ValueError):
        return False
    return True
