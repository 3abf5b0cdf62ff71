"""A request that is written as a file and read again is the same request."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.catalog import BUILT_IN
from engine.errors import UserError
from engine.runs.request import Request
from engine.sweeps.asking import requests_of
from engine.sweeps.declaration import parse_sweep
from engine.sweeps.writing import sweep_text

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5).filter(str.strip)
words = texts.map("x{}".format)
settings = st.dictionaries(texts, words | st.lists(words, min_size=2, max_size=3).map(tuple), max_size=2)
counts = st.integers(1, 10**6)
requests = st.builds(
    Request,
    methods=st.lists(st.sampled_from(list(BUILT_IN.methods)), min_size=1, max_size=3, unique=True).map(tuple),
    targets=st.lists(texts, min_size=1, max_size=2).map(tuple),
    benchmark=st.none() | texts,
    sources=st.none() | st.lists(texts, min_size=1, max_size=2).map(tuple),
    backbone=st.sampled_from(["minilm", "org/name"]),
    seeds=st.lists(st.integers(0, 99), min_size=1, max_size=3).map(tuple),
    settings=settings,
    epochs=st.none() | counts,
    limits=st.dictionaries(st.sampled_from(["train", "dev", "test"]), counts, max_size=2),
    shots=st.lists(counts, max_size=2).map(tuple),
)


@given(requests)
def test_what_is_written_is_what_is_read(request: Request) -> None:
    ((_, read),) = requests_of(parse_sweep(sweep_text("paper", request), Path("paper.toml")), BUILT_IN)
    assert read.model_copy(update={"command": ""}) == request


def test_settings_are_written_as_the_numbers_that_they_are() -> None:
    settings = {"learning_rate": ("1e-3", "0.01"), "select_by": "loss", "reduction": "8", "quoted": "007", "odd": "1 # x"}
    lines = sweep_text("paper", Request(methods=("adapter",), benchmark="toy", settings=settings)).splitlines()
    begin = lines.index("[settings]   # several values of a setting are a grid")
    assert lines[begin + 1 : begin + 6] == [
        "learning_rate = [1e-3, 0.01]", 'select_by = "loss"', "reduction = 8", 'quoted = "007"', 'odd = "1 # x"',
    ]  # fmt: skip


def test_text_that_no_file_can_hold_is_refused() -> None:
    with pytest.raises(UserError, match="not valid UTF-8"):
        sweep_text("paper", Request(methods=("adapter",), targets=("caf\udce9",)))
