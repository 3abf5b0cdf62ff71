"""What the files of a user's task hold: rows, classes and lengths of each split, and what looks wrong, with file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from engine.catalog.kinds import KINDS
from engine.catalog.numbers import is_number, label_key
from engine.catalog.task import OwnData, TaskInfo
from engine.data.labels import labels_of
from engine.data.own_cells import quoted
from engine.data.own_files import lines_in
from engine.data.own_labels import OwnTable, label_ids, label_names
from engine.data.own_rows import EQUAL_TEXTS, GROUP_COLUMN, groups_of
from engine.data.splits import numbered, parts_of_train
from engine.data.token_lengths import token_lengths
from engine.data.tokenizer import BackboneTokenizer
from engine.data.user_tables import swallowed_lines
from engine.own_benchmarks.notices import (
    Column,
    Finding,
    Notice,
    class_findings,
    in_rows,
    label_findings,
    multilabel_findings,
    normalised,
)


@dataclass(frozen=True)
class TaskReport:
    """What was read of one task, by split of a run."""

    task: str
    kind: str
    rows: dict[str, int]
    dropped: dict[str, int]
    """Rows that ``drop_labels`` left out, by file."""
    classes: dict[str, dict[str, int]]
    """Rows of each class by split; empty for regression. A row of a multi-label task counts for each of its labels."""
    words: dict[str, dict[str, int]]
    """Median and longest length in words, of a row's texts together."""
    tokens: dict[str, dict[str, int]]
    """The same in tokens, of each option of a row, and how many are ``cut`` at the task's ``max_length``; empty without a
    tokenizer."""


class OwnFiles:
    """The files of a completed task, read once, and the splits that a run would have.

    Raises UserError for too few rows.
    """

    def __init__(self, task: TaskInfo, own: Mapping[str, OwnTable], tables: Mapping[str, pa.Table]) -> None:
        assert isinstance(task.data, OwnData)
        self.task, self.data, self.own, self.tables = task, task.data, own, tables
        train = tables["train"]
        groups = numbered(train[GROUP_COLUMN].to_pylist()) if GROUP_COLUMN in train.column_names else None
        parts = parts_of_train(task, labels_of(task, train), groups)
        sources = {"train": "train", "dev": task.dev or "train", "test": task.tests[0][1]}
        self.splits = {
            name: (source, parts[name] if name in parts else np.arange(tables[source].num_rows))
            for name, source in sources.items()
        }
        """By split, its file (``train``, ``dev`` or ``test``) and the rows that it has of it."""
        self._texts = {
            name: list(zip(*(table[text].to_pylist() for text in task.columns), strict=True)) for name, table in tables.items()
        }

    def report(self, tokenizer: BackboneTokenizer | None = None) -> TaskReport:
        """Counts and lengths of all splits."""
        rows = {split: len(numbers) for split, (_, numbers) in self.splits.items()}
        dropped = {file: own.dropped for file, own in self.own.items() if own.dropped}
        classes, words = {}, {}
        for split, (file, numbers) in self.splits.items():
            classes[split] = self._classes(labels_of(self.task, self.tables[file])[numbers])
            lengths = sorted(sum(len(text.split()) for text in self._texts[file][row]) for row in numbers.tolist())
            words[split] = {"median": lengths[len(lengths) // 2], "longest": lengths[-1]} if lengths else {}
        tokens = self._tokens(tokenizer) if tokenizer else {}
        return TaskReport(self.task.key, self.task.kind, rows, dropped, classes if self.task.labels else {}, words, tokens)

    def notices(self, listed: bool) -> Iterator[Notice]:
        """All that looks wrong; ``listed`` says that the user lists the labels, which are then meant as they are."""
        if self.data.quoted is None and self.data.dataset is None:
            yield from self._swallowed()
        yield from self._located("train", self._unused_drops())
        if KINDS[self.task.kind].has_labels:
            names = label_names(self.task, self.own["train"])
            column = Column.of(self.data.label, names)
            if self.task.kind == "multilabel":
                yield from self._located("train", multilabel_findings(self.data.label, names, self.data.separator))
            if self.task.kind != "multiple_choice":
                if not listed:
                    yield from self._located("train", label_findings(column))
                    yield from self._other_spellings(column)
                yield from self._located("train", self._rare_classes(column))
            yield from self._located("train", self._unused_first_id(column))
        else:
            yield from self._missing_scores()
        yield from self._leaks()

    def _tokens(self, tokenizer: BackboneTokenizer) -> dict[str, dict[str, int]]:
        by_file = {file: token_lengths(self.task, tokenizer, table) for file, table in self.tables.items()}
        tokens: dict[str, dict[str, int]] = {}
        for split, (file, numbers) in self.splits.items():
            lengths = np.sort(by_file[file][numbers], axis=None)
            cut = int((lengths > self.task.max_length).sum())
            tokens[split] = {"median": int(lengths[len(lengths) // 2]), "longest": int(lengths[-1]), "cut": cut}
        return tokens

    def _classes(self, labels: np.ndarray) -> dict[str, int]:
        if not self.task.labels:
            return {}
        many = self.task.kind == "multilabel"
        counts = labels.sum(axis=0) if many else np.bincount(labels, minlength=len(self.task.labels))
        return {name: int(count) for name, count in zip(self.task.labels, counts, strict=True)}

    def _notice(self, file: str, finding: Finding) -> Notice:
        own = self.own[file]
        line = None
        if finding.row is not None:
            (line,) = lines_in(self.data, own.path, [own.rows[finding.row]])
        return Notice(finding.code, self.task.key, own.name, line, finding.message)

    def _located(self, file: str, findings: Iterator[Finding]) -> Iterator[Notice]:
        return (self._notice(file, finding) for finding in findings)

    def _swallowed(self) -> Iterator[Notice]:
        for own in self.own.values():
            count, line = swallowed_lines(own.path)
            if count:
                rows = "one row has" if count == 1 else f"{count:,} rows have"
                message = (
                    f"{rows} a quoted cell that goes on over the next lines, the first of them here; write "
                    "quoted = false if quotes are text, or quoted = true if cells have several lines"
                )
                yield Notice("multiline_cell", self.task.key, own.name, line, message)

    def _unused_drops(self) -> Iterator[Finding]:
        """Labels to be dropped that no file has: a typo drops nothing."""
        for label in self.data.drop_labels:
            if all(label in own.unused_drops for own in self.own.values()):
                message = f'column "{self.data.label}" has {quoted(label)} in no row, so drop_labels drops nothing by it'
                yield Finding("unused_drop_label", f"{message}; write it as the cells do, or leave it out")

    def _rare_classes(self, column: Column) -> Iterator[Finding]:
        ids = label_ids(self.task, column.counts)
        counts: dict[str, int] = {}
        first: dict[str, int] = {}
        for name, number in ids.items():
            label = self.task.labels[number]
            counts[label] = counts.get(label, 0) + column.counts[name]
            first[label] = min(first.get(label, column.first[name]), column.first[name])
        return class_findings(self.data.label, self.task.labels, counts, first)

    def _other_spellings(self, column: Column) -> Iterator[Notice]:
        """Numbers that dev or test write in another way than train."""
        known = {label_key(name) for name in column.counts}
        for file, own in self.own.items():
            if file == "train":
                continue
            other = Column.of(self.data.label, label_names(self.task, own))
            differing = [
                name for name in other.counts if is_number(name) and name not in column.counts and label_key(name) in known
            ]
            if differing:
                message = (
                    f'column "{self.data.label}" writes numbers in another way than the training file, first {differing[0]}; '
                )
                finding = Finding("number_spellings", f"{message}they are read by their value", other.first[differing[0]])
                yield self._notice(file, finding)

    def _unused_first_id(self, column: Column) -> Iterator[Finding]:
        """Ids of which none is 0 may have been counted from 1."""
        ids = label_ids(self.task, column.counts)
        by_id = any(is_number(name) for name in column.counts) and not column.counts.keys() & set(self.task.labels)
        numbered_options = self.task.kind == "multiple_choice" and self.task.labels == tuple(
            map(str, range(len(self.task.labels)))
        )
        if (by_id or numbered_options) and 0 not in ids.values():
            smallest = min(column.counts, key=lambda name: (ids.get(name, 0), column.first[name]))
            yield Finding(
                "ids_from_one",
                f'column "{self.data.label}" has no 0, but ids count from 0; subtract 1 if yours count from 1',
                column.first[smallest],
            )

    def _missing_scores(self) -> Iterator[Notice]:
        """Scores of -1 where no other is negative in any file, and the scale is not -1, 0 and 1."""
        scores = {file: labels_of(self.task, table) for file, table in self.tables.items()}
        distinct = set(np.concatenate(list(scores.values())).tolist())
        if min(distinct - {-1}) < 0 or distinct == {-1, 0, 1}:
            return
        for file, values in scores.items():
            missing = np.flatnonzero(values == -1)
            if len(missing):
                message = (
                    f'column "{self.data.label}" has -1 in {in_rows(len(missing))} and no other negative score, which '
                    'usually means "no gold label"; drop those rows with drop_labels = ["-1"]'
                )
                yield self._notice(file, Finding("no_gold_label", message, int(missing[0])))

    def _leaks(self) -> Iterator[Notice]:
        """Rows of dev and of test whose texts are those of a row of train."""
        texts = {name: [tuple(map(normalised, row)) for row in rows] for name, rows in self._texts.items()}
        advice = 'keep equal texts on one side with group = "text", or whole groups with the name of a column'
        for split in ("dev", "test"):
            yield from self._shared(split, "text", texts, advice)
            if self.data.group not in ("", EQUAL_TEXTS) and self.splits[split][0] != "train":
                yield from self._shared(split, "group", {name: groups_of(own) for name, own in self.own.items()})

    def _shared(self, split: str, what: str, values: Mapping[str, Sequence[Any]], advice: str = "") -> Iterator[Notice]:
        """Rows of a split whose text or group, of ``values`` by file, is that of a row of train."""
        train, numbers = self.splits["train"]
        seen = {values[train][row] for row in numbers.tolist()}
        file, numbers = self.splits[split]
        rows = sorted(row for row in numbers.tolist() if values[file] and values[file][row] in seen)
        if rows:
            message = f"{len(rows):,} of {len(numbers):,} {split} rows have their {what} in train"
            remedy = "take shares of train instead" if self.data.dataset else "remove them from one file"
            way_on = advice if file == "train" else remedy
            yield self._notice(file, Finding("leak", f"{message}; {way_on}", rows[0]))
