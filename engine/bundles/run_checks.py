"""Whether the runs of a bundle are what they say: identities, answers, numbers, and rows where the data is here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

from engine.bundles.contents import Contents, check_identities
from engine.bundles.local_rows import LocalRows
from engine.bundles.records import EvidenceRecord, RunRecord
from engine.catalog.task import MEAN
from engine.files.evidence import SplitEvidence, arrays_digest
from engine.registry.records import Results
from engine.reports.evidence import recompute

TOLERANCE = 1e-9
NOT_RECOMPUTED = "loss"
"""Of training batches, it is no function of logits and labels alone for every kind of task."""


def check_runs(contents: Contents, local: LocalRows | None, unchecked: list[str]) -> list[str]:
    """What is wrong with single runs: identities, answers, numbers, and rows where ``local`` has them."""
    wrong = [f"run {run_id}: {mistake}" for run_id, mistake in check_identities(contents)]
    if earlier := [record.id for record in contents.runs if record.definitions is None]:
        unchecked.append(f"fingerprints of an earlier version were not recomputed: {', '.join(earlier)}")
    for record in contents.runs:
        numbers: Results = {}
        for kept in record.evidence:
            answered = contents.answers(record, kept)
            wrong += _answer_mistakes(record, kept, answered)
            if local:
                answered = _compared(contents, record, kept, answered, local, wrong, unchecked)
            task = record.task(kept.task, contents.catalog)
            if task and "label" in answered.rows:
                numbers.setdefault(kept.task, {})[kept.split] = recompute(task, answered)
            else:
                unchecked.append(f"run {record.id}: its numbers on {kept.split} of {kept.task} need the data (--data-dir)")
        wrong += _number_mistakes(record, numbers)
        unchecked += _without_answers(record)
    return [*wrong, *_twins(contents.runs)]


def _answer_mistakes(record: RunRecord, kept: EvidenceRecord, answered: SplitEvidence) -> Iterator[str]:
    where = f"run {record.id}, {kept.split} of {kept.task}"
    if arrays_digest({"logits": answered.logits}) != kept.logits:
        yield f"{where}: its logits are not those that were recorded"
    header = {"run": record.fingerprint, "task": kept.task, "split": kept.split, "epoch": str(kept.epoch), "rows": kept.rows}
    if different := [name for name, value in header.items() if answered.header.get(name) != value]:
        yield f"{where}: its answers say that they are of another {different[0]}"


def _compared(
    contents: Contents, record: RunRecord, kept: EvidenceRecord, answered: SplitEvidence, local: LocalRows,
    wrong: list[str], unchecked: list[str],
) -> SplitEvidence:  # fmt: skip
    """The answers with the labels of local data, where the bundle must not have them; what differs is added to ``wrong``."""
    task = record.task(kept.task, contents.catalog)
    labels, why = local.labels(record.spec, task, kept.split) if task else (None, f"the task {kept.task} is not known here")
    if labels is None:
        text = f"rows of {kept.task} against the data: {why}"
        unchecked += [text] if text not in unchecked else []
        return answered
    where = f"run {record.id}, {kept.split} of {kept.task}"
    gold = [labels.get(row_id.tobytes()) for row_id in answered.rows["row_id"]]
    if None in gold:
        row = answered.rows["row_id"][gold.index(None)].tobytes().hex()
        wrong.append(f"{where}: row {row} is not among the rows of the data")
        return answered
    complete = local.with_labels(answered.rows, gold)
    if "label" in answered.rows:
        other = [index for index, (ours, theirs) in enumerate(zip(complete["label"], answered.rows["label"], strict=True))
                 if (ours != theirs).any()]  # fmt: skip
        if other:
            row = answered.rows["row_id"][other[0]].tobytes().hex()
            wrong.append(f"{where}: row {row} has another label than in the data, and {len(other) - 1} more rows have")
    elif arrays_digest(complete) != kept.rows:
        wrong.append(f"{where}: its rows with the labels of the data are not those that were recorded")
    return SplitEvidence(answered.header, answered.logits, complete)


def _without_answers(record: RunRecord) -> Iterator[str]:
    """Numbers that nothing in the bundle can be held against."""
    if not record.evidence:
        yield f"run {record.id}: it has no answers, so its numbers were not recomputed"
        return
    answered = {(kept.task, kept.split) for kept in record.evidence}
    for key, splits in record.results.items():
        for split in splits if key != MEAN else ():
            if (key, split) not in answered:
                yield f"run {record.id}: it has no answers on {split} of {key}, so its numbers there were not recomputed"


def _number_mistakes(record: RunRecord, numbers: Results) -> Iterator[str]:
    """Results that are not those of the answers, and answers whose results were left out: a cell would lack that seed."""
    for key, of_task in numbers.items():
        for split, again in of_task.items():
            kept = record.results.get(key, {}).get(split, {})
            if absent := [name for name in again if name not in kept]:
                yield f"run {record.id}, {split} of {key}: it has answers, but no {', '.join(absent)}"
    for key, splits in record.results.items():
        for split, values in splits.items():
            computed = _mean_of(record, numbers, split) if key == MEAN else numbers.get(key, {}).get(split)
            if computed is None:
                continue
            for name, value in values.items():
                if name != NOT_RECOMPUTED and abs(computed.get(name, float("inf")) - value) > TOLERANCE:
                    shown = f"{computed[name]:.12g}" if name in computed else "nothing"
                    yield f"run {record.id}, {split} of {key}: {name} is {value:.12g} in the bundle, {shown} from its answers"


def _mean_of(record: RunRecord, numbers: Results, split: str) -> dict[str, float] | None:
    """The mean of a joint run's headline metrics; None where one of them could not be recomputed."""
    of_tasks = [numbers.get(key, {}).get(split) for key in record.spec.targets]
    if not all(of_tasks):
        return None
    return {MEAN: fmean(next(iter(values.values())) for values in of_tasks if values)}


def _twins(records: Sequence[RunRecord]) -> Iterator[str]:
    """Runs with different seeds that were trained and still answered alike."""
    first: dict[tuple[str, str, str, str], RunRecord] = {}
    for record in records:
        for kept in record.evidence if record.step else ():
            other = first.setdefault((record.group_id, kept.task, kept.split, kept.logits), record)
            if other.spec.seed != record.spec.seed:
                seeds = f"seeds {other.spec.seed} and {record.spec.seed}"
                yield f"runs {other.id} and {record.id}: equal logits on {kept.split} of {kept.task} with {seeds}"
