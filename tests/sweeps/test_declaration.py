"""Files of sweeps: what they say, and mistakes in one line that names the file and the key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UserError
from engine.sweeps.declaration import Exclusion, Part, parse_sweep, read_sweep

FILE = Path("paper.toml")
WHOLE = """
name = "paper"
methods = ["adapter", "scalearn"]
targets = "boolq"
seeds = [0, 1]
limits = { train = 8 }
[settings]
reduction = [4, 16]
[settings.adapter]
learning_rate = 1e-3
[[exclude]]
methods = "adapter"
settings.reduction = 4
"""
KEYS = ("name", "exclude", "part", "data_dir", *Part.model_fields, *Exclusion.model_fields, "seed", "x")


def test_a_single_value_needs_no_brackets() -> None:
    declared = parse_sweep(WHOLE, FILE)
    (part,) = declared.parts.values()
    assert (declared.name, part.methods, part.targets, part.seeds) == ("paper", ("adapter", "scalearn"), ("boolq",), (0, 1))
    assert (part.limits, part.epochs, part.backbones) == ({"train": 8}, None, ("roberta-base",))
    assert part.settings == {"reduction": (4, 16), "adapter": {"learning_rate": (1e-3,)}}
    assert declared.exclude == (Exclusion(methods="adapter", settings={"reduction": 4}),)  # type: ignore[arg-type]


def test_seeds_are_numbers_or_a_text_as_the_flag_has_it() -> None:
    (part,) = parse_sweep(WHOLE.replace("[0, 1]", '"0-2,7"'), FILE).parts.values()
    assert part.seeds == (0, 1, 2, 7)
    assert parse_sweep('tags = "paper"' + WHOLE, FILE).tags == ("paper",) and parse_sweep(WHOLE, FILE).tags == ()


def test_parts_take_from_the_top_what_they_leave_out() -> None:
    text = 'name = "p"\nmethods = "adapter"\nseeds = 3\nbenchmark = "glue"\n[[part]]\n[[part]]\nmethods = "pals"\nseeds = [4]'
    parts = parse_sweep(text, FILE).parts
    assert {place: (part.methods, part.seeds, part.benchmark) for place, part in parts.items()} == {
        "part 1": (("adapter",), (3,), "glue"),
        "part 2": (("pals",), (4,), "glue"),
    }


@pytest.mark.parametrize(
    ("sources", "sets"),
    [('"cb"', [("cb",)]), ('["cb", "rte"]', [("cb", "rte")]), ('[["cb", "rte"], "all-own"]', [("cb", "rte"), ("all-own",)])],
)
def test_sources_are_a_set_or_several(sources: str, sets: list[tuple[str, ...]]) -> None:
    (part,) = parse_sweep(WHOLE.replace("seeds = [0, 1]", f"sources = {sources}"), FILE).parts.values()
    assert part.sources == sets


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "paper"', "", "name is missing"),
        ('name = "paper"', 'name = "The Paper"', "name 'The Paper' is not a valid name; use up to 64 lower-case letters"),
        ('name = "paper"', "name = 3", "name must be a valid string, not '3'"),
        ('methods = ["adapter", "scalearn"]', "", 'methods is missing, as in methods = ["adapter"]'),
        ('methods = ["adapter", "scalearn"]', "methods = []", "methods has an empty list; leave the key out, or fill it"),
        ('targets = "boolq"', "", 'targets is missing, as in targets = ["boolq"], or benchmark = "superglue"'),
        ('targets = "boolq"', 'targets = ["a", " "]', "targets has an empty text; leave it out, or write one"),
        ("seeds = [0, 1]", "seed = 1", "unknown key seed (did you mean seeds?); there are methods, "),
        ("seeds = [0, 1]", 'seeds = "0..4"', "seeds must look like 0, 0-2 or 0,3, not '0..4'"),
        ("seeds = [0, 1]", 'seeds = "4-0"', "seeds '4-0' ends before it begins"),
        ("seeds = [0, 1]", 'seeds = ["0-4"]', "seeds must be a whole number, not '0-4'"),
        ("seeds = [0, 1]", 'tags = ["a b"]', "tags cannot be used: a tag is a word of at most 40 letters"),
        ("seeds = [0, 1]", "tags = []", "tags has an empty list"),
        ("seeds = [0, 1]", "seeds = [0, true]", "seeds must be a whole number, not 'True'"),
        ("seeds = [0, 1]", "seeds = -1", "seeds must be at least 0, not '-1'"),
        ("seeds = [0, 1]", f"seeds = 1{'0' * 30}", "not valid TOML: a whole number of more than 64 bits"),
        ("seeds = [0, 1]", "seeds = 0\nepochs = 0", "epochs must be at least 1, not '0'"),
        ("seeds = [0, 1]", "seeds = 0\nshots = 1.5", "shots must be a whole number, not '1.5'"),
        ("limits = { train = 8 }", "limits = { trian = 8 }", "limits takes train, dev, test, not 'trian' (did you"),
        ("limits = { train = 8 }", "limits = { train = 0 }", "limits.train must be at least 1, not '0'"),
        ("limits = { train = 8 }", "limits = 8", "limits must be a table"),
        ("reduction = [4, 16]", "reduction = []", "settings.reduction has no value or list of values: []"),
        ("reduction = [4, 16]", "reduction = 1979-05-27", "settings.reduction has no value or list of values: 1979"),
        ("learning_rate = 1e-3", "learning_rate = [[1]]", "settings.adapter has for learning_rate no value or list of values"),
        ('methods = "adapter"\nsettings.reduction = 4', 'method = "adapter"', "exclude 1: unknown key method (did you mean"),
        ("[[exclude]]", "[exclude]", "exclude must be a valid list"),
        ("[[exclude]]", '[[part]]\nname = "b"', "part 1: unknown key name; there are methods, "),
        ("[[exclude]]", "[[part]]\nseeds = 0", "methods at the top is not used: every part has its own"),
        ("seeds = [0, 1]", 'data_dir = "~nobody-of-that-name/a"', "'~nobody-of-that-name/a' cannot be the name of a folder"),
        ("[settings]", "[settings", "paper.toml:7: not valid TOML: "),
        ("[settings]", f"{'a.' * 200}b = 1\n[settings]", "paper.toml:7: a key of more than 100 parts"),
    ],
)  # fmt: skip
def test_mistakes_name_the_file_and_the_key(old: str, new: str, message: str) -> None:
    assert old in WHOLE
    with pytest.raises(UserError, match=re.escape(message)) as error:
        parse_sweep(WHOLE.replace(old, new, 1), FILE)
    assert str(error.value).startswith("paper.toml:") and error.value.exit_code == 2


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone.toml cannot be read: No such file"):
        read_sweep(tmp_path / "gone.toml")
    with pytest.raises(UserError, match="Is a directory"):
        read_sweep(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'name = "caf\xe9"')
    with pytest.raises(UserError, match="is not UTF-8"):
        read_sweep(tmp_path / "latin.toml")


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(letter):08x}" for letter in value) + '"'
    return str(value).lower()


scalars = st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
keys = st.sampled_from(KEYS)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))


@given(st.dictionaries(keys, values))
def test_any_document_is_a_sweep_or_one_line_about_the_file(document: dict[str, object]) -> None:
    text = "\n".join(f"{key} = {toml(value)}" for key, value in document.items())
    try:
        declared = parse_sweep(text, FILE)
    except UserError as error:
        assert str(error).startswith("paper.toml:")
    else:
        assert declared.parts and all(part.methods for part in declared.parts.values())


@given(st.text())
def test_any_text_is_a_sweep_or_one_line_about_the_file(text: str) -> None:
    with pytest.raises(UserError, match=r"^paper\.toml:"):
        parse_sweep(text, FILE)
