"""Runs without what tells who trained them, where and when: for a review in which authors must not be known.

Fingerprints stay, so that whoever has the same runs recognises them. The names of tasks of somebody's own are part of
fingerprints: such runs get those of the same task under another name.
"""

from __future__ import annotations

import os
import pwd
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from engine.bundles.container import Members
from engine.bundles.manifest import README
from engine.bundles.records import RunRecord
from engine.catalog.backbones import BACKBONES
from engine.catalog.records import entry_record, task_from
from engine.catalog.task import OwnData, TaskInfo
from engine.errors import UserError
from engine.files.home import Home
from engine.registry.records import Sweep
from engine.runs.spec import RUN_ID_LENGTH, RunSpec, SourceSpec, fingerprint_of, group_of
from engine.sweeps.cells import request_command

KEPT = ("versions", "python", "precision", "threads", "micro_batch", "rows_sha256")
KEPT_BY_TASK = ("splits", "rows", "data", "similarities")
"""Of the provenance; all else is dropped, what later versions add too."""
EPOCH = datetime(1980, 1, 1, tzinfo=UTC)
"""Runs are told apart by their order alone, a second each."""
NAMELESS = "sweep"
TENSORS = ".safetensors"
PATTERNS = {
    "an e-mail address": rb"[\w.+-]+@[\w-]+\.[\w.]*[a-z]{2,}",
    "a folder of a user": rb"/(?:home|Users)/",
    "an IP address": rb"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])",
}


class Anonymous:
    """Anonymous ``records`` in the order of those given, the ``sweep`` as a bundle has it, and what is worth a note."""

    def __init__(self, records: Sequence[RunRecord], sweep: Sweep | None) -> None:
        self._keys = _pseudonyms(key for record in records for key in record.spec.own)
        self._ids: dict[str, str] = {}
        times = sorted({record.created_at for record in records})
        moments = {time: EPOCH + timedelta(seconds=rank) for rank, time in enumerate(times)}
        self.records = [self._record(record, moments[record.created_at], sweep) for record in records]
        self.sweep = self._sweep(sweep) if sweep else None
        foreign = {record.spec.backbone for record in records} - set(BACKBONES)
        packages = {record.spec.distribution for record in records if record.spec.distribution}
        self.notes = [f"{name} is named in the bundle; make sure that it does not tell who you are"
                      for name in sorted(foreign | packages)]  # fmt: skip

    def _record(self, record: RunRecord, moment: datetime, sweep: Sweep | None) -> RunRecord:
        """Sources come first: by then their new ids are known."""
        spec = self._spec(record.spec)
        changes: dict[str, Any] = {
            "spec": spec,
            "created_at": moment,
            "started_at": None,
            "ended_at": None,
            "device": None,
            "note": None,
            "tags": [],
            "command": request_command(NAMELESS) if sweep and record.command == request_command(sweep.name) else "",
            "provenance": self._provenance(record.provenance),
            "results": self._by_task(record.results),
            "evidence": [kept.model_copy(update={"task": self._key(kept.task)}) for kept in record.evidence],
            # They are named by source tasks.
            "weights": record.weights and not record.spec.own,
        }
        if record.definitions is not None:
            definitions = [dict(definition) for definition in spec.definitions]
            fingerprint = fingerprint_of(spec, definitions)
            changes |= {"definitions": definitions, "fingerprint": fingerprint, "id": fingerprint[:RUN_ID_LENGTH]}
            changes |= {"group_id": group_of(spec, definitions)}
        anonymous = record.model_copy(update=changes)
        self._ids[record.id] = anonymous.id
        return anonymous

    def _spec(self, spec: RunSpec) -> RunSpec:
        sources = [SourceSpec(task=self._key(source.task), run_id=self._ids[source.run_id]) for source in spec.sources]
        return spec.model_copy(
            update={
                "targets": tuple(map(self._key, spec.targets)),
                "sources": tuple(sources),
                "data": self._by_task(spec.data),
                "own": {self._keys[key]: _nameless(task_from(record), self._keys[key]) for key, record in spec.own.items()},
                "name": spec.name and self._key(f"{spec.name}/").rstrip("/"),
            }
        )

    def _provenance(self, provenance: Mapping[str, Any]) -> dict[str, Any]:
        by_task = {name: self._by_task(provenance[name]) for name in KEPT_BY_TASK if isinstance(provenance.get(name), dict)}
        return {name: provenance[name] for name in KEPT if name in provenance} | by_task

    def _sweep(self, sweep: Sweep) -> dict[str, Any]:
        """Its cells alone: the file may say anything."""
        cells = [
            {
                **cell,
                "run": self._ids.get(cell["run"], cell["run"]),
                "candidates": [self._ids.get(run_id, run_id) for run_id in cell.get("candidates", ())],
                "target": self._key(cell["target"]),
                "setting": self._words(cell["setting"]),
                "backbone": Path(cell["backbone"]).name,
            }
            for cell in sweep.cells
        ]
        moment = EPOCH.isoformat()
        return {"name": NAMELESS, "file": "", "text": "", "requests": [], "cells": cells, "created_at": moment,
                "updated_at": moment}  # fmt: skip

    def _by_task(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {self._key(key): value for key, value in values.items()}

    def _key(self, key: str) -> str:
        """A task's key, or the common name of several: ``shop/intent``, ``shop/intent+topic``, ``shop/``."""
        if key in self._keys:
            return self._keys[key]
        return self._words(key) if any(key.startswith(f"{own.partition('/')[0]}/") for own in self._keys) else key

    def _words(self, text: str) -> str:
        """``text`` with the new names in place of own benchmarks and tasks."""
        for own, other in self._keys.items():
            for name, instead in zip(own.split("/"), other.split("/"), strict=True):
                text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", instead, text)
        return text


def _pseudonyms(keys: Iterator[str]) -> dict[str, str]:
    """``shop/intent`` becomes ``own1/task1``."""
    benchmarks: dict[str, dict[str, None]] = {}
    for key in keys:
        benchmarks.setdefault(key.partition("/")[0], {})[key] = None
    return {
        key: f"own{number}/task{place}"
        for number, (_, of_benchmark) in enumerate(sorted(benchmarks.items()), start=1)
        for place, key in enumerate(of_benchmark, start=1)
    }


def _nameless(task: TaskInfo, key: str) -> dict[str, Any]:
    """The record of a task of the same kind, labels and metrics under another name, which says nothing of its data."""
    benchmark, _, name = key.partition("/")
    nameless = replace(
        task,
        benchmark=benchmark,
        name=name,
        title=name,
        columns=tuple(f"column{number}" for number, _ in enumerate(task.columns)),
        label_column="label",
        labels=tuple(f"label{number}" for number, _ in enumerate(task.labels)),
        data=OwnData(files=(), text="{text}"),
        config=None,
        cluster="",
    )
    return entry_record(nameless)


def refuse_private(members: Members, home: Home) -> None:
    """Raises UserError if a member still has words by which its writer is known. Numbers of arrays are no words."""
    patterns = {**PATTERNS, **{what: _word(text) for what, text in _private_words(home).items()}}
    for name in members.names:
        data = members.read(name) if name != README else b""
        if name.endswith(TENSORS):
            data = data[8 : 8 + int.from_bytes(data[:8], "little")]
        for what, pattern in patterns.items():
            if found := re.search(pattern, data):
                text = found.group().decode(errors="replace")[:40]
                raise UserError(f"nothing was written: {name} would still hold {what} ({text!r}); leave that run out")


def _private_words(home: Home) -> dict[str, str]:
    words = {
        "your user name": pwd.getpwuid(os.getuid()).pw_name,
        "the name of this machine": socket.gethostname(),
        "your home folder": str(Path.home()),
        "the folder of your runs": str(home.root),
        "the current folder": str(Path.cwd()),
    }
    return {what: text for what, text in words.items() if len(text) > 1}


def _word(text: str) -> bytes:
    return rb"(?<![A-Za-z0-9])" + re.escape(text.encode()) + rb"(?![A-Za-z0-9])"
