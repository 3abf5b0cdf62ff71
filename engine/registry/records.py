"""What the registry holds, as plain values: detached from the database, and loaded without the libraries that write it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.registry.document import Document
from engine.runs.placement import Placement

# What checks a specification takes longer to load than thousands of runs to list, which need none of it.
if TYPE_CHECKING:
    from engine.runs.definition import Definition
    from engine.runs.request import Request
    from engine.runs.spec import RunSpec

Results = dict[str, dict[str, dict[str, float]]]
"""Final numbers of a run: task -> split -> metric -> value."""
CHANGED = "changed since the run was queued"
"""In the cause of a run that cannot be resumed, because what it was to read is gone."""

DIVERGED = "the loss became"
"""In the cause of a run that failed because its numbers are finite no more, as they would be again."""


class RunState(StrEnum):
    """A state changes only on evidence from the process: its exit record, or its absence."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"
    LOST = "lost"

    @property
    def live(self) -> bool:
        """Starting or running."""
        return self in (RunState.STARTING, RunState.RUNNING)

    @property
    def active(self) -> bool:
        """Queued or live: its state will change without a request."""
        return self.live or self is RunState.QUEUED

    @property
    def over(self) -> bool:
        """Ended without success; can be resumed."""
        return self in (RunState.FAILED, RunState.STOPPED, RunState.LOST)


OVER = tuple(state for state in RunState if state.over)
LIVE = tuple(state for state in RunState if state.live)
ACTIVE = tuple(state for state in RunState if state.active)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True, eq=False)
class Run:
    """One run: its specification, its progress and how it ended."""

    id: str
    fingerprint: str
    group_id: str
    method: str
    backbone: str
    benchmark: str
    target: str
    """Task key, or the common name of a joint run's tasks (``RunSpec.target``)."""
    seed: int
    spec: Document = Document()
    """``RunSpec`` as JSON."""
    command: str = ""
    """The command line that asked for it."""
    request: Document = Document()
    """``Request`` as JSON, before names were resolved; None for imported runs and those of version 0.1.0."""

    state: RunState = RunState.QUEUED
    cause: str | None = None
    """One line: why it failed, was lost or waits."""
    attempt: int = 0
    """Fencing token: only the newest attempt may write."""
    stop_requested: bool = False
    priority: int = 0
    """In the queue: higher ones start first. A source has at least that of every run that waits for it."""
    gpus: str | None = None
    """Identifiers of the GPUs that it may have, with commas between them; None for any."""
    version: int = 0
    """Increases with every change of any run; readers ask for runs newer than the last version that they read."""

    created_at: datetime = field(default_factory=utc_now)
    started_at: datetime | None = None
    """Start of the newest attempt."""
    ended_at: datetime | None = None
    heartbeat_at: datetime | None = None
    seconds: float = 0.0
    """Training time over all attempts."""

    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    loss: float | None = None
    """Training loss: the mean over the newest steps; when an epoch ends, over those of the epoch that this attempt made."""
    metric: str | None = None
    """Name of the headline metric."""
    value: float | None = None
    """Newest dev value of the headline metric."""
    best: float | None = None
    """Dev value of the selected epoch."""
    best_epoch: int | None = None
    samples_per_second: float | None = None
    tokens_per_second: float | None = None
    """Real tokens; there is no padding."""
    seconds_left: float | None = None
    trainable: int | None = None
    """Trainable parameters, heads included."""
    transfer: int | None = None
    """The method's own trainable parameters, heads excluded."""

    memory_kind: str | None = None
    """Equal for runs that need the same memory (``engine.runs.memory_kind``)."""
    peak_memory: int | None = None
    """Bytes of a GPU that it took at most, if it is completed and ran on one."""

    executor: str = "local"
    handle: Document = Document()
    """What the executor needs to find the process again."""
    device: str | None = None
    provenance: Document = Document()
    """Git commit, versions, hardware, data revisions, label lists, split sizes."""
    note: str | None = None
    """What its user wrote about it."""

    @classmethod
    def of(
        cls,
        spec: RunSpec,
        request: Request | None = None,
        definitions: Sequence[Definition] | None = None,
        **others: Any,
    ) -> Run:
        """The row of ``spec``, queued unless ``others`` say otherwise.

        ``definitions`` are those of its targets; needed where the catalog may lack them.
        """
        from engine.runs.memory_kind import memory_kind
        from engine.runs.spec import RUN_ID_LENGTH, fingerprint_of, group_of, headline_of

        definitions = spec.definitions if definitions is None else definitions
        fingerprint = fingerprint_of(spec, definitions)
        row: dict[str, Any] = {
            "id": fingerprint[:RUN_ID_LENGTH],
            "fingerprint": fingerprint,
            "group_id": group_of(spec, definitions),
            "method": spec.method,
            "backbone": spec.backbone,
            "benchmark": spec.benchmark,
            "target": spec.target,
            "seed": spec.seed,
            "spec": spec.model_dump(mode="json"),
            "command": request.command if request else "",
            "request": request.model_dump(mode="json", exclude={"command"}) if request else None,
            "metric": headline_of(definitions),
            "epochs": int(spec.hyperparameters["epochs"]),
            "memory_kind": memory_kind(spec),
        }
        return cls(**(row | others))

    @cached_property
    def parsed(self) -> RunSpec:
        """The specification, typed."""
        from engine.runs.spec import RunSpec

        return RunSpec(**self.spec)

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """Keys of the targets, in order."""
        return self.parsed.targets

    @property
    def diverged(self) -> bool:
        """Whether it failed in a way that its setting is to blame for."""
        return self.state is RunState.FAILED and DIVERGED in (self.cause or "")

    @property
    def placement(self) -> Placement:
        """When and where it starts."""
        return Placement(self.priority, tuple(self.gpus.split(",")) if self.gpus else ())

    @property
    def imported(self) -> bool:
        """Whether it was trained elsewhere and imported from a file."""
        return "imported" in (self.provenance or {})


class QueuedRun(NamedTuple):
    """What the queue needs of a run, in the names of ``Run``; a tuple, because thousands of them are read every few seconds."""

    id: str
    method: str
    backbone: str
    target: str
    seed: int
    priority: int
    executor: str
    gpus: str | None
    created: float
    """When it was asked for, in seconds since 1970."""

    @property
    def age(self) -> tuple[float, str]:
        """Of runs of equal priority the one with the least starts first."""
        return self.created, self.id


@dataclass
class Source:
    """Run ``run_id`` waits for and reads the adapter of ``source_id``."""

    run_id: str
    position: int
    source_id: str
    task: str


@dataclass
class Metric:
    """One point of a curve, such as ``train/loss`` or ``dev/accuracy``; a later attempt replaces an earlier one's.

    Of curves ``system/...``, of what a worker took of its machine, ``step`` is a second of training.
    """

    run_id: str
    name: str
    step: int
    value: float
    epoch: float
    attempt: int


@dataclass
class Checkpoint:
    """A published checkpoint of a run; its files lie at ``Home.checkpoint(run_id, kind)``."""

    run_id: str
    kind: str
    """``best`` or ``last``."""
    step: int
    epoch: int
    sha256: str
    """Of the file."""
    bytes: int
    created_at: datetime = field(default_factory=utc_now)


@dataclass
class Evidence:
    """What a run answered on a split; its file lies at ``Home.evidence(run_id, task, split)``."""

    run_id: str
    task: str
    split: str
    epoch: int
    """The selected one."""
    rows_sha256: str
    """Names the file of the split's examples, ``Home.evidence_rows``."""
    logits_sha256: str
    """Of the arrays (``engine.files.evidence.arrays_digest``), as the other."""
    bytes: int


@dataclass(kw_only=True, eq=False)
class Replicate:
    """Another outcome of run ``run_id``, with an equal fingerprint: imported, listed, and never part of a table.

    Its answers lie at ``Home.replicate(run_id, digest)``.
    """

    run_id: str
    digest: str
    """Of its answers, or of its results where it has none (``engine.bundles.records``)."""
    origin: str
    """Name and root digest of the bundle that it came in."""
    record: Document = Document()
    """The run as the bundle describes it: results, evidence and provenance."""
    at: datetime = field(default_factory=utc_now)
    """When it was imported."""


@dataclass
class Tag:
    """A word by which users find run ``run_id`` again (``engine.runs.tags``)."""

    run_id: str
    name: str


@dataclass
class Event:
    """Something that happened to a run: state changes and their reasons, in order."""

    id: int
    run_id: str
    at: datetime
    attempt: int
    text: str


@dataclass(kw_only=True, eq=False)
class Sweep:
    """A named, declared set of runs, whose cells are known where no run exists yet."""

    name: str
    file: str
    """Where it was declared; relative names in ``text`` begin at its folder."""
    text: str
    """The file's content when the sweep was registered."""
    requests: Document = Document()
    """What the file asks for: each ``Request`` as JSON."""
    cells: Document = Document()
    """Each ``engine.sweeps.cells.Cell`` as JSON, with the id of its run as it was planned."""
    created_at: datetime = field(default_factory=utc_now)
    updated_at: datetime = field(default_factory=utc_now)
    stopped: bool = False
    """Whether its user stopped it since: tuning chooses nothing more."""
