"""What is in a bundle, checked: its runs and the files that they name, no more and no fewer."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from engine.bundles import strict_json
from engine.bundles.arrays import check_answers, check_examples, read_arrays
from engine.bundles.container import Members
from engine.bundles.manifest import (
    COMMANDS,
    CURVES,
    MANIFEST,
    README,
    RUNS,
    SWEEP,
    TABLE,
    Strict,
    parse_as,
)
from engine.bundles.records import (
    EvidenceRecord,
    RunRecord,
    check_record,
    checkpoint_member,
    evidence_member,
    identity_mistake,
    rows_member,
    weights_member,
)
from engine.catalog.catalog import Catalog
from engine.errors import UserError
from engine.files.evidence import SplitEvidence, arrays_digest
from engine.registry.records import Metric
from engine.sweeps.cells import Cell, from_records
from engine.sweeps.declaration import NAME

CURVE_COLUMNS = ["run", "name", "step", "epoch", "value"]
CURVE = re.compile(r"[\w/.:+-]{1,200}", re.ASCII)
LARGEST_STEP = 2**53


def _readable(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Raises ValueError for what is no cell: tables read the cells of every sweep."""
    try:
        TypeAdapter(list[Cell]).validate_python(cells)
        read = from_records(cells)
    except (ValidationError, TypeError):
        raise ValueError("a cell is not described as sweeps describe them") from None
    tried = {cell.search for cell in read if cell.tuning}
    reported = [cell for cell in read if cell.search is not None and not cell.tuning]
    if any(cell.search not in tried or cell.run not in ("", *cell.candidates) for cell in reported):
        raise ValueError("a cell is not described as sweeps describe them: it reports what was not tried")
    return cells


class SweepRecord(Strict):
    """What a sweep asked for, as it was registered."""

    name: Annotated[str, Field(pattern=f"^{NAME.pattern}$")]
    file: str
    text: str
    requests: list[dict[str, Any]]
    cells: Annotated[list[dict[str, Any]], AfterValidator(_readable)]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Contents:
    """The runs of a bundle, and its other members on demand."""

    members: Members
    catalog: Catalog
    runs: list[RunRecord]
    """Sources before the runs that read them."""
    sweep: SweepRecord | None
    by_id: dict[str, RunRecord] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {record.id: record for record in self.runs})

    def answers(self, record: RunRecord, kept: EvidenceRecord) -> SplitEvidence:
        """What a run answered on a split. ``rows`` lack ``label`` where labels must not be passed on.

        Raises UserError where the arrays are not those of such a task.
        """
        name = evidence_member(record.id, kept.logits)
        arrays, header = read_arrays(self.members.read(name), name)
        rows = self.examples(kept.rows)
        task = record.task(kept.task, self.catalog)
        check_answers(arrays, len(rows["row_id"]), (len(task.labels) or 1) if task else None, name)
        if task:
            check_examples(rows, task, rows_member(kept.rows))
        return SplitEvidence(header, arrays["logits"], rows)

    def examples(self, sha256: str) -> dict[str, np.ndarray]:
        """The arrays of a split's examples."""
        name = rows_member(sha256)
        arrays, _ = read_arrays(self.members.read(name), name)
        if "row_id" not in arrays:
            raise UserError(f"its member {name} does not say which rows it is of")
        if "label" in arrays and arrays_digest(arrays) != sha256:
            raise UserError(f"its member {name} has other arrays than its name says")
        return arrays

    def curves(self) -> dict[str, list[Metric]]:
        """Points by run. Raises UserError for a line that is none."""
        found: dict[str, list[Metric]] = {}
        lines = csv.reader(io.StringIO(self.members.read(CURVES).decode(errors="replace"), newline=""))
        try:
            if next(lines, None) != CURVE_COLUMNS:
                raise ValueError(f"its columns are not {', '.join(CURVE_COLUMNS)}")
            for run_id, name, step, epoch, value in lines:
                point = Metric(run_id, name, int(step), float(value), float(epoch), 1)
                finite = math.isfinite(point.value) and math.isfinite(point.epoch)
                if run_id not in self.by_id or not (CURVE.fullmatch(name) and finite and 0 <= point.step < LARGEST_STEP):
                    raise ValueError(f"line {lines.line_num} is no point of a run's curve")
                found.setdefault(run_id, []).append(point)
        except (ValueError, csv.Error) as error:
            raise UserError(f"its member {CURVES} cannot be read ({error})") from None
        return found


def read_contents(members: Members, catalog: Catalog) -> Contents:
    """The runs, each checked by itself and against the others. Raises UserError."""
    records = [parse_as(RunRecord, line, RUNS) for line in members.read(RUNS).splitlines()]
    if not records:
        raise UserError(f"its member {RUNS} names no run")
    seen: dict[str, RunRecord] = {}
    for record in records:
        check_record(record, catalog)
        if record.id in seen:
            raise UserError(f"it describes run {record.id} twice")
        if absent := [source.run_id for source in record.spec.sources if source.run_id not in seen]:
            raise UserError(f"run {record.id} reads the adapter of {absent[0]}, which is missing or stands behind it")
        seen[record.id] = record
    sweep = parse_as(SweepRecord, members.read(SWEEP), SWEEP) if SWEEP in members.names else None
    _check_files(members, records)
    return Contents(members, catalog, records, sweep)


def _check_files(members: Members, records: list[RunRecord]) -> None:
    """Raises UserError unless the members are those that the runs name."""
    needed = {RUNS, CURVES} | {name for record in records for name in _files_of(record)}
    others = {MANIFEST, TABLE, SWEEP, COMMANDS, README}
    names = set(members.names)
    if absent := sorted(needed - names):
        raise UserError(f"its member {absent[0]} is missing; copy the file again, whole")
    if extra := sorted(names - needed - others):
        raise UserError(f"its member {extra[0]} belongs to none of its runs")


def _files_of(record: RunRecord) -> Iterator[str]:
    for kept in record.evidence:
        yield evidence_member(record.id, kept.logits)
        yield rows_member(kept.rows)
    if record.checkpoint:
        yield checkpoint_member(record.id)
    if record.weights:
        yield weights_member(record.id)


def check_identities(contents: Contents) -> list[tuple[str, str]]:
    """Runs that are not what their ids say: id and what is wrong."""
    return [(record.id, mistake) for record in contents.runs if (mistake := identity_mistake(record))]


def check_weights(contents: Contents) -> None:
    """Raises UserError for learned weights that are no JSON document."""
    for record in contents.runs:
        if record.weights:
            name = weights_member(record.id)
            try:
                strict_json.parse(contents.members.read(name))
            except ValueError as error:
                raise UserError(f"its member {name} is malformed: {error}") from None
