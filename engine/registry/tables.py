"""The schema of the registry, as the migrations make it: a table has the fields of its record (``records``)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Enum, Index, Table
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

from engine.registry.records import RunState


def _state_column() -> Column[Any]:
    values = Enum(RunState, native_enum=False, length=16, values_callable=lambda kind: [state.value for state in kind])
    return Column("state", values, nullable=False)


def _document() -> Column[Any]:
    return Column(JSON(none_as_null=True))


class Named(SQLModel):
    """A table that is named by its class: ``run`` of ``RunTable``."""

    @declared_attr.directive
    def __tablename__(cls) -> str:
        return cls.__name__.removesuffix("Table").lower()


class RunTable(Named, table=True):
    __table_args__ = (
        Index("run_by_turn", "state", "priority", "created_at", "id"),
        Index("run_by_memory_kind", "memory_kind", "peak_memory"),
    )
    id: str = Field(primary_key=True)
    fingerprint: str = Field(unique=True)
    group_id: str = Field(index=True)
    method: str = Field(index=True)
    backbone: str
    benchmark: str = Field(index=True)
    target: str
    seed: int
    spec: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    command: str
    request: dict[str, Any] | None = Field(sa_column=_document())
    state: RunState = Field(sa_column=_state_column())
    cause: str | None
    attempt: int
    stop_requested: bool
    priority: int
    gpus: str | None
    version: int = Field(index=True, sa_type=BigInteger)
    created_at: datetime = Field(index=True)
    started_at: datetime | None
    ended_at: datetime | None
    heartbeat_at: datetime | None
    seconds: float
    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float | None
    metric: str | None
    value: float | None
    best: float | None
    best_epoch: int | None
    samples_per_second: float | None
    tokens_per_second: float | None
    seconds_left: float | None
    trainable: int | None
    transfer: int | None
    memory_kind: str | None
    peak_memory: int | None = Field(sa_type=BigInteger)
    executor: str
    handle: dict[str, Any] | None = Field(sa_column=_document())
    device: str | None
    provenance: dict[str, Any] | None = Field(sa_column=_document())
    note: str | None


class ClockTable(Named, table=True):
    """One row that every change of any run advances, inside the change's transaction, so that versions commit in order."""

    id: int = Field(primary_key=True)
    value: int = Field(sa_type=BigInteger)


class AliasTable(Named, table=True):
    """Today's fingerprint of a run of an earlier version, whose own fingerprint covered more or fewer fields."""

    fingerprint: str = Field(primary_key=True)
    run_id: str = Field(foreign_key="run.id", ondelete="CASCADE", index=True)


class SourceTable(Named, table=True):
    run_id: str = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    position: int = Field(primary_key=True)
    source_id: str = Field(foreign_key="run.id", index=True)
    task: str


class MetricTable(Named, table=True):
    run_id: str = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    name: str = Field(primary_key=True)
    step: int = Field(primary_key=True)
    value: float
    epoch: float
    attempt: int


class ResultTable(Named, table=True):
    """A final number of the selected checkpoint, such as ``test`` ``accuracy``."""

    run_id: str = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    task: str = Field(primary_key=True)
    """Key; ``mean`` for the averages of a joint run."""
    split: str = Field(primary_key=True)
    metric: str = Field(primary_key=True)
    value: float


class CheckpointTable(Named, table=True):
    run_id: str = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    kind: str = Field(primary_key=True)
    step: int
    epoch: int
    sha256: str
    bytes: int = Field(sa_type=BigInteger)
    created_at: datetime


class EvidenceTable(Named, table=True):
    run_id: str = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    task: str = Field(primary_key=True)
    split: str = Field(primary_key=True)
    epoch: int
    rows_sha256: str
    logits_sha256: str
    bytes: int = Field(sa_type=BigInteger)


class ReplicateTable(Named, table=True):
    run_id: str = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    digest: str = Field(primary_key=True)
    origin: str
    at: datetime
    record: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class TagTable(Named, table=True):
    run_id: str = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    name: str = Field(primary_key=True)


class EventTable(Named, table=True):
    __table_args__ = (Index("event_by_run", "run_id", "id"),)
    id: int | None = Field(primary_key=True)
    run_id: str = Field(foreign_key="run.id", ondelete="CASCADE")
    at: datetime
    attempt: int
    text: str


class SweepTable(Named, table=True):
    name: str = Field(primary_key=True)
    file: str
    text: str
    requests: list[Any] = Field(sa_column=Column(JSON, nullable=False))
    cells: list[Any] = Field(sa_column=Column(JSON, nullable=False))
    created_at: datetime
    updated_at: datetime
    stopped: bool


def _table(kind: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(kind.__tablename__)]


RUN, SOURCE, METRIC = _table(RunTable), _table(SourceTable), _table(MetricTable)
RESULT, CHECKPOINT, EVIDENCE = _table(ResultTable), _table(CheckpointTable), _table(EvidenceTable)
EVENT, CLOCK, ALIAS = _table(EventTable), _table(ClockTable), _table(AliasTable)
SWEEP, TAG, REPLICATE = _table(SweepTable), _table(TagTable), _table(ReplicateTable)
