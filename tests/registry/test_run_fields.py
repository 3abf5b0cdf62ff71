"""What each field means of real runs."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.catalog.catalog import BUILT_IN
from engine.errors import UserError
from engine.registry.choosing import read_selection, select
from engine.registry.records import RunState, utc_now
from engine.registry.run_fields import run_fields
from engine.registry.store import Store
from scalearn_tui.cli.runs import ls
from tests.docs.pages import ROOT
from tests.reports.rows import complete, queue, spec, start

RTE = spec("adapter", "superglue/rte", learning_rate=1e-3)
CB = spec("adapter", "superglue/cb", 1, backbone="minilm")
TRANSFER = spec("scalearn++", "superglue/rte", sources=[CB, RTE], shots=16)
JOINT = spec("full-ft-m", ["superglue/cb", "glue/mrpc"])
FAILED = spec("lora", "glue/rte", 2)
NAMES = {RTE.run_id: "rte", CB.run_id: "cb", TRANSFER.run_id: "transfer", JOINT.run_id: "joint", FAILED.run_id: "failed"}


@pytest.fixture
def filled(store: Store) -> Store:
    complete(store, RTE, 0.8)
    complete(store, CB, 0.60004)
    queue(store, TRANSFER, created_at=utc_now() - timedelta(days=3))
    complete(store, JOINT, 0.7)
    attempt = start(store, FAILED)
    store.progress(FAILED.run_id, attempt, epoch=3, value=0.9123)
    store.finish(FAILED.run_id, attempt, RunState.FAILED, "out of memory", seconds=700.0)
    store.tag([RTE.run_id, FAILED.run_id], add=["paper"])
    return store


def chosen(store: Store, words: str) -> set[str]:
    return {NAMES[run.id] for run in select(read_selection([words], store, BUILT_IN), store)}


CASES = {
    f"id:{RTE.run_id[:5]}": {"rte"},
    "method:ST-A": {"rte", "cb"},
    "method:scalearn*,lora": {"transfer", "failed"},
    "target:rte": {"rte", "transfer", "failed"},
    "target:superglue/*": {"rte", "cb", "transfer", "joint"},
    "target:mrpc": {"joint"},
    "target:glue/mrpc,glue/rte": {"joint", "failed"},
    "source:cb": {"transfer"},
    f"source:{RTE.run_id}": {"transfer"},
    "-source:*": {"rte", "cb", "joint", "failed"},
    "backbone:minilm": {"cb"},
    "benchmark:glue": {"joint", "failed"},
    "state:failed,queued": {"transfer", "failed"},
    "-seed:0": {"cb", "failed"},
    "shots:16": {"transfer"},
    "epoch>=3": {"rte", "cb", "joint", "failed"},
    "dev>91": {"failed"},
    "test>=80": {"rte"},
    "test:60": {"cb"},
    "test<=70": {"cb", "joint"},
    "seconds>600": {"failed"},
    "age>2d": {"transfer"},
    "device:cpu": {"rte", "cb", "joint", "failed"},
    "cause:memory": {"failed"},
    "cause:out?of": {"failed"},
    "tag:paper": {"rte", "failed"},
    "tag:pap* target:superglue/rte": {"rte"},
    "lr:1e-3": {"rte"},
    "learning_rate=0.001": {"rte"},
    "bs:32 select:loss lora": {"failed"},
    "ScaLearn++": {"transfer"},
    "-superglue minilm": set(),
    "complet rte": {"rte"},
    "": set(NAMES.values()),
}


@pytest.mark.parametrize("words", CASES)
def test_fields(words: str, filled: Store) -> None:
    assert chosen(filled, words) == CASES[words]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(st.sampled_from([words for words in CASES if words and " " not in words]), min_size=1, max_size=3))
def test_terms_are_joined_and_each_splits_all_runs(filled: Store, words: list[str]) -> None:
    assert chosen(filled, " ".join(words)) == set.intersection(*(chosen(filled, word) for word in words))
    for word in words:
        negated = word[1:] if word.startswith("-") else f"-{word}"
        assert chosen(filled, negated) == set(NAMES.values()) - chosen(filled, word)


def test_a_setting_may_be_called_by_an_unambiguous_beginning(filled: Store) -> None:
    assert chosen(filled, "warm:0 learn:1e-3") == {"rte"}
    with pytest.raises(UserError, match=r"'s' is the beginning of several fields: source, state, seed, shots, seconds"):
        chosen(filled, "s:1")
    with pytest.raises(UserError, match="no state 'faild'"):
        chosen(filled, "state:faild")


def test_page_and_help_have_every_field(store: Store) -> None:
    section = (ROOT / "docs" / "runs.md").read_text().partition("## Choosing runs")[2].partition("\n## ")[0]
    rows = [re.findall(r"`(\w+)`", line.split(" | ")[0]) for line in section.splitlines() if line.startswith("| `")]
    described = [name for names in rows for name in names]
    fields = [field.name for field in run_fields(store, BUILT_IN) if field.listed]
    assert described == fields
    help_text = " ".join(str(ls.__doc__).split()).replace(" (both times 100, as shown)", "")
    assert f"Fields are {', '.join(fields)}, and hyper-parameters by name." in help_text
