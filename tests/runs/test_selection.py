"""The language of selections: whatever is typed is understood or refused in one line, and a term splits every set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import UserError
from engine.runs.selection import Field, is_term, parse
from engine.runs.selection_values import age, beginning, number, one_of, part_of_text, points, whole_name


@dataclass(frozen=True)
class Thing:
    names: tuple[str, ...] = ()
    count: float | None = None


def _count(thing: Thing) -> Iterable[float]:
    return [] if thing.count is None else [thing.count]


FIELDS = [
    Field[Thing]("name", lambda thing: thing.names, whole_name, alias="nm"),
    Field[Thing]("id", lambda thing: thing.names, beginning),
    Field[Thing]("cause", lambda thing: thing.names, part_of_text),
    Field[Thing]("state", lambda thing: thing.names, one_of(["queued", "failed"])),
    Field[Thing]("seed", _count, number),
    Field[Thing]("seconds", _count, number),
    Field[Thing]("dev", _count, points),
    Field[Thing]("age", _count, age),
    Field[Thing]("learning_rate", _count, number, alias="lr", listed=False),
]
WORDS = st.one_of(
    st.text(max_size=30),
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["", "-"]),
        st.sampled_from([field.name for field in FIELDS]),
        st.sampled_from([":", "=", "<", "<=", ">", ">="]),
        st.one_of(st.text(max_size=12), st.sampled_from(["1", "0,2", "*", "queued", "a*,?b", "2d", "80", "1e-3"])),
    ),
)
THINGS = st.lists(
    st.builds(
        Thing,
        st.lists(st.text(max_size=8) | st.sampled_from(["queued", "ab"]), max_size=2).map(tuple),
        st.none() | st.floats() | st.integers(-3, 100),
    ),
    max_size=5,
)


def chosen(words: str, *things: Thing) -> list[bool]:
    selection = parse([words], FIELDS, lambda thing: " ".join(thing.names))
    return [selection.holds(thing) for thing in things]


def named(words: str, *names: str) -> list[str]:
    return [name for name, holds in zip(names, chosen(words, *(Thing((name,)) for name in names)), strict=True) if holds]


def counted(words: str, *counts: float) -> list[float]:
    return [
        count for count, holds in zip(counts, chosen(words, *(Thing(count=count) for count in counts)), strict=True) if holds
    ]


@settings(deadline=None)
@given(st.lists(WORDS, max_size=3), THINGS)
def test_whatever_is_typed_chooses_or_is_refused_in_one_line(words: list[str], things: list[Thing]) -> None:
    try:
        selection = parse(words, FIELDS, lambda thing: " ".join(thing.names))
    except UserError as error:
        assert error.exit_code == 2 and len(str(error).splitlines()) == 1
        return
    for thing in things:
        assert selection.holds(thing) is all(term.holds(thing) for term in selection.terms)


@settings(deadline=None)
@given(WORDS.filter(lambda word: len(word.split()) == 1 and not word.strip().startswith("-")), THINGS)
def test_a_term_and_its_negation_split_every_set(word: str, things: list[Thing]) -> None:
    word = word.strip()
    try:
        held = chosen(word, *things)
    except UserError:
        with pytest.raises(UserError):
            chosen(f"-{word}", *things)
        return
    assert chosen(f"-{word}", *things) == [not holds for holds in held]


def test_names_may_be_alternatives_with_wildcards() -> None:
    methods = ("scalearn", "scalearn++", "adapter", "adapterfusion")
    assert named("name:scalearn*", *methods) == ["scalearn", "scalearn++"]
    assert named("name:adapter,scalearn??", *methods) == ["scalearn++", "adapter"]
    assert named("-name:adapter*", *methods) == ["scalearn", "scalearn++"]
    assert named("name:Low-Rank", "lowrank", "low_rank", "low_ranks") == ["lowrank", "low_rank"]
    assert named("name:[a]*", "a", "[a]b") == ["[a]b"], "there are no other wildcards"
    assert named("name:*", "a") == ["a"] and chosen("name:*", Thing()) == [False]


def test_ids_may_be_cut_and_causes_are_searched() -> None:
    assert named("id:3f9", "3f9a01c2de", "13f9") == ["3f9a01c2de"]
    assert named("cause:memory,gone", "out of memory (80 GB)", "gone", "killed") == ["out of memory (80 GB)", "gone"]
    assert named("mem", "out of memory", "killed") == ["out of memory"] and named("-mem", "memory", "killed") == ["killed"]


def test_numbers_compare_as_numbers() -> None:
    assert counted("lr:1e-3", 0.001, 0.0010001) == [0.001] == counted("lr:.001,3e-4", 0.001, 0.01)
    assert counted("seed:0,2", 0, 1, 2) == [0, 2]
    assert counted("seed>=2 seed<10", 1, 2, 9, 10) == [2, 9]
    assert counted("learning=0.1", 0.1, 0.2) == [0.1], "as lists show settings, and the beginning of a name"
    assert chosen("seed:*", Thing(count=0), Thing()) == [True, False] and chosen("-seed:*", Thing()) == [True]
    assert chosen("seed<5", Thing()) == [False] == chosen("seed>4", Thing()), "what is not known is neither"
    assert counted("age<2d", 3600, 86_400 * 2) == [3600] and counted("age>=1.5h", 5400, 5399) == [5400]
    assert counted("dev>80", 80.0, 80.01) == [80.01]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("sate:failed", "did you mean state?"),
        ("sate:failed", "there are name, id, cause, state, seed, seconds, dev, age, and hyper-parameters"),
        ("se:1", "'se' is the beginning of several fields: seed, seconds"),
        ("state:fialed", "no state 'fialed' (did you mean failed?); there are queued, failed"),
        ("name:", "'name:' lacks a value; write FIELD:VALUE"),
        (":x", "':x' lacks a field"),
        (">80", "'>80' lacks a field"),
        ("-", "'-' is no term"),
        ("@1", "'@1' is no term"),
        ("dev", "'dev' is a field: write dev:VALUE, and comparisons in quotes"),
        ("name:a,,b", "an alternative without a letter; write name:A,B"),
        ("name>a", "name is no number"),
        ("seed:a", "seed is a number, as in seed:1 or 'seed>1', not 'a'"),
        ("seed>1,2", "seed is a number"),
        ("seed==0", "seed is a number"),
        ("dev>0.8", "dev is in points, as lists show it: 'dev>80' is 0.8"),
        ("age:2d", "age is compared with a duration in s, m, h, d, w, as in 'age<2d'"),
        ("age<2", "age is compared"),
    ],
)
def test_what_cannot_be_understood_is_answered_with_the_way_on(words: str, answer: str) -> None:
    with pytest.raises(UserError) as error:
        chosen(words)
    assert answer in str(error.value) and "\n" not in str(error.value)


def test_ids_and_ranks_are_no_terms() -> None:
    assert [word for word in ("3f9a", "@1", "glue/rte", "seed:0", "-tag:x", "dev>80", "a=b", "x:y") if not is_term(word)] == [
        "3f9a", "@1", "glue/rte",
    ]  # fmt: skip


def test_many_wildcards_take_no_time() -> None:
    assert named("cause:" + "*a" * 40 + "b", "a" * 5000) == []
