"""The queue in words: the lines above it, and its columns."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from scalearn_tui.dashboard.model.queue import QueueLine, QueueLook, device_name
from scalearn_tui.dashboard.widgets.colours import DIM, Part
from scalearn_tui.dashboard.widgets.lines import Column
from scalearn_tui.dashboard.widgets.run_columns import ID_LENGTH, epoch_text
from scalearn_tui.text.formatting import duration
from scalearn_tui.text.glyphs import silence, state_glyph
from scalearn_tui.text.names import method_title


def supervisor_text(look: QueueLook) -> Content:
    """Whether something starts runs, and what to do where nothing does."""
    parts: list[Part] = []
    if look.paused:
        parts += [("paused: nothing starts until p", "$text-warning bold"), (" · ", DIM)]
    if look.supervised:
        since = f" since {_when(look.since)}" if look.since is not None else ""
        parts += [("●", "$text-success"), (f" supervisor at work{since}", DIM)]
    elif look.stopped and look.waiting:
        again = f"`scalearn resume {look.waiting[0].run_id}` starts it again"
        parts.append((f"the supervisor was stopped, and nothing starts; {again}", "$text-warning"))
    else:
        parts.append(("no supervisor runs; a queued run starts it", DIM))
    if look.trouble:
        parts.append((f"  {look.trouble}", "$text-error"))
    return Content.assemble(*parts)


def _when(seconds: float) -> str:
    since = datetime.fromtimestamp(seconds)
    return f"{since:%H:%M}" if since.date() == datetime.now().date() else f"{since:%Y-%m-%d %H:%M}"


def queue_text(look: QueueLook, left: float | None) -> Content:
    """How much waits, and when that will be done."""
    slots = "slot" if look.slots == 1 else "slots"
    parts: list[Part] = [("queue", "bold"), f"  {len(look.live)} of {look.slots} {slots} taken, {len(look.waiting):,} waiting"]
    if left is not None and (look.supervised or not look.waiting) and not look.paused:
        parts.append((f", done in about {_roughly(left)}", DIM))
    return Content.assemble(*parts)


def _roughly(seconds: float) -> str:
    for unit, size, most in (("min", 60, 5400), ("h", 3600, 2 * 86400)):
        if seconds < most:
            return f"{max(1, round(seconds / size))} {unit}"
    return f"{seconds / 86400:.0f} days"


def waits_for_text(line: QueueLine) -> str:
    """Of a run that has started, where it is and what is left of it."""
    run = line.run
    if not run.state.live:
        return line.reason if run.state == "queued" else str(run.state)
    left = f"{duration(run.seconds_left)} left" if run.seconds_left is not None else ""
    epoch = f"epoch {epoch_text(run)}" if run.epochs else ""
    stopping = "stopping" if run.stop_requested else ""
    return ", ".join(filter(None, (stopping, f"on {device_name(run.device or '')}", silence(run), left, epoch)))


def at_hand_text(line: QueueLine) -> str:
    """A line in full, first what its column may have cut."""
    run, waits = line.run, "waits for " if line.run.state == "queued" else ""
    return f"{waits}{waits_for_text(line)} · {method_title(run.method)} on {run.target}, seed {run.seed}"


def _state(line: QueueLine) -> str:
    return line.run.state.value


QUEUE_COLUMNS: tuple[Column[QueueLine], ...] = (
    Column("glyph", "", 1, 0, lambda line: state_glyph(line.run.state), _state, gap=0),
    Column("place", "#", 4, 4, lambda line: str(line.place or ""), "dim", right=True, least=3, gap=1),
    Column("id", "id", ID_LENGTH, 2, lambda line: line.run.id[:ID_LENGTH], "dim", gap=1),
    Column("method", "method", 18, 1, lambda line: method_title(line.run.method), "strong", least=12),
    Column("backbone", "backbone", 14, 8, lambda line: line.run.backbone, least=8),
    Column("target", "target", 18, 1, lambda line: line.run.target, least=12),
    Column("seed", "seed", 4, 3, lambda line: str(line.run.seed), right=True),
    Column("priority", "priority", 8, 6, lambda line: str(line.priority) if line.place else "", right=True),
    Column("reason", "waits for", 200, 1, waits_for_text, least=19),
)
