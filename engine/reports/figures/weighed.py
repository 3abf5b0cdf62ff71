"""Groups of two-stage runs with the weights that they give their sources, which workers write and a child of the command makes
up for (``engine.inference.source_weights``)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Generic, TypeVar

from engine.errors import UserError
from engine.files.source_weights import Attention, Scales, Soup, SourceWeights, read_source_weights
from engine.registry.records import Run
from engine.reports.figures.selected import Selected, choose, measured_rows, nothing
from engine.reports.table import Row

Kind = TypeVar("Kind", bound=Scales | Attention | Soup)
MOST_PANELS = 12
"""Of a figure, one a group."""


@dataclass(frozen=True)
class Weighed(Generic[Kind]):
    """Runs that differ in nothing but the seed, with one order of sources; the target's own is last where it is among them."""

    row: Row
    """Of the leaderboard, without the settings that all groups have."""
    target: str
    backbone: str
    sources: tuple[str, ...]
    """As the target, the last parts of the tasks' keys."""
    weights: tuple[Kind, ...]
    """By seed."""


def titles(groups: Sequence[Weighed[Kind]], sources: bool = True) -> list[str]:
    """Row and target of each group; what all have in common is left to the caption, and ``sources`` where the figure shows
    them."""
    rows = [group.row if sources else _without(group.row, {"sources"}, alike=False) for group in groups]
    name_it = len({row.name for row in rows}) > 1
    target_it = len({group.target for group in groups}) > 1
    return [", ".join([row.name] * name_it + [group.target] * target_it) for row, group in zip(rows, groups, strict=True)]


def common(groups: Sequence[Weighed[Kind]]) -> str:
    """What ``titles`` leave out, for the caption: ``ScaLearn on claim, minilm, mean of 3 seeds``."""
    rows = dict.fromkeys(group.row.name for group in groups)
    tasks = dict.fromkeys(f"on {group.target}" for group in groups)
    words = [*(rows if len(rows) == 1 else ()), *(tasks if len(tasks) == 1 else ())]
    counts = sorted({len(group.weights) for group in groups})
    several = f"mean of {counts[0]}{f' to {counts[-1]}' if len(counts) > 1 else ''} seeds"
    seeds = "one seed" if counts == [1] else several
    return ", ".join([*([" ".join(words)] if words else []), groups[0].backbone, seeds])


def groups_with_sources(selected: Selected) -> Iterator[tuple[Row, list[Run]]]:
    """The leaderboard's groups of runs that combine source adapters, each once, with their row."""
    seen: set[tuple[str, ...]] = set()
    for table in selected.board.tables:
        for row in measured_rows(table):
            for cell in row.cells.values():
                runs = [selected.runs[run_id] for run_id in cell.run_ids if run_id in selected.runs]
                if cell.run_ids not in seen and runs and _combines(runs[0], selected):
                    seen.add(cell.run_ids)
                    yield row, runs


def _combines(run: Run, selected: Selected) -> bool:
    """Whether its method learned to combine source adapters; probes have not."""
    method = selected.catalog.methods.get(run.method)
    return method is not None and method.group == "two-stage"


def unweighed(selected: Selected) -> list[str]:
    """Ids of the runs whose weights have to be computed from their checkpoints."""
    return [run.id for _, runs in groups_with_sources(selected) for run in runs if _weights_of(selected, run) is None]


def _weights_of(selected: Selected, run: Run) -> SourceWeights | None:
    checkpoint = selected.reader.checkpoints(run.id).get("best")
    path = selected.reader.home.source_weights(run.id)
    return read_source_weights(path, run.fingerprint, checkpoint.sha256 if checkpoint else None)


def weighed(selected: Selected, kind: type[Kind], needs: str) -> list[Weighed[Kind]]:
    """The groups whose methods weigh in this way. Raises UserError where there are none, and for runs of several backbones."""
    found: list[Weighed[Kind]] = []
    for row, runs in groups_with_sources(selected):
        read = [weights for run in runs if (weights := _weights_of(selected, run))]
        of_kind = tuple(weights.weights for weights in read if isinstance(weights.weights, kind))
        if of_kind:
            sources = tuple(_short(task) for task in read[0].sources)
            found.append(Weighed(row, _short(runs[0].target), _short(runs[0].backbone), sources, of_kind))
    if not found:
        raise nothing(needs, selected)
    if len({group.backbone for group in found}) > 1:
        raise choose("backbone", [group.backbone for group in found])
    shared = set.intersection(*(set(group.row.settings.items()) for group in found))
    alike = len({group.row.chosen for group in found}) == 1
    return [replace(group, row=_without(group.row, {name for name, _ in shared}, alike)) for group in found]


def _without(row: Row, shared: Collection[str], alike: bool) -> Row:
    """The row without settings that all have; ``alike`` if settings of all rows were chosen in the same way."""
    own = {name: text for name, text in row.settings.items() if name not in shared}
    return replace(row, settings=own, tuning=None if alike else row.tuning, beside_tuned=row.beside_tuned and not alike)


def few(groups: list[Weighed[Kind]]) -> list[Weighed[Kind]]:
    """The groups, if a figure has room for a panel of each. Raises UserError."""
    if len(groups) <= MOST_PANELS:
        return groups
    term = f"target:{groups[0].target}" if len({group.target for group in groups}) > 1 else "method:scalearn"
    raise UserError(f"{len(groups)} groups of runs are too many for a figure, which shows {MOST_PANELS}: add terms, as {term}")


def mean_layers(arrays: Sequence[Sequence[Sequence[float]]]) -> tuple[tuple[float, ...], ...]:
    """``[layers][sources]``, the mean over seeds."""
    layers = zip(*arrays, strict=True)
    return tuple(tuple(fmean(values) for values in zip(*of_seeds, strict=True)) for of_seeds in layers)


def transposed(values: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    return tuple(zip(*values, strict=True))


def layer_names(count: int, shared: bool) -> tuple[str, ...]:
    """``1``, ``2``, ...; ``all`` where layers share their weights."""
    return ("all",) if shared else tuple(str(layer) for layer in range(1, count + 1))


def _short(task: str) -> str:
    return task.rpartition("/")[2]
