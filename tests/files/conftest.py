"""A hub on this machine and an empty cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.files.tiny_hub import Repository, TinyHub


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def hub_of(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, Repository]], TinyHub]]:
    """Start a hub of these repositories, which this process asks from then on."""
    hubs: list[TinyHub] = []

    def start(repositories: dict[str, Repository]) -> TinyHub:
        hub = TinyHub(repositories)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        hubs.append(hub)
        return hub

    yield start
    for hub in hubs:
        hub.stop()
