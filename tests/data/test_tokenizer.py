"""Token ids equal those of the hub's fast tokenizers, for pairs, single texts, and both ways to truncate."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from transformers import AutoTokenizer

from engine.catalog.catalog import BUILT_IN
from engine.data.loading import load_rows
from engine.data.ragged import offsets_of
from engine.data.templates import render
from engine.data.tokenizer import BackboneTokenizer
from engine.errors import UserError

KEYS = ("glue/cola", "glue/mrpc", "superglue/boolq", "superglue/multirc", "superglue/record", "superglue/wsc", "superglue/copa")
HUB_TRUNCATION = {"longest": "longest_first", "first": "only_first"}


@pytest.mark.parametrize("name", ["bert", "roberta", "minilm"])
@pytest.mark.parametrize("key", KEYS)
def test_real_rows_tokenize_as_the_hubs_tokenizer_does(
    name: str, key: str, data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path
) -> None:
    if name not in tokenizers:
        pytest.skip("the offline backbone is not installed")
    task = BUILT_IN.tasks[key]
    sequences = render(task, load_rows(task, data_dir)["train"]).sequences
    sequences = random.Random(0).sample(sequences, min(150, len(sequences)))
    for max_length in (task.max_length, 60):
        check(tokenizers[name], sequences, max_length, task.truncate)


@pytest.mark.parametrize("name", ["bert", "roberta"])
def test_truncation_at_every_balance_of_the_two_texts(name: str, tokenizers: dict[str, Path], tmp_path: Path) -> None:
    sequences = [("red " * first, "blue " * second) for first in range(1, 30, 3) for second in range(1, 30, 3)]
    for max_length in (7, 16, 17, 32):
        check(tokenizers[name], sequences, max_length, "longest")
    fitting = [("red " * first, "blue " * second) for first in range(1, 30, 3) for second in range(1, 10, 3)]
    check(tokenizers[name], fitting, 20, "first")


def test_single_texts_and_odd_ones(tokenizers: dict[str, Path], tmp_path: Path) -> None:
    for name in ("bert", "roberta"):
        texts = ["", " ", "word", "naïve café", "日本語 text", "a\nb\tc", "<s> [SEP] </s>", "x" * 300, "🙂 ok"]
        check(tokenizers[name], [(text, None) for text in texts], 24, "longest")
        check(tokenizers[name], [(first, second) for first in texts for second in texts], 24, "longest")


def check(folder: Path, sequences: list[tuple[str, str | None]], max_length: int, truncate: str) -> None:
    arrays = BackboneTokenizer(folder).encode(sequences, max_length, truncate)
    tokens, offsets = arrays["tokens"], offsets_of(arrays["lengths"])
    paired = sequences[0][1] is not None
    hub = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    texts = [[first for first, _ in sequences], *([[second for _, second in sequences]] if paired else [])]
    expected = hub(
        *texts, truncation=HUB_TRUNCATION[truncate], max_length=max_length, padding=False, return_token_type_ids=True
    )
    assert tokens.dtype == np.int32 and offsets.dtype == np.int64 and arrays["second"].dtype == np.int32
    for place, ids in enumerate(expected["input_ids"]):
        assert tokens[offsets[place] : offsets[place + 1]].tolist() == ids, sequences[place]
        second = expected.sequence_ids(place).index(1) if 1 in expected.sequence_ids(place) else None
        if not paired:
            assert arrays["second"][place] == len(ids)
        elif second is not None:
            assert arrays["second"][place] == second
        if hub.cls_token == "[CLS]":
            segments = (np.arange(len(ids)) >= arrays["second"][place]).astype(int).tolist()
            assert segments == expected["token_type_ids"][place]


def test_a_second_text_longer_than_all_room_is_cut_when_only_the_first_may_be(
    tokenizers: dict[str, Path], tmp_path: Path
) -> None:
    arrays = BackboneTokenizer(tokenizers["bert"]).encode([("red red", "blue " * 50)], 16, "first")
    assert arrays["lengths"].tolist() == [16]
    assert arrays["second"].tolist() == [2]


def test_a_folder_with_only_a_vocabulary_is_converted(tokenizers: dict[str, Path], tmp_path: Path) -> None:
    for name in ("vocab.txt", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((tokenizers["bert"] / name).read_bytes())
    ours = BackboneTokenizer(tmp_path)
    assert ours.encode([("hello world", None)], 16, "longest")["tokens"].tolist() == [101, 7592, 2088, 102]
    assert ours.digest != BackboneTokenizer(tokenizers["bert"]).digest


def test_a_tokenizer_that_sets_no_special_token_first_is_refused(tokenizers: dict[str, Path], tmp_path: Path) -> None:
    definition = json.loads((tokenizers["bert"] / "tokenizer.json").read_text())
    (tmp_path / "tokenizer.json").write_text(json.dumps({**definition, "post_processor": None}))
    with pytest.raises(UserError, match="no special token first"):
        BackboneTokenizer(tmp_path).encode([("hello world", None)], 16, "longest")


def test_a_folder_without_tokenizer_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no tokenizer"):
        _ = BackboneTokenizer(tmp_path).digest
