"""What the registry knows of runs that are compared, read incrementally, and the test of their answers. All of it blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.errors import UserError
from scalearn_tui.dashboard.detail import DetailReader
from scalearn_tui.dashboard.model.compare import ID, Fact, Side, facts, sides_of
from scalearn_tui.dashboard.model.overlays import Overlay, Overlays
from scalearn_tui.dashboard.run_charts import curve_names, run_charts
from scalearn_tui.text.comparison import command, words
from scalearn_tui.text.errors import one_line

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.registry.reading import Reader
    from engine.reports.comparison import Comparison


@dataclass(frozen=True)
class SidesRead:
    """The sides at one moment."""

    sides: tuple[Side, ...]
    facts: list[Fact]
    overlays: list[Overlay]


class SidesReader:
    """Reads the runs of all sides. ``read`` must be called by one thread at a time; it fetches only new points of curves."""

    def __init__(self, registry: Reader, catalog: Catalog, sides: Sequence[Sequence[str]]) -> None:
        """``sides`` are the ids of their runs."""
        self.registry, self._catalog, self._overlays = registry, catalog, Overlays(catalog)
        self._sides = [
            [DetailReader(registry, run_id, lambda run: curve_names(run_charts(run, catalog))) for run_id in side]
            for side in sides
        ]

    def read(self) -> SidesRead:
        """All sides at this moment; runs that are gone are left out."""
        read = [[reader.read() for reader in side] for side in self._sides]
        sides = sides_of([detail for detail in side if detail is not None] for side in read)
        return SidesRead(sides, facts(sides, self._catalog), self._overlays.of(sides))


@dataclass(frozen=True)
class Pair:
    """The first side against another one."""

    first: Side
    other: Side
    found: Comparison | None = None
    why_not: str = ""

    @property
    def split(self) -> str:
        """``test``, or ``dev`` where runs that only help to choose a setting were evaluated on nothing else."""
        return "dev" if any(run.parsed.dev_only for run in (*self.first.runs, *self.other.runs)) else "test"

    @property
    def letters(self) -> tuple[str, str]:
        return self.first.letter, self.other.letter

    @property
    def words(self) -> tuple[str, str]:
        """Both sides as they are named to the command."""
        return words([run.id for run in self.first.runs]), words([run.id for run in self.other.runs])

    @property
    def command(self) -> str:
        """What says the same."""
        return command(*self.words, self.split)


def pairs_of(sides: Sequence[Side]) -> list[Pair]:
    """The first side with each of the others, untested."""
    return [Pair(sides[0], other) for other in sides[1:]]


def paired_tests(sides: Sequence[Side], registry: Reader, catalog: Catalog) -> list[Pair]:
    """The first side against each of the others, as ``scalearn compare`` tests two, with Holm's correction over all of it."""
    from engine.reports.comparison import corrected

    pairs = [_tested(pair, registry, catalog) for pair in pairs_of(sides)]
    adjusted = iter(corrected([pair.found for pair in pairs if pair.found]))
    return [replace(pair, found=next(adjusted)) if pair.found else pair for pair in pairs]


def _tested(pair: Pair, registry: Reader, catalog: Catalog) -> Pair:
    from engine.reports.comparison import compare
    from engine.reports.sides import side

    for one in (pair.first, pair.other):
        if not one.completed:
            states = " and ".join(dict.fromkeys(run.state.value for run in one.runs))
            what = f"run {one.runs[0].id[:ID]} is {states}" if len(one.runs) == 1 else f"its {len(one.runs)} runs are {states}"
            return replace(pair, why_not=f"no evidence of {one.title}: {what}")
    try:
        groups = [side(words, registry, catalog, dev=pair.split == "dev") for words in pair.words]
        return replace(pair, found=compare(registry, catalog, *groups, split=pair.split))
    except UserError as error:
        return replace(pair, why_not=one_line(error))
