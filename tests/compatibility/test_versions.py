"""What rows become under each version: a change of it needs another version, so that no earlier result is taken for a new one.

``versions.json`` holds sha256 digests below ``NAME@VERSION`` and the name of what was rendered or tokenized. A new task or case
adds a digest; those that are there are never made again.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import TemplateProcessing

from engine.catalog import versions
from engine.catalog.catalog import BUILT_IN
from engine.catalog.task import OwnData, TaskInfo
from engine.data.own_rows import completed, read_own_rows
from engine.data.templates import render
from engine.data.tokenizer import BackboneTokenizer

DIGESTS: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("versions.json").read_text(encoding="utf-8"))
ROWS = {
    key: written["row"]
    for key, written in json.loads(Path(__file__).parents[1].joinpath("data", "rendered.json").read_text("utf-8")).items()
}
CHOICE = TaskInfo("own", "next", "Next", "multiple_choice", "choice", ("text", "option0", "option1"), ("accuracy",))
CHOICE_ROW = {"text": "It rained.", "option0": "We got wet.", "option1": "We sang.", "label": 0}


def check(name: str, version: int, case: str, made: Any) -> None:
    text = json.dumps(made, sort_keys=True, ensure_ascii=False, default=lambda array: array.tolist())
    digest = hashlib.sha256(text.encode()).hexdigest()
    versioned = f"{name}@{version}"
    recorded = DIGESTS.get(versioned, {}).get(case)
    assert recorded == digest, (
        f"{versioned} makes something else of {case!r}. If that is meant, raise the version in engine/catalog/versions.py, "
        f"then add the new digest to versions.json, below {name}@ and the new version; entries of earlier versions are kept"
    )


@pytest.mark.parametrize("task", [*BUILT_IN.tasks.values(), CHOICE], ids=lambda task: task.key)
def test_what_a_template_makes_of_a_row_has_its_version(task: TaskInfo) -> None:
    made = render(task, pa.Table.from_pylist([ROWS.get(task.key, CHOICE_ROW)]))
    groups = [made.questions, made.passages, made.counts, made.labels, made.candidates]
    check(task.template, versions.TEMPLATE_VERSIONS[task.template], task.key, [made.sequences, made.options, groups])


WORDS = "a b c d e f g h".split()  # noqa: SIM905
PAIRED = {"bert": "[CLS] $A [SEP] $B [SEP]", "roberta": "[CLS] $A [SEP] [SEP] $B [SEP]"}
SINGLES = [("a b c", None), ("", None), ("a b c d e f g h a b c d", None), ("h", None)]
PAIRS = [
    ("a b", "c d e"),
    ("a b c d e f g h", "a b c d e f"),
    ("a b c d e f", "a b c d e f g h"),
    ("a b c d e f g", "h g f e d c b"),
    ("a b c d e f g h", "c"),
    ("a", "h g f e d c b a h g"),
    ("a b c", ""),
]


@pytest.mark.parametrize("truncate", ["longest", "first"])
@pytest.mark.parametrize("form", PAIRED)
def test_what_the_tokenization_makes_of_texts_has_its_version(form: str, truncate: str, tmp_path: Path) -> None:
    vocabulary = {token: number for number, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    special = [(token, vocabulary[token]) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", pair=PAIRED[form], special_tokens=special)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    # Where the first text alone is cut, the second has to fit.
    cases = {"singles": SINGLES, "pairs": [pair for pair in PAIRS if truncate == "longest" or len(pair[1].split()) < 8]}
    made = {case: BackboneTokenizer(tmp_path).encode(texts, 12, truncate) for case, texts in cases.items()}
    check("tokenization", versions.TOKENIZATION_VERSION, f"{form} {truncate}", made)


CSV = '''\
title,review,stars,mood,topics,first,second,best
Fine,"good, great",1.5,good,food|music,yes,no,0
7, bad ,2,bad, music | ,no,10,1
"A ""b""",né,-3,good,,1.0,x,0
'''
OWN = {
    "labels": ("classification", ("text",), {"text": "{{{title}}}: {review}!", "label": "mood"}),
    "pairs": ("classification", ("text", "pair"), {"text": "{title}", "pair": "{stars} {review}", "label": "best"}),
    "numbers": ("regression", ("text",), {"text": "{review}{review}", "label": "stars"}),
    "many labels": ("multilabel", ("text",), {"text": "{review}", "label": "topics", "separator": "|"}),
    "options": ("multiple_choice", (), {"text": "{title}", "options": ("so {first}", "{second}"), "label": "best"}),
}


@pytest.mark.parametrize("case", OWN)
def test_what_becomes_of_own_rows_has_its_version(case: str, tmp_path: Path) -> None:
    kind, columns, patterns = OWN[case]
    path = tmp_path / "rows.csv"
    path.write_text(CSV, encoding="utf-8")
    data = OwnData((("train", str(path)),), **patterns)
    labels = ("0", "1") if kind == "multiple_choice" else ()
    task = completed(TaskInfo("own", "task", "Task", kind, "plain", columns, ("accuracy",), labels=labels, data=data), data)
    made = {"labels": task.labels, "columns": task.columns, "rows": read_own_rows(task, data, path).to_pydict()}
    check("own_rows", versions.OWN_ROWS_VERSION, case, made)
