"""The tables of a leaderboard, as data: columns are targets, rows are methods in a configuration, cells average seeds."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.reports.query import Query

Settings = dict[str, str]
LEVEL = 0.05
"""Of all tests, after correction."""


@dataclass(frozen=True)
class Column:
    """One metric of a target in one definition, on a split of the same rows."""

    task: str
    """Key, ``superglue/boolq``."""
    title: str
    """The task's."""
    metric: str
    version: str = ""
    """What differs from the task's definition of today, ``template "{text}!"``; empty for that one."""
    split: str = "test"
    """``test``, a further part of it such as ``test_mismatched``, or ``dev`` at the selected epoch."""
    headline: bool = True
    """Whether ``metric`` is the task's headline metric."""
    measure: str = ""
    """What tells it from other columns of the task, as in papers: ``F1``, ``mm``."""

    @property
    def key(self) -> str:
        """What cells are stored under: the task's key for its headline metric on test, ``glue/mrpc test/f1`` for others."""
        scope = "" if self.headline and self.split == "test" else f" {self.split}/{self.metric}"
        return self._of_version(self.task + scope)

    @property
    def heading(self) -> str:
        """``MRPC F1``."""
        return self._of_version(f"{self.title} {self.measure}".rstrip())

    def _of_version(self, name: str) -> str:
        return f"{name} ({self.version})" if self.version else name


@dataclass(frozen=True)
class Difference:
    """How two rows differ on a column or in their average, and what the test of it claims; differences in points."""

    claim: str
    """What it generalises to. ``methods``: new seeds and new examples; ``models``: new examples, of these trained models;
    ``seeds``: new seeds, on these examples."""
    test: str
    """``crossed t``, ``McNemar mid-p``, ``approximate randomisation``, ..."""
    difference: float
    """The first row's mean minus the second's."""
    low: float
    high: float
    """Of the 95% interval."""
    p: float
    adjusted: float
    """p after Holm's correction for its family; equal to ``p`` in a family of one."""
    family: int
    """Number of tests that are corrected for together."""
    clusters: int
    """Number of independent groups of examples, all runs' seeds apart."""

    @property
    def verdict(self) -> str:
        """``better``, ``worse`` or ``tied``, of the first row, at 5%."""
        if self.adjusted > LEVEL:
            return "tied"
        return "better" if self.difference > 0 else "worse"


@dataclass(frozen=True)
class Standing:
    """How a cell, or a row's average, stands among the measured ones of its column."""

    bold: bool
    """Whether it is not significantly below the highest mean: Holm over all pairs of the column."""
    second: bool
    """Whether it has the highest mean of those that are not bold."""
    letters: str
    """Cells that share a letter do not differ significantly: ``ab``."""
    rank: int
    """1 for the highest mean; equal means share a rank."""
    low: float | None = None
    high: float | None = None
    """Of the 95% interval of the mean, over seeds and examples; None for a single seed."""
    against: Difference | None = None
    """From the row that the user named beforehand."""


@dataclass(frozen=True)
class Cell:
    """Results of one group, in points, ordered by seed; a published figure has no seeds."""

    values: tuple[float, ...]
    seeds: tuple[int, ...] = ()
    run_ids: tuple[str, ...] = ()
    others: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Further reported results in the same form, by split and metric: ``test_mismatched/accuracy``."""
    standing: Standing | None = None
    """None where nothing was tested: published figures, runs without evidence, columns with one row."""

    @property
    def mean(self) -> float:
        return statistics.fmean(self.values)

    @property
    def std(self) -> float | None:
        """Sample standard deviation (n - 1); None for a single value."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None


@dataclass(frozen=True)
class Tuning:
    """How the settings of a row were chosen, for each task its own."""

    sweep: str
    settings: int
    """Number of those that were tried: at most, where it is not the same for every task."""
    seeds: tuple[int, ...]
    """With which they were tried; after tuning, the row has others."""
    steps: int | None
    """Spent on all of them; None where runs of them were deleted."""
    tried: dict[str, list[dict[str, Any]]]
    """By the key of the task's column, every setting with its results on dev."""
    best_of: str = ""
    """The setting that was chosen by ``Query.best_of``, from the seeds that are reported; then ``sweep`` is empty."""

    def __str__(self) -> str:
        if self.best_of:
            numbers = sorted({len(settings) for settings in self.tried.values()})
            return f"best of {'–'.join(dict.fromkeys(map(str, (numbers[0], numbers[-1]))))} {self.best_of}, chosen on dev"
        seeds = f"{len(self.seeds)} seed{'' if len(self.seeds) == 1 else 's'}"
        return f"tuned over {self.settings} settings x {seeds}, chosen on dev"


@dataclass(frozen=True)
class Row:
    """One method in one configuration, or a published row."""

    title: str
    method: str | None
    """Catalog name; None for a published row."""
    settings: Settings
    """Settings that distinguish it from the other rows; those that all rows share are in the table's ``shared``."""
    cells: dict[str, Cell]
    """By the column's key."""
    trainable: tuple[int, int] | None = None
    """Least and most trainable parameters over the targets, heads included."""
    transfer: tuple[int, int] | None = None
    """The same for the method's own parameters."""
    conditions: dict[str, str] = field(default_factory=dict)
    """Under which its runs were computed, where they differ: ``{"precision": "float32 and bfloat16"}``."""
    tuning: Tuning | None = None
    """For rows whose settings were chosen on dev."""
    beside_tuned: bool = False
    """Whether it was not tuned, though another row of its table was."""
    server: bool = False
    """Whether these are published scores of the benchmark's server, whose test rows are not those of the other rows."""
    average_standing: Standing | None = None
    source: str = ""
    """The paper of a published row."""
    printed_average: float | None = None
    """Of a published row, as the paper prints it; None where the table lacks some of its columns."""

    @property
    def name(self) -> str:
        """Method and the settings that distinguish the row: ``ScaLearn++ (learning_rate=0.003)``."""
        told = [*(f"{name}={value}" for name, value in self.settings.items()), *([self.chosen] if self.chosen else [])]
        return self.title + (f" ({', '.join(told)})" if told else "")

    @property
    def chosen(self) -> str:
        """How its settings were chosen, where that is not the same for all rows."""
        return str(self.tuning) if self.tuning else "paper's settings" if self.beside_tuned and not self.settings else ""

    @property
    def published(self) -> bool:
        return self.method is None

    @property
    def origin(self) -> str:
        return "server" if self.server else "published" if self.published else "measured"


@dataclass(frozen=True)
class Table:
    """One benchmark with one backbone."""

    benchmark: str
    title: str
    """The benchmark's."""
    backbone: str
    revision: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    shared: Settings
    """Non-default settings that all rows have in common."""
    provenance: dict[str, list[str]] = field(default_factory=dict)
    """Provenance of the numbers by name, in the order in which it is printed."""

    @property
    def averaged(self) -> tuple[Column, ...]:
        """The first column of each task: its headline metric if that is shown, in today's definition if runs have that."""
        return tuple({column.task: column for column in reversed(self.columns)}.values())[::-1]

    def lacking(self, row: Row) -> list[Column]:
        """The tasks' columns that the row's average would need besides those it has."""
        return [column for column in self.averaged if column.key not in row.cells]

    def published_beside(self, row: Row) -> Row | None:
        """What a paper reports of the method of a measured row, on the same split."""
        rows = (other for other in self.rows if other.origin == "published" and other.title == row.title)
        return None if row.published else next(rows, None)

    def average(self, row: Row) -> float | None:
        """Mean of the row's cells over the tasks; None where one is missing, where there is only one task, or of the scores
        of a server, whose paper averages other columns."""
        columns = self.averaged
        if row.server or len(columns) < 2 or self.lacking(row):
            return None
        return statistics.fmean(row.cells[column.key].mean for column in columns)


@dataclass(frozen=True)
class Leaderboard:
    """Tables in the catalog's order of benchmarks."""

    tables: tuple[Table, ...]
    at: datetime
    """When it was built."""
    query: Query
    left_out: tuple[str, ...] = ()
    """Completed runs that no table shows because they lack the metric, and what to do; tables without complete rows."""
