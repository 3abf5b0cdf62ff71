"""What ranking metrics read of candidates: their agreement with the answers, and their order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.catalog.catalog import BUILT_IN
from engine.data import build_tokens
from engine.data.candidates import CandidatesWriter, answer_exact_match, answer_f1, normalized
from engine.data.loading import load_rows
from engine.data.tokenized_split import TokenizedSplit
from engine.data.tokenizer import BackboneTokenizer


def test_normalisation_is_squads() -> None:
    assert normalized("  The  U.S. Navy's, a 'big'   ship ") == "us navys big ship"
    assert answer_f1("the", "an") == 0.0
    assert answer_exact_match("the", "an") == 1
    assert answer_f1("a b b c", "b b d") == pytest.approx(2 * 2 / 6)


def test_candidates_are_compared_with_the_answers_of_their_row(tmp_path: Path) -> None:
    writer = CandidatesWriter()
    writer.append([(["Bob", "Ann"], ["bob!", "Cy"]), ([], ["Eve"])])
    writer.append([(["Dée", "Ann Lee", "Ann Lee"], ["Ann", "Lee Ann"])])
    writer.write(tmp_path)
    arrays = {path.stem: np.load(path) for path in tmp_path.iterdir()}
    assert arrays["em"].tolist() == [1, 0, 0, 0, 0] and arrays["f1"].tolist() == [1, 0, 0, 1, 1]
    assert arrays["rank"].tolist() == [1, 0, 1, 0, 0]
    assert [arrays[name].dtype for name in ("em", "f1", "rank")] == [np.uint8, np.float64, np.int32]


@pytest.mark.parametrize("key", ["superglue/record", "superglue/multirc", "glue/mrpc"])
def test_parts_make_the_same_split_as_the_whole(
    key: str, data_dir: Path, tokenizers: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = BUILT_IN.tasks[key]
    table = load_rows(task, data_dir)["validation"].slice(0, 30)
    for at_once, name in ((4096, "whole"), (7, "parts")):
        monkeypatch.setattr(build_tokens, "ROWS_AT_ONCE", at_once)
        build_tokens.tokenize(task, BackboneTokenizer(tokenizers["bert"]), table, tmp_path / name)
    whole, parts = (
        {str(path.relative_to(tmp_path / name)): path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()}
        for name in ("whole", "parts")
    )
    assert whole == parts
    split = TokenizedSplit.open(tmp_path / "whole")
    assert (split.candidates is not None) == (key == "superglue/record")
    if split.candidates is not None:
        # An answer is always among the candidates, so a candidate that is one agrees with it wholly.
        assert split.candidates["em"][split.labels == 1].all() and (split.candidates["f1"][split.labels == 1] == 1).all()
        assert split.candidates["f1"].min() == 0 and len(split.candidates["rank"]) == len(split)
