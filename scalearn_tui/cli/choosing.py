"""The runs that the arguments of a command mean: one by one, by a selection, or by the name of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import UserError, did_you_mean
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import home_catalog
from scalearn_tui.cli.output import say

if TYPE_CHECKING:
    from engine.registry.reading import Reader
    from engine.registry.records import Run, Sweep

MOST_NAMED = 8
"""Runs that a sentence lists; of more it gives the number."""


@dataclass(frozen=True)
class Chosen:
    """At least one run, each once."""

    runs: list[Run]
    selected: bool
    """By terms, so that the user may not have seen which they are."""

    def tell(self, able: Sequence[Run], can: str) -> None:
        """Of selected runs, how many and which ``can be stopped``."""
        if self.selected:
            what = f"{len(able)} of {len(self.runs)} selected runs {can}"
            say(f"{what}: {listed(able)}" if able else what)


def choose(reader: Reader, words: Sequence[str]) -> Chosen:
    """All words are one selection as soon as one of them is a term with a field; else each is an id, its beginning or ``@1``.

    Raises UserError for a word that names no run; its exit code is NOTHING_MATCHED where a selection matches none.
    """
    from engine.registry.choosing import read_selection, select
    from engine.runs.selection import is_term

    if not any(map(is_term, words)):
        return Chosen(list({run.id: run for run in map(reader.find, words)}.values()), selected=False)
    selection = read_selection(words, reader, home_catalog())
    if not (runs := select(selection, reader)):
        raise UserError(f"no run matches {selection}", ExitCode.NOTHING_MATCHED)
    return Chosen(runs, selected=True)


def registered_sweep(name: str, reader: Reader) -> Sweep:
    """The sweep of this name. Raises UserError where none is registered."""
    if sweep := reader.sweep(name):
        return sweep
    known = [sweep.name for sweep in reader.sweeps()]
    raise UserError(f"no sweep {name!r}{did_you_mean(name, known)}; `scalearn sweep run FILE.toml` registers one")


def listed(runs: Sequence[Run]) -> str:
    """``3f9a01c2de (adapter on glue/rte, failed), ... and 4 more``."""
    names = [f"{run.id} ({run.method} on {run.target}, {run.state})" for run in runs[:MOST_NAMED]]
    more = f" and {len(runs) - MOST_NAMED} more" if len(runs) > MOST_NAMED else ""
    return ", ".join(names) + more
