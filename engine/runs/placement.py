"""When and where runs start: nothing about their results depends on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Placement:
    """What a user asks of the queue."""

    priority: int = 0
    """Higher ones start first."""
    gpus: tuple[str, ...] = ()
    """Identifiers of the GPUs that the runs may have; without any, all that the configuration allows."""


ANYWHERE = Placement()
