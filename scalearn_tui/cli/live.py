"""Watching runs in the foreground: one moving line per run on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from engine.registry.reading import Reader
from engine.registry.records import Run, RunState, utc_now
from scalearn_tui.text.formatting import count, duration, number, score
from scalearn_tui.text.glyphs import state_colour, state_glyph, state_word
from scalearn_tui.text.harmless import harmless
from scalearn_tui.text.names import method_title

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

INTERVAL = 0.25
"""Seconds between two reads of the registry."""
CARE_INTERVAL = 5.0
"""Seconds between two checks that a supervisor is running."""
WIDE = 130
"""Columns from which there is room for ids, benchmarks, seeds and labels beside the figures."""


class Watch:
    """The newest rows of some runs, in the order given."""

    def __init__(self, reader: Reader, run_ids: Sequence[str]) -> None:
        self.reader = reader
        by_id = {run.id: run for run in reader.runs(ids=list(run_ids))}
        self.runs = {run_id: by_id[run_id] for run_id in run_ids if run_id in by_id}
        self.version = max((run.version for run in self.runs.values()), default=0)

    def refresh(self) -> list[tuple[Run, Run]]:
        """The runs that changed since the last read, as (before, now)."""
        changes = []
        for run in self.reader.changed_since(self.version):
            self.version = max(self.version, run.version)
            if run.id in self.runs:
                changes.append((self.runs[run.id], run))
                self.runs[run.id] = run
        return changes

    def forget_deleted(self) -> None:
        """Drop runs that were deleted: they never end."""
        left = {run.id for run in self.reader.runs(ids=list(self.runs))}
        self.runs = {run_id: run for run_id, run in self.runs.items() if run_id in left}

    @property
    def over(self) -> bool:
        return not any(run.state.active for run in self.runs.values())


def follow(reader: Reader, run_ids: Sequence[str], console: Console, care: Callable[[], None]) -> list[Run]:
    """Show the runs until all have ended, and return them. ``care`` is called every few seconds to keep a supervisor.

    Ctrl-C raises KeyboardInterrupt; the runs go on.
    """
    watch = Watch(reader, run_ids)
    if console.is_terminal and not console.is_dumb_terminal:
        from rich.live import Live

        with Live(_table(watch, console), console=console, refresh_per_second=1 / INTERVAL, transient=True) as live:
            until_over(watch, care, lambda _: live.update(_table(watch, console)))
    else:
        for run in watch.runs.values():
            _print_line(console, run, state_line(run))
        until_over(watch, care, lambda changes: _print_changes(console, changes))
    return list(watch.runs.values())


def until_over(watch: Watch, care: Callable[[], None], show: Callable[[list[tuple[Run, Run]]], None]) -> None:
    """Pass changes, as (before, now), to ``show`` until all runs have ended."""
    cared = time.monotonic()
    while not watch.over:
        time.sleep(INTERVAL)
        show(watch.refresh())
        if time.monotonic() - cared > CARE_INTERVAL:
            care()
            watch.forget_deleted()
            cared = time.monotonic()


def _print_changes(console: Console, changes: Sequence[tuple[Run, Run]]) -> None:
    for before, now in changes:
        if now.epoch > before.epoch:
            _print_line(console, now, epoch_line(now))
        if now.state is not before.state:
            _print_line(console, now, state_line(now))


def _print_line(console: Console, run: Run, text: str) -> None:
    line = f"{datetime.now():%H:%M:%S}  {state_glyph(run.state)} {name_of(run)}  {text}"
    console.file.write(harmless(line.rstrip()) + "\n")
    console.file.flush()


def name_of(run: Run) -> str:
    """``3f9a01c2de  ScaLearn++  superglue/boolq  seed 0``."""
    return f"{run.id}  {method_title(run.method)}  {run.target}  seed {run.seed}"


def state_line(run: Run) -> str:
    """The run's state, with its cause or its result."""
    word = state_word(run)
    details = run.cause or (f"{run.metric} {score(run.best)} on dev in {duration(run.seconds)}" if run.best is not None else "")
    return f"{word}  {details}" if details else word


def epoch_line(run: Run) -> str:
    """Progress of a running run after an epoch."""
    speed = f"{_rate(run)} samples/s  {duration(run.seconds_left)} left"
    return f"epoch {run.epoch}/{run.epochs}  loss {number(run.loss, 4)}  {run.metric} {score(run.value)}  {speed}"


def _table(watch: Watch, console: Console) -> Table:
    """One row per run as far as the window reaches; running runs are kept first, then queued, then ended ones."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    runs = list(watch.runs.values())
    room = max(3, console.height - 3)
    wide = console.width >= WIDE
    several_seeds = len({run.seed for run in runs}) > 1
    for run in _most_telling(runs, room):
        target = run.target if wide else run.target.rpartition("/")[2]
        seed = f" seed {run.seed}" if wide or several_seeds else ""
        bar = ProgressBar(total=run.steps, completed=run.step, width=20 if wide else 8) if run.steps else Text("")
        cells = (
            Text(state_glyph(run.state), style=state_colour(run.state)),
            *([Text(run.id, style="dim", no_wrap=True)] if wide else []),
            Text(harmless(method_title(run.method)), no_wrap=True),
            Text(harmless(target + seed), no_wrap=True),
            bar,
            Text(harmless(_figures(run, wide)), no_wrap=True, overflow="ellipsis"),
        )
        table.add_row(*cells)
    if len(runs) > room:
        table.add_row("", Text(f"and {len(runs) - room} more", style="dim"))
    return table


def _most_telling(runs: Sequence[Run], room: int) -> list[Run]:
    if len(runs) <= room:
        return list(runs)
    rank = {RunState.QUEUED: 1, RunState.COMPLETED: 3}
    chosen = sorted(runs, key=lambda run: 0 if run.state.live else rank.get(run.state, 2))[:room]
    kept = {run.id for run in chosen}
    return [run for run in runs if run.id in kept]


def _figures(run: Run, wide: bool) -> str:
    if run.state is RunState.RUNNING:
        if not run.steps:
            return "preparing"
        left = run.seconds_left
        if left is not None and run.heartbeat_at is not None:
            left = max(0.0, left - (utc_now() - run.heartbeat_at).total_seconds())
        epoch = f"{'epoch ' if wide else ''}{min(run.epoch + 1, run.epochs)}/{run.epochs}"
        metric = f"{run.metric} {score(run.value)}" if run.value is not None else ""
        speed = f"{_rate(run)}/s" if run.samples_per_second else ""
        stopping = "stopping" if run.stop_requested else ""
        figures = (stopping, epoch, f"loss {number(run.loss, 3)}", metric, speed, f"{duration(left)}{' left' if wide else ''}")
        return "  ".join(figure for figure in figures if figure)
    return state_line(run)


def _rate(run: Run) -> str:
    rate = run.samples_per_second
    return count(rate and round(rate, 1 if rate < 10 else None))
