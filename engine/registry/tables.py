"""The tables of the registry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Enum, Index, Table
from sqlmodel import Field, SQLModel

from engine.runs.definition import Definition
from engine.runs.request import Request
from engine.runs.spec import RUN_ID_LENGTH, RunSpec, fingerprint_of, group_of, headline_of

CHANGED = "changed since the run was queued"
"""In the cause of a run that cannot be resumed, because what it was to read is gone."""


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


def utc_now() -> datetime:
    return datetime.now(UTC)


def _state_column() -> Column[Any]:
    values = Enum(RunState, native_enum=False, length=16, values_callable=lambda kind: [state.value for state in kind])
    return Column("state", values, nullable=False, index=True)


class Run(SQLModel, table=True):
    """One run: its specification, its progress and how it ended."""

    id: str = Field(primary_key=True)
    fingerprint: str = Field(unique=True)
    group_id: str = Field(index=True)
    method: str = Field(index=True)
    backbone: str
    benchmark: str = Field(index=True)
    target: str
    """Task key, or the common name of a joint run's tasks (``RunSpec.target``)."""
    seed: int
    spec: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """``RunSpec`` as JSON."""
    command: str = ""
    """The command line that asked for it."""
    request: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """``Request`` as JSON, before names were resolved; None for imported runs and those of version 0.1.0."""

    state: RunState = Field(default=RunState.QUEUED, sa_column=_state_column())
    cause: str | None = None
    """One line: why it failed, was lost or waits."""
    attempt: int = 0
    """Fencing token: only the newest attempt may write."""
    stop_requested: bool = False
    version: int = Field(default=0, index=True, sa_type=BigInteger)
    """Increases with every change of any run; readers ask for runs newer than the last version that they read."""

    created_at: datetime = Field(default_factory=utc_now, index=True)
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

    executor: str = "local"
    handle: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """What the executor needs to find the process again."""
    device: str | None = None
    provenance: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """Git commit, versions, hardware, data revisions, label lists, split sizes."""

    @classmethod
    def of(
        cls,
        spec: RunSpec,
        request: Request | None = None,
        definitions: Sequence[Definition] | None = None,
        **fields: Any,
    ) -> Run:
        """The row of ``spec``, queued unless ``fields`` say otherwise.

        ``definitions`` are those of its targets; needed where the catalog may lack them.
        """
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
        }
        return cls(**(row | fields))

    @cached_property
    def parsed(self) -> RunSpec:
        """The specification, typed."""
        return RunSpec(**self.spec)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Keys of the targets, in order."""
        return self.parsed.targets

    @property
    def imported(self) -> bool:
        """Whether it was trained elsewhere and imported from a file."""
        return "imported" in (self.provenance or {})


class Clock(SQLModel, table=True):
    """One row that every change of any run advances, inside the change's transaction, so that versions commit in order."""

    id: int = Field(default=1, primary_key=True)
    value: int = Field(default=0, sa_type=BigInteger)


class Alias(SQLModel, table=True):
    """Today's fingerprint of a run of an earlier version, whose own fingerprint covered more or fewer fields."""

    fingerprint: str = Field(primary_key=True)
    run_id: str = Field(foreign_key="run.id", ondelete="CASCADE", index=True)


class Source(SQLModel, table=True):
    """Run ``run_id`` waits for and reads the adapter of ``source_id``."""

    run_id: str = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    position: int = Field(primary_key=True)
    source_id: str = Field(foreign_key="run.id", index=True)
    task: str


class Metric(SQLModel, table=True):
    """One point of a curve, such as ``train/loss`` or ``dev/accuracy``; a later attempt replaces an earlier one's."""

    run_id: str = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    name: str = Field(primary_key=True)
    step: int = Field(primary_key=True)
    value: float
    epoch: float
    attempt: int


class Result(SQLModel, table=True):
    """A final number of the selected checkpoint, such as ``test`` ``accuracy``."""

    run_id: str = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    task: str = Field(primary_key=True)
    """Key; ``mean`` for the averages of a joint run."""
    split: str = Field(primary_key=True)
    metric: str = Field(primary_key=True)
    value: float


class Checkpoint(SQLModel, table=True):
    """A published checkpoint of a run; its files lie at ``Home.checkpoint(run_id, kind)``."""

    run_id: str = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    kind: str = Field(primary_key=True)
    """``best`` or ``last``."""
    step: int
    epoch: int
    sha256: str
    """Of the file."""
    bytes: int = Field(sa_type=BigInteger)
    created_at: datetime = Field(default_factory=utc_now)


class Evidence(SQLModel, table=True):
    """What a run answered on a split; its file lies at ``Home.evidence(run_id, task, split)``."""

    run_id: str = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    task: str = Field(primary_key=True)
    split: str = Field(primary_key=True)
    epoch: int
    """The selected one."""
    rows_sha256: str
    """Names the file of the split's examples, ``Home.evidence_rows``."""
    logits_sha256: str
    """Of the arrays (``engine.files.evidence.arrays_digest``), as the other."""
    bytes: int = Field(sa_type=BigInteger)


class Event(SQLModel, table=True):
    """Something that happened to a run: state changes and their reasons, in order."""

    __table_args__ = (Index("event_by_run", "run_id", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    run_id: str = Field(foreign_key="run.id", ondelete="CASCADE")
    at: datetime = Field(default_factory=utc_now)
    attempt: int = 0
    text: str


def _table(kind: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(kind.__tablename__)]


# For statements: a model's own attributes are typed as the values of one row, these as columns.
RUN, SOURCE, METRIC, RESULT = _table(Run), _table(Source), _table(Metric), _table(Result)
CHECKPOINT, EVENT, CLOCK, ALIAS, EVIDENCE = (_table(kind) for kind in (Checkpoint, Event, Clock, Alias, Evidence))
