"""Benchmarks and their tasks, as data: columns, template, labels, metrics, splits and where the rows come from.

Sizes are those of the hub's labelled splits. Dev is a tenth of the official training split, and the official validation
split is the test split, because official test labels are not public (ScaLearn, section 4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from engine.errors import UserError

KINDS = ("classification", "regression", "multiple_choice", "multilabel", "entity_ranking")


@dataclass(frozen=True)
class HubData:
    """A dataset repository of the hub whose parquet files are ``<config>/<split>-00000-of-00001.parquet``.

    ``folder`` is the same data below a local data directory: ``<folder>/<config>/<split>.parquet``.
    """

    repo: str
    revision: str
    folder: str


GLUE_DATA = HubData("nyu-mll/glue", "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c", "glue")
SUPERGLUE_DATA = HubData("aps/super_glue", "3de24cf8022e94f4ee4b9d55a6f539891524d646", "super_glue")


@dataclass(frozen=True)
class TaskInfo:
    """One task: everything that turns rows into labelled examples and predictions into a number."""

    benchmark: str
    name: str
    title: str
    kind: str
    template: str
    """Name of a template in ``engine.data.templates``."""
    columns: tuple[str, ...]
    """Text columns that the template reads, in its order."""
    metrics: tuple[str, ...]
    """Headline first; names of ``engine.training.metrics``."""
    labels: tuple[str, ...] = ()
    """Class names in the order of their ids; empty for regression."""
    data: HubData | None = None
    """None: rows come from the generator of the built-in benchmark."""
    config: str = ""
    """Name in the hub repository and in a data directory; the task's name unless told."""
    sizes: tuple[int, int] = (0, 0)
    """Rows of the official training and validation splits."""
    max_length: int = 128
    truncate: str = "longest"
    """``longest`` text first, or only the ``first``."""
    stratify: bool = True
    """Whether the dev split keeps the class balance."""
    select_by: str = "loss"
    tests: tuple[tuple[str, str], ...] = (("test", "validation"),)
    """Our name and the official name of each split that is reported at the end."""

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
        return 1 if self.kind in ("regression", "multiple_choice") else max(2, len(self.labels))

    @property
    def split_sizes(self) -> dict[str, int]:
        """Examples (rows of the source) per split after a tenth of train became dev."""
        train, validation = self.sizes
        dev = math.ceil(train / 10)
        return {"train": train - dev, "dev": dev, "test": validation}


@dataclass(frozen=True)
class BenchmarkInfo:
    """An ordered set of tasks; a two-stage run takes all of them as sources unless told."""

    name: str
    title: str
    tasks: tuple[TaskInfo, ...]
    offline: bool = False
    """Whether it needs no files at all."""
    published: str | None = None
    """File of published results in ``engine/catalog/published``."""
    published_columns: dict[str, str] = field(default_factory=dict)
    """Column of that file by task name, where they differ."""


NLI = ("entailment", "not_entailment")
BOOL = ("False", "True")
PAIR = ("sentence1", "sentence2")


def _glue(name: str, title: str, labels: tuple[str, ...], columns: tuple[str, ...], sizes: tuple[int, int], *metrics: str,
          **other: object) -> TaskInfo:  # fmt: skip
    kind = "classification" if labels else "regression"
    return TaskInfo(benchmark="glue", name=name, title=title, kind=kind, template="plain", columns=columns,
                    metrics=metrics or ("accuracy",), labels=labels, data=GLUE_DATA, config=name, sizes=sizes, **other)  # fmt: skip


def _superglue(name: str, title: str, labels: tuple[str, ...], template: str, columns: tuple[str, ...], sizes: tuple[int, int],
               *metrics: str, **other: object) -> TaskInfo:  # fmt: skip
    options = {"kind": "classification", "config": name, **other}
    return TaskInfo(benchmark="superglue", name=name, title=title, template=template, columns=columns,
                    metrics=metrics or ("accuracy",), labels=labels, data=SUPERGLUE_DATA, sizes=sizes, **options)  # fmt: skip


GLUE = BenchmarkInfo(
    "glue",
    "GLUE",
    (
        _glue("mnli", "MNLI", ("entailment", "neutral", "contradiction"), ("premise", "hypothesis"), (392_702, 9_815),
              tests=(("test", "validation_matched"), ("test_mismatched", "validation_mismatched"))),
        _glue("qqp", "QQP", ("not_duplicate", "duplicate"), ("question1", "question2"), (363_846, 40_430), "accuracy", "f1"),
        _glue("qnli", "QNLI", NLI, ("question", "sentence"), (104_743, 5_463)),
        _glue("sst2", "SST-2", ("negative", "positive"), ("sentence",), (67_349, 872)),
        _glue("stsb", "STS-B", (), PAIR, (5_749, 1_500), "pearson", "spearman", stratify=False),
        _glue("mrpc", "MRPC", ("not_equivalent", "equivalent"), PAIR, (3_668, 408), "accuracy", "f1"),
        _glue("rte", "RTE", NLI, PAIR, (2_490, 277)),
        _glue("cola", "CoLA", ("unacceptable", "acceptable"), ("sentence",), (8_551, 1_043), "matthews"),
    ),
    published="glue_roberta-base.csv",
    published_columns={"sst2": "sst-2", "stsb": "sts-b"},
)  # fmt: skip

SUPERGLUE = BenchmarkInfo(
    "superglue",
    "SuperGLUE",
    (
        _superglue("record", "ReCoRD", ("False", "True"), "record", ("passage", "query", "entities", "answers"), (100_730, 10_000),
                   "f1", "exact_match", kind="entity_ranking", max_length=256, truncate="first", stratify=False),
        _superglue("multirc", "MultiRC", BOOL, "multirc", ("paragraph", "question", "answer"), (27_243, 4_848),
                   "f1", "exact_match", max_length=324),
        _superglue("boolq", "BoolQ", BOOL, "plain", ("question", "passage"), (9_427, 3_270)),
        _superglue("wic", "WiC", BOOL, "wic", ("word", *PAIR), (5_428, 638)),
        _superglue("wsc", "WSC", BOOL, "wsc", ("text", "span1_text", "span2_index"), (554, 104), config="wsc.fixed"),
        _superglue("copa", "COPA", ("choice1", "choice2"), "copa", ("premise", "question", "choice1", "choice2"), (400, 100),
                   kind="multiple_choice"),
        _superglue("cb", "CB", ("entailment", "contradiction", "neutral"), "plain", ("premise", "hypothesis"), (250, 56),
                   "accuracy", "macro_f1", stratify=False),
        _superglue("rte", "RTE", NLI, "plain", ("premise", "hypothesis"), (2_490, 277)),
    ),
    published="superglue_roberta-base.csv",
)  # fmt: skip


GENERATOR_VERSION = "toy-1"
"""Identity of the built-in rows; raised with every change of the generator, so that old runs keep their meaning."""


def _toy(name: str, title: str, kind: str, labels: tuple[str, ...], columns: tuple[str, ...], *metrics: str,
         template: str = "plain") -> TaskInfo:  # fmt: skip
    return TaskInfo(benchmark="toy", name=name, title=title, kind=kind, template=template, columns=columns, metrics=metrics,
                    labels=labels, config=name, sizes=(600, 300), max_length=64, stratify=False, select_by="metric")  # fmt: skip


TOY = BenchmarkInfo(
    "toy",
    "Toy (built in)",
    (
        _toy("sentiment", "Sentiment", "classification", ("negative", "positive"), ("sentence",), "accuracy"),
        _toy("entailment", "Entailment", "classification", ("entailment", "neutral", "contradiction"), ("premise", "hypothesis"),
             "accuracy", "macro_f1"),
        _toy("similarity", "Similarity", "regression", (), PAIR, "pearson", "spearman"),
        _toy("choice", "Choice", "multiple_choice", ("choice1", "choice2"), ("premise", "question", "choice1", "choice2"),
             "accuracy", template="copa"),
        _toy("topics", "Topics", "multilabel", ("food", "money", "music", "sport", "travel", "weather"), ("sentence",),
             "macro_f1", "micro_f1"),
        _toy("question", "Question", "classification", BOOL, ("question", "passage"), "accuracy"),
    ),
    offline=True,
)  # fmt: skip

BENCHMARKS: dict[str, BenchmarkInfo] = {info.name: info for info in (GLUE, SUPERGLUE, TOY)}
TASKS: dict[str, TaskInfo] = {task.key: task for info in BENCHMARKS.values() for task in info.tasks}


def find_benchmark(name: str) -> BenchmarkInfo:
    """Raises UserError listing the names."""
    wanted = name.strip().lower().replace("_", "").replace("-", "")
    if wanted not in BENCHMARKS:
        raise UserError(f"no benchmark {name!r}; there are {', '.join(BENCHMARKS)}")
    return BENCHMARKS[wanted]


def find_task(name: str, benchmark: str | None = None) -> TaskInfo:
    """A task by key (``glue/rte``) or by name, in ``benchmark`` or in the first benchmark that has it.

    Raises UserError naming the tasks to choose from.
    """
    wanted = name.strip().lower()
    if "/" in wanted:
        benchmark, wanted = wanted.split("/", 1)
    places = [find_benchmark(benchmark)] if benchmark else list(BENCHMARKS.values())
    plain = wanted.replace("-", "").replace("_", "")
    for place in places:
        for task in place.tasks:
            if plain == task.name.replace("_", ""):
                return task
    known = ", ".join(task.name for place in places for task in place.tasks)
    raise UserError(f"no task {name!r} in {' or '.join(place.name for place in places)}; there are {known}")
