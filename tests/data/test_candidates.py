"""What ranking metrics compare with, stored by number and read back by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.catalog.catalog import BUILT_IN
from engine.data import build_tokens
from engine.data.candidates import Candidates, CandidatesWriter
from engine.data.loading import load_rows
from engine.data.tokenizer import BackboneTokenizer


def test_names_return_in_order_also_past_a_row_without_candidates(tmp_path: Path) -> None:
    writer = CandidatesWriter()
    writer.append([[["Ann", "Bob"], ["Bob", "Cy"]], [[], ["Eve"]]])
    writer.append([[["Ann", "Dée"], ["Ann"]]])
    writer.write(tmp_path / "references")
    opened = Candidates.open(tmp_path / "references", np.array([0, 0, 2, 2]))
    expected = [["Ann", ["Bob", "Cy"]], ["Bob", ["Bob", "Cy"]], ["Ann", ["Ann"]], ["Dée", ["Ann"]]]
    assert list(opened) == expected and opened[3] == expected[3] and opened[1:3] == expected[1:3] and len(opened) == 4
    assert list(opened.select(np.array([3, 0]))) == [expected[3], expected[0]]


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
    if key == "superglue/record":
        candidates = Candidates.open(tmp_path / "parts" / "references", np.load(tmp_path / "parts" / "groups.npy"))
        rows = zip(table["entities"].to_pylist(), table["answers"].to_pylist(), strict=True)
        assert list(candidates) == [[entity, answers] for entities, answers in rows for entity in entities]
