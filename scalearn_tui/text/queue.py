"""What is said of the queue."""

from __future__ import annotations

from engine.files.home import Home


def paused_notice(home: Home) -> str | None:
    """What a paused queue does; None where it is not paused."""
    from engine.launch.queue import is_paused

    return "the queue is paused; `scalearn queue resume` lets queued runs start" if is_paused(home) else None
