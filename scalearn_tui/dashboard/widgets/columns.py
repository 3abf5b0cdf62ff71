"""The columns of the run table: fixed widths, and which of them go first when the terminal is narrow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scalearn_tui.dashboard.run_index import dev_value
from scalearn_tui.text.formatting import NOTHING, count, duration, score, shorten
from scalearn_tui.text.glyphs import state_glyph
from scalearn_tui.text.names import method_title

if TYPE_CHECKING:
    from engine.registry.records import Run

GAP = 2
"""Cells between columns."""
ID_LENGTH = 7
NOTE_MINIMUM = 14


def gap(index: int) -> int:
    """Cells before the column at ``index``; the glyph stands close to what follows it."""
    return (0, 1)[index] if index < 2 else GAP


@dataclass(frozen=True)
class Column:
    """One column. ``keep`` 0 never goes; the highest goes first."""

    key: str
    title: str
    width: int
    keep: int
    text: Callable[[Run], str]
    look: str = "plain"
    """``state`` takes the state's colour, ``strong`` stands out, ``dim`` steps back."""
    right: bool = False

    def cell(self, run: Run, width: int) -> str:
        text = shorten(self.text(run), width)
        return text.rjust(width) if self.right else text.ljust(width)


def epoch_text(run: Run) -> str:
    """``4/30``, ``–`` before the first epoch is known."""
    return f"{run.epoch}/{run.epochs}" if run.epochs else NOTHING


def note(run: Run) -> str:
    """What is worth saying of a run in a few words: why it ended, how long it still takes."""
    if run.stop_requested and run.state.live:
        return "stopping"
    if run.state.live and run.seconds_left is not None:
        pace = f"  {count(run.samples_per_second)} samples/s" if run.samples_per_second else ""
        return f"{duration(run.seconds_left)} left{pace}"
    return run.cause or ""


COLUMNS: tuple[Column, ...] = (
    Column("glyph", "", 1, 0, lambda run: state_glyph(run.state), "state"),
    Column("state", "state", 9, 2, lambda run: str(run.state), "state"),
    Column("id", "id", ID_LENGTH, 0, lambda run: run.id[:ID_LENGTH], "dim"),
    Column("method", "method", 17, 0, lambda run: method_title(run.method), "strong"),
    Column("backbone", "backbone", 13, 4, lambda run: run.backbone),
    Column("target", "target", 17, 0, lambda run: run.target),
    Column("sources", "src", 3, 6, lambda run: str(len(run.parsed.sources) or ""), "dim", right=True),
    Column("seed", "seed", 4, 3, lambda run: str(run.seed), right=True),
    Column("epoch", "epoch", 6, 1, epoch_text, right=True),
    Column("metric", "dev", 6, 0, lambda run: score(dev_value(run)), "strong", right=True),
    Column("time", "time", 7, 1, lambda run: duration(run.seconds or None), right=True),
)
NOTE = Column("note", "", 0, 9, note, "dim")


def fit(width: int) -> list[tuple[Column, int]]:
    """The columns that fit in ``width`` cells and their widths; a note takes what is left where it is worth reading."""
    chosen = list(COLUMNS)

    def taken() -> int:
        return sum(column.width + gap(index) for index, column in enumerate(chosen))

    while taken() > width and (droppable := [column for column in chosen if column.keep]):
        chosen.remove(max(droppable, key=lambda column: column.keep))
    layout = [(column, column.width) for column in chosen]
    left = width - taken() - GAP
    return [*layout, (NOTE, left)] if left >= NOTE_MINIMUM else layout
