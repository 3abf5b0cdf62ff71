"""What tests of the worker share."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from engine.training.worker import Termination


@pytest.fixture
def termination() -> Iterator[Termination]:
    """Receives the SIGTERM of this process as long as the test runs."""
    before = signal.getsignal(signal.SIGTERM)
    yield Termination()
    signal.signal(signal.SIGTERM, before)
