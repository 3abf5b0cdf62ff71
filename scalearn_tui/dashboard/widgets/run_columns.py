"""The columns of the list of runs: what each says of a run, and which of them go first when the terminal is narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scalearn_tui.dashboard.model.orders import dev_value
from scalearn_tui.dashboard.widgets.lines import Column
from scalearn_tui.text.formatting import NOTHING, count, duration, score
from scalearn_tui.text.glyphs import silence, state_glyph, state_word
from scalearn_tui.text.names import method_title

if TYPE_CHECKING:
    from engine.registry.listing import ListedRun

ID_LENGTH = 7


def epoch_text(run: ListedRun) -> str:
    """``4/30``, ``–`` before the first epoch is known."""
    return f"{run.epoch}/{run.epochs}" if run.epochs else NOTHING


def cause_text(run: ListedRun) -> str:
    """What is worth saying of a run in a few words: why it ended, how long it still takes, what its user wrote."""
    if run.state.live and run.seconds_left is not None:
        pace = f"  {count(run.samples_per_second)} samples/s" if run.samples_per_second else ""
        return silence(run) or f"{duration(run.seconds_left)} left{pace}"
    return run.cause or run.note or ""


def _state(run: ListedRun) -> str:
    return run.state.value


RUN_COLUMNS: tuple[Column[ListedRun], ...] = (
    Column("glyph", "", 1, 0, lambda run: state_glyph(run.state), _state, gap=0),
    Column("state", "state", 9, 9, state_word, _state, gap=1),
    Column("id", "id", ID_LENGTH, 2, lambda run: run.id[:ID_LENGTH], "dim", gap=1),
    Column("method", "method", 18, 1, lambda run: method_title(run.method), "strong", least=13),
    Column("backbone", "backbone", 14, 10, lambda run: run.backbone, least=8),
    Column("target", "target", 18, 1, lambda run: run.target, least=13),
    Column("seed", "seed", 5, 3, lambda run: str(run.seed), right=True),
    Column("epoch", "epoch", 6, 6, epoch_text, right=True),
    Column("metric", "dev", 6, 1, lambda run: score(dev_value(run)), "strong", right=True),
    Column("test", "test", 6, 5, lambda run: score(run.test), "strong", right=True),
    Column("trainable", "params", 6, 11, lambda run: count(run.trainable), "dim", right=True),
    Column("time", "time", 7, 8, lambda run: duration(run.seconds or None), right=True),
    Column("tags", "tags", 20, 12, lambda run: " ".join(run.tags), "dim", least=10),
    Column("cause", "cause", 200, 4, cause_text, "dim", least=14),
)
"""By rank: what a run is and how it does, its seed, then why it ended, before anything that repeats or adorns."""
