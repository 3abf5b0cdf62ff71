"""A random sample of a bundle's runs, trained again in a home of its own: the answer to logits that were made up."""

from __future__ import annotations

import logging
import os
import random
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.bundles.contents import Contents
from engine.bundles.records import RunRecord
from engine.bundles.rerun_verdicts import Verdict, compare
from engine.catalog.task import OwnData
from engine.errors import UserError
from engine.files.backbones import find_backbone
from engine.files.identity import backbone_revision, data_identity
from engine.launch.executors import EXECUTORS
from engine.launch.supervisor import Supervisor, supervise
from engine.launch.supervisor import log as supervisor_log
from engine.registry.records import ACTIVE, Run, RunState, Source
from engine.registry.store import Store
from engine.runs.spec import RunSpec

IDLE = 1.0
"""Seconds without a queued or live run after which the sample is done."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Sample:
    """Runs that were drawn, with the sources that they read."""

    drawn: list[RunRecord]
    specs: dict[str, RunSpec]
    """By run id, as they are trained here; sources first."""
    left_out: dict[str, str]
    """Why runs could not be drawn, by id."""


def draw(contents: Contents, count: int, data_dir: Path | None) -> Sample:
    """``count`` of the runs that can be trained here, drawn anew each time. Raises UserError where there are none."""
    able: list[RunRecord] = []
    left_out: dict[str, str] = {}
    for record in contents.runs:
        if record.role == "target" and record.evidence and not record.spec.dev_only:
            try:
                _specs(contents, record, data_dir)
                able.append(record)
            except UserError as error:
                left_out[record.id] = str(error)
    if not able:
        why = next(iter(left_out.values()), "none of them has answers on test")
        raise UserError(f"no run of it can be trained again here: {why}")
    # Not seeded: whoever wrote the bundle must not know which runs are drawn.
    drawn = random.SystemRandom().sample(able, min(count, len(able)))
    return Sample(drawn, {key: spec for record in drawn for key, spec in _specs(contents, record, data_dir).items()}, left_out)


def train_again(contents: Contents, sample: Sample, store: Store, say: Say) -> list[Verdict]:
    """Train the sample in ``store``, an empty registry, by a supervisor and workers as ever; compare each drawn run."""
    # Workers find the registry of their home, not the user's.
    os.environ.pop("SCALEARN_DB", None)
    runs = [Run.of(spec, command="scalearn verify --rerun") for spec in sample.specs.values()]
    edges = [
        Source(run_id=run.id, position=position, source_id=source.run_id, task=source.task)
        for run in runs
        for position, source in enumerate(run.parsed.sources)
    ]
    store.add(runs, edges)
    with _progress(say):
        _work_off(store)
    return [_verdict(contents, record, store, len(sample.drawn)) for record in sample.drawn]


def _specs(contents: Contents, record: RunRecord, data_dir: Path | None) -> dict[str, RunSpec]:
    """A run and its sources as they are trained here, sources first. Raises UserError where something is missing."""
    sources = [contents.by_id[source.run_id] for source in record.spec.sources]
    return {one.id: _here(contents, one, data_dir) for one in (*sources, record)}


def _here(contents: Contents, record: RunRecord, data_dir: Path | None) -> RunSpec:
    """The run's specification with the folders of this machine, of the same fingerprint."""
    spec = record.spec
    backbone = find_backbone(spec.backbone_path or spec.backbone)
    if (revision := backbone_revision(backbone)) != spec.backbone_revision:
        raise UserError(f"{spec.backbone} here is at {revision[:19]}, not at {spec.backbone_revision[:19]}")
    folders = {_folder_of(contents, record, key, data_dir) for key in spec.targets} - {None}
    changes: dict[str, Any] = {"backbone_path": backbone.path_at(revision), "data_dir": next(iter(folders), None)}
    local = spec.model_copy(update=changes)
    if local.fingerprint != record.fingerprint:
        raise UserError(f"this version would train {record.id} otherwise; use the version that trained it")
    return local


def _folder_of(contents: Contents, record: RunRecord, key: str, data_dir: Path | None) -> str | None:
    """The folder that has the rows of a task; None where they need none."""
    task = record.task(key, contents.catalog)
    if task is None or isinstance(task.data, OwnData):
        raise UserError(f"{key} is a benchmark of somebody's own, whose files are not in the bundle")
    for folder in dict.fromkeys((None, data_dir)):
        if data_identity(task, folder) == record.spec.data[key]:
            return str(folder) if folder else None
    raise UserError(f"the rows of {key} here are not those of run {record.id}; name their folder with --data-dir")


def _work_off(store: Store) -> None:
    """Supervise until nothing is left; stopped by a signal, the workers are ended first."""
    supervisors = [Supervisor(store, make(store.home)) for make in EXECUTORS.values()]
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        supervise(store.home, supervisors, idle=IDLE)
    except KeyboardInterrupt:
        store.request_stop([run.id for run in store.runs(states=ACTIVE)])
        supervise(store.home, supervisors, idle=0.0)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _verdict(contents: Contents, record: RunRecord, store: Store, reruns: int) -> Verdict:
    (again,) = store.runs(ids=[record.id])
    if again.state is not RunState.COMPLETED:
        return Verdict(record.id, "failed", f"it is {again.state}: {again.cause}")
    cell = [other for other in contents.runs if other.group_id == record.group_id and other.role == "target"]
    return compare(contents, record, cell, store, reruns)


@contextmanager
def _progress(say: Say) -> Iterator[None]:
    """Pass on what the supervisor logs of runs."""

    class Lines(logging.Handler):
        def emit(self, line: logging.LogRecord) -> None:
            if (text := line.getMessage()).startswith("run "):
                say(text)

    lines, level = Lines(), supervisor_log.level
    supervisor_log.addHandler(lines)
    supervisor_log.setLevel(logging.INFO)
    try:
        yield
    finally:
        supervisor_log.removeHandler(lines)
        supervisor_log.setLevel(level)


def names(records: Sequence[RunRecord]) -> str:
    """``3f9a01c2de (adapter on glue/rte, seed 1), ...``."""
    return ", ".join(f"{one.id} ({one.spec.method} on {one.spec.target}, seed {one.spec.seed})" for one in records)
