"""What tests of workers share: each way in which one is started."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.files.home import Home
from engine.launch.warm_start import ForkServer


@pytest.fixture(params=["cold", "warm"])
def fork_server(request: pytest.FixtureRequest, home: Home) -> Iterator[ForkServer | None]:
    """None, for workers that are started cold, and one that forks workers; it has nothing loaded."""
    if request.param == "cold":
        yield None
        return
    server = ForkServer(home, "json", patience=30.0)
    yield server
    assert server.running is not None, "the workers were started cold"
    server.end()
