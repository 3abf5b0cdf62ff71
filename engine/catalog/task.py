"""What a benchmark and a task are: columns, template, labels, metrics, splits and where the rows come from."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.catalog.kinds import KINDS

MEAN = "mean"
"""Stands for all tasks of a joint run together: as the task of its averages, and as its headline metric."""
LIMITED_SPLITS = ("train", "dev", "test")
"""What ``--limit`` can cut; ``test`` stands for every split that is reported at the end."""


@dataclass(frozen=True)
class HubData:
    """A dataset repository of the hub, and the folder of a local data directory that holds the same data.

    Both kinds of files are named by the task's configuration and the official split.
    """

    repo: str
    revision: str
    folder: str
    hub_file: str = "{config}/{split}-00000-of-00001.parquet"
    """Below the repository."""
    local_file: str = "{config}/{split}.parquet"
    """Below ``folder``."""
    labels_stay: bool = False
    """Whether the terms of the data forbid that its labels are passed on."""


@dataclass(frozen=True)
class DatasetSource:
    """A dataset that the ``datasets`` library reads: a repository of the hub at a commit, or a folder of ``save_to_disk``."""

    name: str
    """``org/name`` of a repository, or the absolute path of a folder."""
    config: str = ""
    """Of a repository; empty until it is known which one is the default."""
    revision: str = ""
    """The commit of a repository; before it is known, the branch, tag or commit that the declaration asks for."""
    splits: tuple[tuple[str, str], ...] = ()
    """Split (``train``, ``dev``, ``test``) and the dataset's name of it; until the dataset is known, those declared."""

    @property
    def on_hub(self) -> bool:
        return not self.name.startswith("/")

    @property
    def title(self) -> str:
        """The dataset as messages name it."""
        return f"{self.name} ({self.config})" if self.config not in ("", "default") else self.name


@dataclass(frozen=True)
class OwnData:
    """A user's own files or dataset, and how their rows become texts and labels (``engine.data.own_rows``)."""

    files: tuple[tuple[str, str], ...]
    """Split (``train``, and ``dev`` and ``test`` where they have files) and absolute path: of a table, of the parquet file
    that a dataset of the hub was written to, or of the folder of a saved dataset. Empty until the dataset is known."""
    text: str
    """Pattern of the first text, such as ``"{question}"``."""
    pair: str = ""
    """Pattern of the second text; empty where there is none."""
    options: tuple[str, ...] = ()
    """For multiple choice: a pattern for each option, or one pattern that names a column of lists."""
    label: str = "label"
    """Column of the label."""
    separator: str = ""
    """Separates the labels of a multi-label cell that is text."""
    dev_share: float = 0.1
    """Share for dev of what the test share leaves of train; 0 where dev has a file."""
    test_share: float = 0.0
    drop_labels: tuple[str, ...] = ()
    """Rows with one of these labels are left out; an empty name stands for an empty cell."""
    quoted: bool | None = None
    """Whether cells of CSV and TSV may be quoted; None (not declared) reads them like True."""
    group: str = ""
    """Rows with equal cells in this column stay on one side where shares are drawn; ``text`` for equal first texts."""
    dataset: DatasetSource | None = None
    """What the rows are read from if not from tables."""

    @property
    def definition(self) -> dict[str, Any]:
        """How the files' contents are read, independent of their paths and of the shares drawn from them.

        Fields that version 0.1.0 did not know are part of it only where they change something, so that ids stay what they were.
        """
        fields = {name: value for name, value in asdict(self).items() if name not in ("dev_share", "test_share", "dataset")}
        unchanged = {"drop_labels": ((),), "quoted": (None, True), "group": ("",)}
        fields = {name: value for name, value in fields.items() if value not in unchanged.get(name, ())}
        if self.dataset and self.dataset.on_hub:
            # The commit, which is the rows' identity, does not say which of a repository's rows they are.
            fields["dataset"] = {"config": self.dataset.config, "splits": self.dataset.splits}
        return {**fields, "files": [split for split, _ in self.files]}


@dataclass(frozen=True)
class TaskInfo:
    """One task: everything that turns rows into labelled examples and predictions into a number."""

    benchmark: str
    name: str
    title: str
    kind: str
    """Name of a kind in ``engine.catalog.kinds``."""
    template: str
    """Name of a template in ``engine.data.templates``."""
    columns: tuple[str, ...]
    """Text columns that the template reads, in its order."""
    metrics: tuple[str, ...]
    """Headline first; names of ``engine.metrics.scoring``."""
    label_column: str = "label"
    labels: tuple[str, ...] = ()
    """Class names in the order of their ids; empty for regression."""
    data: HubData | OwnData | None = None
    """None: rows come from the generator of the built-in benchmark."""
    config: str | None = None
    """Name in the hub repository and in a data directory, where it differs from the task's."""
    sizes: tuple[int, int] = (0, 0)
    """Rows of the official training split and of the official split that is ``test``."""
    dev_size: int | None = None
    """Rows of dev; None for a tenth of the official training split, rounded up."""
    max_length: int = 128
    truncate: str = "longest"
    """``longest`` text first, or only the ``first``."""
    stratify: bool = True
    """Whether the dev split keeps the class balance."""
    select_by: str = "loss"
    dev: str | None = None
    """The official split that is dev; None where dev is a tenth of the official training split."""
    tests: tuple[tuple[str, str], ...] = (("test", "validation"),)
    """Our name and the official name of each split that is reported at the end."""
    cluster: str = ""
    """Column whose equal texts make rows depend on each other, where the template does not say so: tests of significance
    resample such rows together."""

    @property
    def key(self) -> str:
        """The name that runs, checkpoints and the command line use: ``glue/rte``."""
        return f"{self.benchmark}/{self.name}"

    @property
    def headline(self) -> str:
        return self.metrics[0]

    @property
    def outputs(self) -> int:
        """Width of the head: classes, labels, one score for regression and for each option of a choice."""
        return KINDS[self.kind].outputs(len(self.labels))

    @property
    def official_splits(self) -> tuple[str, ...]:
        """The official splits that the task reads, ``train`` first."""
        return ("train", *((self.dev,) if self.dev else ()), *(official for _, official in self.tests))

    @property
    def official_sizes(self) -> dict[str, int]:
        """Rows of the official splits, as far as they are known."""
        train, test = self.sizes
        source = self.tests[0][1]
        sizes = {"train": train + test} if source == "train" else {"train": train, source: test}
        if self.dev and self.dev_size:
            sizes[self.dev] = self.dev_size
        return {split: size for split, size in sizes.items() if size}

    @property
    def split_sizes(self) -> dict[str, int]:
        """Rows per split of a run."""
        train, test = self.sizes
        dev = math.ceil(train / 10) if self.dev_size is None else self.dev_size
        return {"train": train if self.dev else train - dev, "dev": dev, "test": test}


@dataclass(frozen=True)
class PublishedTable:
    """A paper's results on a benchmark with one backbone: a file in ``engine/catalog/published``."""

    file: str
    backbone: str
    paper: str
    columns: dict[str, str] = field(default_factory=dict)
    """Column of the file by task name, where they differ; of further figures by name, split and metric:
    ``mrpc test/f1``."""
    server: str = ""
    """What else has to be said of scores that come from the benchmark's server, whose test rows no run here is tested on."""


@dataclass(frozen=True)
class BenchmarkInfo:
    """An ordered set of tasks; by default a two-stage run takes all of them as sources."""

    name: str
    title: str
    tasks: tuple[TaskInfo, ...]
    offline: bool = False
    """Whether it needs no files at all."""
    published: tuple[PublishedTable, ...] = ()
    distribution: str = ""
    """Name and version of the installed package that adds the benchmark; empty for a built-in one and for users' own."""
