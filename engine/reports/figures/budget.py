"""Budget curves: how good the best of n settings is expected to be, for every n up to the number that was tried.

Dodge et al. 2019, "Show Your Work", plug the empirical distribution into the expectation of a maximum, which is too low. This
is the mean over all subsets of n settings, which is unbiased for a random search and is what it says for a grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from statistics import fmean
from typing import TYPE_CHECKING

from engine.registry.records import Run
from engine.reports.figures.lines import Axes, Point, Series, draw_lines
from engine.reports.figures.selected import Selected, choose, nothing
from engine.reports.figures.terminal import lines_text
from engine.sweeps.cells import Cell, from_records
from engine.sweeps.winners import searches_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NEEDS = "run a sweep that tries several settings, with [tune] or with lists in [settings]: `scalearn sweep run FILE.toml`"
MOST_TICKS = 10


@dataclass(frozen=True)
class Tried:
    """The settings of a method that a sweep has tried on a task, in its order."""

    sweep: str
    runs: tuple[tuple[Run, ...], ...]
    """By setting, those that completed, one for each seed; none for a setting that diverged."""

    @property
    def first(self) -> Run:
        """The first run of all."""
        return next(run for of_setting in self.runs for run in of_setting)


@dataclass(frozen=True)
class Budget:
    """One task with one backbone."""

    task: str
    """Title."""
    metric: str
    backbone: str
    series: tuple[Series, ...]
    """x is the number of settings, y the expected result of the best on dev, in points; n the number of seeds of a setting."""
    diverged: int
    """Number of settings."""

    @property
    def axes(self) -> Axes:
        most = max(len(curve.points) for curve in self.series)
        shown = range(1, most + 1, -(-most // MOST_TICKS))
        return Axes("settings tried", f"expected {self.metric}", tuple((float(n), str(n)) for n in shown))

    @property
    def caption(self) -> str:
        counts = sorted({point.n for curve in self.series for point in curve.points})
        seeds = " or ".join(map(str, counts)) + (" seed" if counts == [1] else " seeds")
        diverged = " Settings that diverged count as the worst of the others." if self.diverged else ""
        return (
            f"Expected {self.metric} on {self.task} ({self.backbone}) of the setting that is the best on dev of n: mean over "
            f"all subsets of the settings that were tried, each with {seeds}.{diverged}"
        )

    def draw(self, figure: Figure) -> None:
        draw_lines(figure, self.series, self.axes)

    def text(self, width: int) -> str:
        return lines_text(self.series, self.axes, width)


def gather(selected: Selected) -> Budget:
    """All searches of tuned sweeps and all grids whose completed runs are selected, a series for each.

    Raises UserError where there are none, and for those of several targets or backbones.
    """
    found = {tuple(run.id for of in tried.runs for run in of): tried for tried in _tried(selected)}
    if not found:
        raise nothing(NEEDS, selected)
    firsts = [tried.first for tried in found.values()]
    for field in ("backbone", "target"):
        if len(set(values := [getattr(run, field) for run in firsts])) > 1:
            raise choose(field, values)
    tests = selected.reader.headlines()
    named = _named(list(found.values()), selected)
    series = [curve for name, tried in named.items() for curve in _curves(name, tried, tests)]
    run = firsts[0]
    task = run.parsed.known_task(run.target, selected.catalog)
    diverged = sum(not of_setting for tried in found.values() for of_setting in tried.runs)
    return Budget(task.title if task else run.target, run.metric or "", run.backbone, tuple(series), diverged)


def expected_best(chosen_by: Sequence[float], shown: Sequence[float]) -> list[float]:
    """For n = 1, 2, ..., N the mean over all subsets of n of the N settings of what the best of the subset by ``chosen_by`` has
    in ``shown``; of equal ones the earliest is the best."""
    count = len(shown)
    order = sorted(range(count), key=lambda place: (chosen_by[place], -place))
    return [
        sum(comb(rank, n - 1) * shown[place] for rank, place in enumerate(order)) / comb(count, n) for n in range(1, count + 1)
    ]


def _tried(selected: Selected) -> Iterator[Tried]:
    """Searches that are over and grids that are complete, of whose runs the selection holds."""
    for sweep in selected.reader.sweeps():
        cells = from_records(sweep.cells)
        searches = [search for search in searches_of(cells, selected.reader) if search.over]
        tuned = [[() if trial.mean is None else trial.runs for trial in search.trials] for search in searches]
        for ids in (*tuned, *_grids(cells)):
            runs = tuple(tuple(selected.runs[run_id] for run_id in of if run_id in selected.runs) for of in ids)
            if [len(of) for of in runs] == [len(of) for of in ids] and any(runs):
                yield Tried(sweep.name, runs)


def _grids(cells: Sequence[Cell]) -> list[list[tuple[str, ...]]]:
    """Ids of runs by setting, of a method on a task for which the cells have several settings with the same seeds."""
    grids: dict[tuple[str, ...], dict[str, dict[int, str]]] = {}
    for cell in cells:
        if cell.search is None:
            place = tuple(cell.aspect(name) for name in ("method", "target", "shots", "backbone"))
            grids.setdefault(place, {}).setdefault(cell.setting, {})[cell.seed] = cell.run
    return [
        [tuple(by_seed.values()) for by_seed in grid.values()]
        for grid in grids.values()
        if len(grid) > 1 and len({tuple(sorted(by_seed)) for by_seed in grid.values()}) == 1
    ]


def _named(found: Sequence[Tried], selected: Selected) -> dict[str, Tried]:
    """By the method's title, with the number of examples of few-shot runs, and the sweep where there are several."""
    named: dict[str, Tried] = {}
    for tried in found:
        run = tried.first
        title = selected.catalog.methods[run.method].title if run.method in selected.catalog.methods else run.method
        name = title + (f" (shots={run.parsed.shots})" if run.parsed.shots else "")
        named[f"{name}, {tried.sweep}" if name in named else name] = tried
    return named


def _curves(name: str, tried: Tried, tests: Mapping[str, float]) -> Iterator[Series]:
    """The curve on dev, and that on test where all runs were evaluated there; ``tests`` are results by run id."""
    dev = _by_setting([[run.best for run in of] for of in tried.runs])
    test = _by_setting([[tests.get(run.id) for run in of] for of in tried.runs])
    seeds = max(map(len, tried.runs))
    for split, values in (("dev", dev), ("test", test)):
        if dev is not None and values is not None:
            points = [Point(n, y, y, y, seeds) for n, y in enumerate(expected_best(dev, values), 1)]
            yield Series(f"{name}, {split}", tuple(points))


def _by_setting(values: Sequence[Sequence[float | None]]) -> list[float] | None:
    """The mean of each setting in points, of one that diverged the lowest of the others; None where a value is missing."""
    means = [100 * fmean(known) if (known := [value for value in of if value is not None]) else None for of in values]
    if any(None in of for of in values) or not (finite := [mean for mean in means if mean is not None]):
        return None
    return [min(finite) if mean is None else mean for mean in means]
