"""A comparison of two sides in words: what ``scalearn compare`` prints and the dashboard shows."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scalearn_tui.text.columns import plain_lines

if TYPE_CHECKING:
    from engine.reports.comparison import Compared, Comparison
    from engine.reports.table import Cell, Difference

HEADINGS = ("task", "metric", "A", "B", "A - B", "95% interval", "p", "Holm p", "A is", "test")
NUMBERS = HEADINGS[2:8]
"""Those of numbers."""
UNTESTED = 4
"""Columns that say nothing where nothing was tested."""


def lines(found: Comparison) -> list[Compared]:
    """The tasks, then their average."""
    return [*found.tasks, *([found.average] if found.average else [])]


def row(line: Compared) -> list[str]:
    """The texts below ``HEADINGS``."""
    scores = [_score(line.first), _score(line.second)]
    difference = line.difference
    if difference is None:
        apart = f"{line.first.mean - line.second.mean:+.2f}"
        return [line.title, line.metric, *scores, apart, *["–"] * UNTESTED, line.why_not]
    interval = f"{difference.low:+.2f} to {difference.high:+.2f}"
    ps = [_p(difference.p), _p(difference.adjusted) if difference.family > 1 else "–"]
    return [
        line.title, line.metric, *scores, f"{difference.difference:+.2f}", interval, *ps, difference.verdict, difference.test,
    ]  # fmt: skip


def _score(cell: Cell) -> str:
    spread = f" ± {cell.std:.2f}" if cell.std is not None else ""
    return f"{cell.mean:.2f}{spread} ({len(cell.values)})"


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= 0.0001 else "<.0001"


def notes(found: Comparison, names: tuple[str, str], letters: tuple[str, str] = ("A", "B")) -> list[tuple[str, str]]:
    """What the numbers are, and what they claim; ``letters`` stand for the sides, whose ``names`` come first."""
    from engine.reports.significance.tests import CLAIMS

    differences: list[Difference] = [line.difference for line in lines(found) if line.difference]
    claims = {difference.test: CLAIMS[difference.claim] for difference in differences}
    examples = [
        f"{line.title} {line.examples:,}"
        + (f" in {line.difference.clusters:,} clusters" if line.difference and line.difference.clusters < line.examples else "")
        + (f", {line.left_out:,} left out that not all answered" if line.left_out else "")
        for line in found.tasks
    ]
    counts = [
        f"{line.title}: only {letters[0]} right on {line.discordant[0]:,}, only {letters[1]} on {line.discordant[1]:,}"
        for line in found.tasks
        if line.discordant
    ]
    family = max((difference.family for difference in differences), default=1)
    alone = family == sum(line.difference is not None for line in found.tasks)
    of_what = "tasks" if alone else "tests against the first side"
    apart = ", the average apart" if found.average else ""
    texts = {
        letters[0]: names[0],
        letters[1]: names[1],
        "cells": "mean ± sample standard deviation (number of seeds), metric x 100",
        "examples": f"{found.split}: {'; '.join(examples)}",
        "claims": "; ".join(f"{test} generalises to {claim}" for test, claim in claims.items()),
        "given": "; ".join(found.given),
        "correction": f"Holm over {family} {of_what}{apart}" if family > 1 else "",
        "discordant": "; ".join(counts),
        "not compared": f"{', '.join(found.only_one)}: only one side has runs" if found.only_one else "",
    }
    return [(name, text) for name, text in texts.items() if text]


def plain(found: Comparison, names: tuple[str, str]) -> str:
    """What the command writes into a file."""
    table = plain_lines(HEADINGS, [row(line) for line in lines(found)], NUMBERS)
    return "\n".join([*table, "", *plain_lines(("", ""), notes(found, names))]) + "\n"


def words(ids: Sequence[str]) -> str:
    """A side of runs as the command reads it."""
    return ids[0] if len(ids) == 1 else f"id:{','.join(ids)}"


def command(first: str, second: str, split: str) -> str:
    """What compares two sides, in the words of each."""
    return shlex.join(["scalearn", "compare", first, second, *(["--split", split] if split != "test" else [])])
