"""A registry that is looked after, so that commands start no process."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from engine.files.disk import try_lock
from engine.registry.store import Store


@pytest.fixture
def supervised(store: Store) -> Iterator[None]:
    """Commands find a supervisor at work and start none."""
    lock = try_lock(store.home.supervisor_lock)
    assert lock is not None
    yield
    os.close(lock)
