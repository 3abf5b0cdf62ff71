"""Files that are no files, too large or too deep end in one line within seconds."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.encoder.loading import load_config
from engine.errors import UserError
from engine.files.bounded import parse_json, read_text
from engine.files.saved_dataset import saved_splits
from engine.own_benchmarks.declaration import read_declaration
from scalearn_tui.cli.app import main

Make = Callable[[Path], None]
CONFIG = {
    "model_type": "bert", "vocab_size": 8, "hidden_size": 8, "num_hidden_layers": 10**9, "num_attention_heads": 2,
    "intermediate_size": 8, "max_position_embeddings": 8, "type_vocab_size": 2,
}  # fmt: skip
FILES: dict[str, Make] = {
    "a pipe": os.mkfifo,
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "a folder": Path.mkdir,
    "a hundred thousand brackets": lambda path: path.write_text("[" * 100_000 + "]" * 100_000) and None,
    "brackets after a key": lambda path: path.write_text("a = " + "[" * 100_000 + "]" * 100_000) and None,
    "two megabytes": lambda path: path.write_text("# " + "x" * 2_000_000) and None,
    "a key of 20,000 parts": lambda path: path.write_text(".".join(["a"] * 20_000) + " = 1") and None,
    "no text": lambda path: path.write_bytes(b"\xff\xfe\x00" * 100) and None,
    "a number of a million digits": lambda path: path.write_text('{"num_hidden_layers": ' + "9" * 1_000_000 + "}") and None,
    "a billion layers": lambda path: path.write_text(json.dumps(CONFIG)) and None,
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("reader", ["config.json", "benchmark.toml"])
def test_anything_else_is_refused(name: str, reader: str, tmp_path: Path) -> None:
    FILES[name](tmp_path / reader)
    began = time.monotonic()
    with pytest.raises(UserError) as refused:
        load_config(tmp_path) if reader == "config.json" else read_declaration(tmp_path / reader)
    assert time.monotonic() - began < 5 and "\n" not in str(refused.value) and len(str(refused.value)) < 500
    assert reader in str(refused.value)


@pytest.mark.parametrize("ref", ["@²", "@99999999999999999999", "@-1", "@", "@1e3", "@٣", "x" * 100_000, "\x1b[2J", "%"])
def test_no_name_of_a_run_is_more_than_an_error(ref: str, home: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--", ref]) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1 and "\x1b" not in err and len(err) < 1000


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode(errors="surrogatepass"))))
def test_readers_of_users_files_give_an_answer_or_a_line(content: bytes, tmp_path: Path) -> None:
    for name in ("config.json", "benchmark.toml", "dataset_dict.json"):
        (tmp_path / name).write_bytes(content)
    for read in (
        lambda: load_config(tmp_path),
        lambda: read_declaration(tmp_path / "benchmark.toml"),
        lambda: saved_splits(tmp_path),
    ):
        try:
            read()
        except UserError as error:
            assert len(str(error).splitlines()) == 1


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), st.lists, max_leaves=50)
)
def test_json_is_read_as_json(value: object) -> None:
    assert parse_json(json.dumps(value)) == value


def test_text_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("naïve\n")
    assert read_text(tmp_path / "a") == "naïve\n"
    with pytest.raises(UserError, match="has 7 bytes; such a file has at most 5"):
        read_text(tmp_path / "a", most=5)
