"""Which source helps which target: what scores gain from a source, by probing and by leaving it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from engine.errors import UserError
from engine.registry.records import Run
from engine.reports.figures.heat_map import HeatMap, draw_maps, maps_text
from engine.reports.figures.selected import Selected, choose, measured_rows, nothing
from engine.reports.significance.answered import measured
from engine.reports.significance.families import holm
from engine.reports.significance.measured import Contrast
from engine.reports.significance.tests import table_test
from engine.reports.table import LEVEL, Cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NEEDS = (
    "train each set of sources and the same without one (`scalearn run -m scalearn++ -t toy/claim -b minilm --sources "
    "entailment,question,claim`, then with fewer), or probes (`scalearn run -m probing -t toy/claim -b minilm --sources "
    "entailment --set omega=1`, then omega=0)"
)


@dataclass(frozen=True)
class _Group:
    """Runs that differ in nothing but the seed."""

    runs: tuple[Run, ...]
    cell: Cell

    @property
    def spec(self) -> Mapping[str, object]:
        """What two groups have to share to be compared, sources and probing scale apart."""
        spec = self.runs[0].parsed
        settings = {name: value for name, value in spec.hyperparameters.items() if name != "omega"}
        return {"method": spec.method, "target": spec.target, "settings": settings, "limits": spec.limits, "shots": spec.shots}

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(source.run_id for source in self.runs[0].parsed.sources)


@dataclass(frozen=True)
class Gain:
    """Points that ``target`` gains from ``source``."""

    how: str
    target: str
    source: str
    points: float
    p: float | None
    """None where the difference was not tested: answers were not kept."""


@dataclass(frozen=True)
class Transfer:
    backbone: str
    gains: tuple[Gain, ...]
    maps: tuple[HeatMap, ...]
    seeds: str

    @property
    def caption(self) -> str:
        return (
            f"Points on test that a target gains from a source ({self.backbone}, {self.seeds}): from its adapter at scale 1 "
            "against 0, or from having it among all sources against all but it. A dot (in text a star) where the gain is "
            "significant, by crossed t, or bootstrap t of one seed, and Holm over the cells of a map."
        )

    def draw(self, figure: Figure) -> None:
        draw_maps(figure, self.maps)

    def text(self, width: int) -> str:
        return maps_text(self.maps, width)


def gather(selected: Selected) -> Transfer:
    """Raises UserError where no two groups of runs differ in one source, and for runs of several backbones."""
    groups = _groups(selected)
    compared = [*_probed(groups), *_left_out(groups, selected)]
    if not compared:
        raise nothing(NEEDS, selected)
    backbones = [first.runs[0].backbone for _, _, first, _ in compared]
    if len(set(backbones)) > 1:
        raise choose("backbone", backbones)
    gains = [_gain(how, source, first, second, selected) for how, source, first, second in compared]
    counts = sorted({len(group.runs) for _, _, *pair in compared for group in pair})
    seeds = "one seed" if counts == [1] else f"{counts[0]}{f' to {counts[-1]}' if len(counts) > 1 else ''} seeds"
    ways = dict.fromkeys(gain.how for gain in gains)
    maps = [_map(how, [gain for gain in gains if gain.how == how], selected) for how in ways]
    return Transfer(backbones[0].rpartition("/")[2], tuple(gains), tuple(maps), seeds)


Compared = tuple[str, str, _Group, _Group]
"""How a gain is found, its source, the runs with the source and those without."""


def _groups(selected: Selected) -> list[_Group]:
    found: dict[tuple[str, ...], _Group] = {}
    for table in selected.board.tables:
        for row in measured_rows(table):
            for cell in row.cells.values():
                runs = tuple(selected.runs[run_id] for run_id in cell.run_ids if run_id in selected.runs)
                if runs and runs[0].parsed.sources:
                    found.setdefault(cell.run_ids, _Group(runs, cell))
    return list(found.values())


def _probed(groups: Sequence[_Group]) -> Iterator[Compared]:
    """One source whose adapter is added as it is, against none."""
    probes = [group for group in groups if len(group.sources) == 1 and "omega" in group.runs[0].parsed.hyperparameters]
    for first in probes:
        for second in probes:
            omegas = [group.runs[0].parsed.hyperparameters["omega"] for group in (first, second)]
            if omegas == [1.0, 0.0] and (first.spec, first.sources) == (second.spec, second.sources):
                yield "probing, 1 against 0", first.runs[0].parsed.sources[0].task, first, second


def _left_out(groups: Sequence[_Group], selected: Selected) -> Iterator[Compared]:
    """A set of sources against the same without one of them, its order kept."""
    for first in groups:
        for second in groups:
            if len(second.sources) == len(first.sources) - 1 and first.spec == second.spec:
                without = [source for source in first.runs[0].parsed.sources if source.run_id not in second.sources]
                if len(without) == 1:
                    title = selected.catalog.methods[first.runs[0].method].title
                    yield f"{title}, all but one", without[0].task, first, second


def _gain(how: str, source: str, first: _Group, second: _Group, selected: Selected) -> Gain:
    target = first.runs[0].target
    points, p = fmean(first.cell.values) - fmean(second.cell.values), None
    task = first.runs[0].parsed.known_task(target, selected.catalog)
    try:
        if task is not None:
            on = measured(selected.reader, [*first.runs, *second.runs], task)
            middle = len(first.runs)
            contrast = Contrast(on, range(middle), range(middle, middle + len(second.runs)))
            p = table_test([contrast]).difference([contrast]).p
    except UserError:
        # Imported runs come without answers; the points can be shown all the same.
        p = None
    return Gain(how, target, source, points, p)


def _map(how: str, gains: Sequence[Gain], selected: Selected) -> HeatMap:
    order = list(selected.catalog.tasks)
    targets, sources = (
        sorted({getattr(gain, name) for gain in gains}, key=lambda task: order.index(task) if task in order else len(order))
        for name in ("target", "source")
    )
    tested = [gain for gain in gains if gain.p is not None]
    adjusted = zip(tested, holm([gain.p for gain in tested if gain.p is not None]), strict=True)
    significant = {(gain.source, gain.target) for gain, p in adjusted if p <= LEVEL}
    points = {(gain.source, gain.target): gain.points for gain in gains}
    return HeatMap(
        how,
        "target",
        "source",
        tuple(target.rpartition("/")[2] for target in targets),
        tuple(source.rpartition("/")[2] for source in sources),
        tuple(tuple(points.get((source, target)) for target in targets) for source in sources),
        "gain in points",
        signed=True,
        dots=tuple((sources.index(source), targets.index(target)) for source, target in sorted(significant)),
    )
