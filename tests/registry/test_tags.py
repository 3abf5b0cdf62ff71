"""Tags and notes belong to a run as long as there is one, whatever else becomes of it."""

from __future__ import annotations

import pytest

from engine.errors import UserError
from engine.registry.records import Checkpoint
from engine.registry.recovery import recover
from engine.registry.store import Store, open_store
from engine.runs.tags import LONGEST, check_tag
from tests.registry.rows import run

A, B = (run(number).id for number in (1, 2))


@pytest.fixture
def tagged(store: Store) -> Store:
    store.add([run(1), run(2)], [])
    store.tag([A, B, "ffff"], add=["paper", "draft"])
    store.note(A, "lost its warm-up")
    return store


def test_tags_are_given_and_taken(tagged: Store) -> None:
    before = tagged.version()
    tagged.tag([A], add=["paper", "best"], remove=["draft", "unknown"])
    assert tagged.tags() == {A: ["best", "paper"], B: ["draft", "paper"]} and tagged.tags([B]) == {B: ["draft", "paper"]}
    assert [found.id for found in tagged.changed_since(before)] == [A], "who watches runs is to see it"


def test_a_note_is_replaced_and_removed(tagged: Store) -> None:
    tagged.note(A, "it was the seed")
    assert tagged.find(A).note == "it was the seed"
    tagged.note(A, None)
    assert tagged.find(A).note is None


def test_a_deleted_run_leaves_no_tags(tagged: Store) -> None:
    tagged.delete([A])
    tagged.add([run(1)], [])
    assert tagged.tags() == {B: ["draft", "paper"]} and tagged.find(A).note is None


def test_asking_again_and_importing_keep_tags_and_note(tagged: Store) -> None:
    tagged.add([run(1)], [])
    assert tagged.adopt(run(1), {}, lambda: Checkpoint(A, "best", 1, 1, "x", 1), "imported")
    assert tagged.tags([A]) == {A: ["draft", "paper"]} and tagged.find(A).note == "lost its warm-up"


def test_recovery_saves_tags_and_notes(tagged: Store) -> None:
    tagged.close()
    _, counts = recover(tagged.home)
    assert counts["tag"] == 4
    again = open_store(tagged.home)
    assert again.tags([B]) == {B: ["draft", "paper"]} and again.find(A).note == "lost its warm-up"


@pytest.mark.parametrize("name", ["paper", "v1.2", "lr-high", "草稿", "a" * LONGEST])
def test_tags_are_words(name: str) -> None:
    assert check_tag(name) == name


@pytest.mark.parametrize("name", ["", "-draft", "two words", "a,b", "tag:x", "x*", "a>b", "a" * (LONGEST + 1), "x\n"])
def test_what_a_selection_could_not_say_is_no_tag(name: str) -> None:
    with pytest.raises(UserError, match="a tag is a word"):
        check_tag(name)
