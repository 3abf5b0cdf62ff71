"""Groups of two-stage runs with the weights that they give their sources, which workers write and a child of the command makes
up for (``engine.inference.source_weights``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Generic, TypeVar

from engine.errors import UserError
from engine.files.source_weights import Attention, Constants, Scales, Soup, SourceWeights, read_source_weights
from engine.registry.records import Run
from engine.reports.figures.selected import Selected, choose, measured_rows, nothing
from engine.reports.table import Row

Kind = TypeVar("Kind", Scales, Attention, Soup, Constants)
MOST_MAPS = 12
"""Panels of a figure."""


@dataclass(frozen=True)
class Weighed(Generic[Kind]):
    """Runs that differ in nothing but the seed, with one order of sources; the target's own is last where it is among them."""

    row: Row
    """Of the leaderboard."""
    target: str
    backbone: str
    sources: tuple[str, ...]
    """As the target, the last parts of the tasks' keys."""
    seeds: tuple[int, ...]
    weights: tuple[Kind, ...]
    """By seed."""

    @property
    def name(self) -> str:
        return self.row.name


def titles(groups: Sequence[Weighed[Kind]]) -> list[str]:
    """Row and target of each group; what all have in common is left to the caption."""
    names, targets = {group.name for group in groups}, {group.target for group in groups}
    of_each = [[*([group.name] if len(names) > 1 else []), *([group.target] if len(targets) > 1 else [])] for group in groups]
    return [", ".join(words) for words in of_each]


def common(groups: Sequence[Weighed[Kind]]) -> str:
    """What ``titles`` leave out, for the caption: ``ScaLearn on claim, minilm, mean of 3 seeds``."""
    names, targets = {group.name for group in groups}, {group.target for group in groups}
    words = [*(names if len(names) == 1 else []), *([f"on {target}" for target in targets] if len(targets) == 1 else [])]
    return ", ".join([*([" ".join(words)] if words else []), groups[0].backbone, _seeds(groups)])


def groups_with_sources(selected: Selected) -> Iterator[tuple[Row, list[Run]]]:
    """The leaderboard's groups of runs that combine source adapters, each once, with their row."""
    seen: set[tuple[str, ...]] = set()
    for table in selected.board.tables:
        for row in measured_rows(table):
            for cell in row.cells.values():
                runs = [selected.runs[run_id] for run_id in cell.run_ids if run_id in selected.runs]
                if cell.run_ids not in seen and runs and selected.two_stage(runs[0]):
                    seen.add(cell.run_ids)
                    yield row, runs


def unweighed(selected: Selected) -> list[str]:
    """Ids of the runs whose weights have to be computed from their checkpoints."""
    return [run.id for _, runs in groups_with_sources(selected) for run in runs if weights_of(selected, run) is None]


def weights_of(selected: Selected, run: Run) -> SourceWeights | None:
    checkpoint = selected.reader.checkpoints(run.id).get("best")
    path = selected.reader.home.source_weights(run.id)
    return read_source_weights(path, run.fingerprint, checkpoint.sha256 if checkpoint else None)


def weighed(selected: Selected, kind: type[Kind], needs: str) -> list[Weighed[Kind]]:
    """The groups whose methods weigh in this way. Raises UserError where there are none, and for runs of several backbones."""
    found = []
    for row, runs in groups_with_sources(selected):
        known = [(run, read) for run in runs if (read := weights_of(selected, run))]
        of_kind = [(run, read, read.weights) for run, read in known if isinstance(read.weights, kind)]
        if of_kind:
            sources = tuple(_short(task) for task in of_kind[0][1].sources)
            seeds = tuple(run.seed for run, _, _ in of_kind)
            weights = tuple(of for _, _, of in of_kind)
            found.append(Weighed(row, _short(runs[0].target), _short(runs[0].backbone), sources, seeds, weights))
    if not found:
        raise nothing(needs, selected)
    if len({group.backbone for group in found}) > 1:
        raise choose("backbone", [group.backbone for group in found])
    return _told_apart(found)


def _told_apart(groups: list[Weighed[Kind]]) -> list[Weighed[Kind]]:
    """The groups, without the settings that all of their rows have."""
    shared = set.intersection(*(set(group.row.settings.items()) for group in groups))
    return [
        replace(
            group,
            row=replace(
                group.row, settings={name: text for name, text in group.row.settings.items() if (name, text) not in shared}
            ),
        )
        for group in groups
    ]


def few(groups: list[Weighed[Kind]]) -> list[Weighed[Kind]]:
    """The groups, if a figure has room for a panel of each. Raises UserError."""
    if len(groups) <= MOST_MAPS:
        return groups
    example = f"target:{groups[0].target}" if len({group.target for group in groups}) > 1 else "method:scalearn"
    raise UserError(f"{len(groups)} groups of runs are too many for a figure, which shows {MOST_MAPS}: add terms, as {example}")


def mean_layers(arrays: Sequence[Sequence[Sequence[float]]]) -> tuple[tuple[float, ...], ...]:
    """``[layers][sources]``, the mean over seeds."""
    total = reduce(
        lambda left, right: [[a + b for a, b in zip(*rows, strict=True)] for rows in zip(left, right, strict=True)],
        [[list(row) for row in array] for array in arrays],
    )
    return tuple(tuple(value / len(arrays) for value in row) for row in total)


def transposed(values: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    return tuple(zip(*values, strict=True))


def layer_names(count: int, shared: bool) -> tuple[str, ...]:
    """``1``, ``2``, ...; ``all`` where layers share their weights."""
    return ("all",) if shared else tuple(str(layer) for layer in range(1, count + 1))


def _seeds(groups: Sequence[Weighed[Kind]]) -> str:
    """``one seed``, ``mean of 3 seeds``, ``mean of 1 to 3 seeds``."""
    counts = sorted({len(group.seeds) for group in groups})
    if counts == [1]:
        return "one seed"
    return f"mean of {counts[0]}{f' to {counts[-1]}' if len(counts) > 1 else ''} seeds"


def _short(task: str) -> str:
    return task.rpartition("/")[2]
