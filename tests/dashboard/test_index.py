"""The index of runs and its groups: after any changes they are what they would be if they were made anew."""

from __future__ import annotations

import random

from engine.registry.listing import Changes, ListedRun
from engine.registry.records import RunState
from scalearn_tui.dashboard.model.groups import GROUPINGS, GroupedLines
from scalearn_tui.dashboard.model.index import MANY, RunIndex
from scalearn_tui.dashboard.model.orders import ORDERS
from scalearn_tui.dashboard.widgets.group_columns import GROUP_COLUMNS, seeds_text

METHODS, TARGETS = ("adapter", "lora", "scalearn"), ("glue/rte", "glue/cola")


def row(number: int, version: int = 0, **values: object) -> ListedRun:
    chosen = random.Random(number)
    method, target = chosen.choice(METHODS), chosen.choice(TARGETS)
    blank = dict.fromkeys(ListedRun._fields)
    known = {
        "id": f"{number:010x}", "group_id": f"{method} {target}", "method": method, "backbone": "minilm", "benchmark": "glue",
        "target": target, "state": RunState.QUEUED, "stop_requested": False, "created": 1000.0 + number, "version": version,
        "seed": number % 5, "seconds": 0.0, "epoch": 0, "epochs": 3, "tags": (),
    }  # fmt: skip
    return ListedRun(**{**blank, **known, **values})  # type: ignore[arg-type]


def ids(index: RunIndex) -> list[str]:
    return [index.at(position).id for position in range(index.shown())]


def test_changes_lead_to_what_a_new_index_has() -> None:
    chance = random.Random(1)
    index, rows, chosen = RunIndex(), {}, set()
    index.choose(chosen)
    for step in range(300):
        changed = []
        for number in chance.sample(range(60), 4):
            state = chance.choice(list(RunState))
            changed.append(row(number, step, state=state, best=chance.choice([None, chance.random()]), seconds=chance.random()))
        holding = {run.id for run in changed if run.state is not RunState.LOST}
        gone = frozenset(chance.sample(sorted(rows), 2)) if step % 7 == 6 else frozenset()
        rows.update({run.id: run for run in changed})
        chosen = (chosen - {run.id for run in changed}) | holding
        for run_id in gone:
            del rows[run_id]
        order, reverse = chance.choice(ORDERS), chance.random() < 0.5
        if step % 5 == 0:
            index.sort(order, reverse)
        index.update(Changes(step, tuple(run for run in changed if run.id not in gone), gone), holding)
        anew = RunIndex()
        anew.choose(chosen)
        anew.sort(index.order, index.reversed)
        anew.update(Changes(step, tuple(rows.values())))
        assert ids(index) == ids(anew) and index.counts() == anew.counts() and len(index) == len(rows)
        assert all(index.position(run_id) == at for at, run_id in enumerate(ids(index)))


def test_many_changes_lead_to_what_few_at_a_time_do() -> None:
    first = [row(number) for number in range(0, 2 * MANY, 2)]
    ended = [row(number, 1, state=RunState.COMPLETED) for number in range(2 * MANY)]
    at_once, one_by_one = RunIndex(), RunIndex()
    for index in (at_once, one_by_one):
        index.update(Changes(0, tuple(first)))
    updated = at_once.update(Changes(1, tuple(ended), frozenset({ended[0].id})))
    for run in ended[1:]:
        one_by_one.update(Changes(1, (run,)))
    one_by_one.update(Changes(1, (), frozenset({ended[0].id})))
    assert ids(at_once) == ids(one_by_one) and at_once.counts() == one_by_one.counts()
    assert updated.moved and {run.id for run in updated.ended} == {run.id for run in first}


def test_a_change_in_place_is_no_move() -> None:
    index = RunIndex()
    index.update(Changes(1, tuple(row(number) for number in range(9))))
    updated = index.update(Changes(2, (row(4, 2, epoch=1),)))
    assert not updated.moved and updated.changed == {row(4).id} and updated.ended == ()
    updated = index.update(Changes(3, (row(4, 3, state=RunState.RUNNING),)))
    assert updated.moved and [run.id for run in updated.ended] == [row(4).id], "what is under way goes to the top"
    assert index.update(Changes(4, (row(100),))).ended == (), "a new run was in no state before"


def test_equal_runs_stay_newest_first() -> None:
    index = RunIndex()
    index.update(Changes(1, tuple(row(number) for number in range(9))))
    for order in ORDERS[:2]:
        index.sort(order)
        assert ids(index) == [row(number).id for number in reversed(range(9))]


def test_groups_have_mean_and_deviation_over_seeds() -> None:
    index = RunIndex()
    same = {"method": "lora", "target": "glue/rte", "group_id": "g", "state": RunState.COMPLETED}
    runs = [row(number, best=0.7 + number / 100, test=0.6, seed=number, **same) for number in range(3)]
    index.update(Changes(1, (*runs, row(9, method="ia3", group_id="other"))))
    lines = GroupedLines(index, GROUPINGS[0])
    assert lines.groups == 2 and len(lines) == 2
    cells = {column.key: column.text(lines[1]) for column in GROUP_COLUMNS}
    assert cells["metric"] == "71.00 ± 1.00" and cells["test"] == "60.00 ± 0.00"
    assert (cells["seed"], cells["state"], cells["fold"]) == ("0-2", "✓3", "▸")
    lines.fold(lines.key(1))
    assert [lines.key(position) for position in range(2, 5)] == [run.id for run in reversed(runs)]
    assert lines.runs(lines.key(1)) == tuple(reversed(runs)) and lines.runs(runs[0].id) == (runs[0],)
    index.update(Changes(2, (runs[0]._replace(version=7, test=0.9),)))
    before = lines.stamp(1)
    assert lines.update([runs[0].id]) == {lines.key(1), runs[0].id} and lines.stamp(1) != before
    assert {column.key: column.text(lines[1]) for column in GROUP_COLUMNS}["test"] == "70.00 ± 17.32"


def test_no_mean_over_different_settings() -> None:
    """Runs of one method and target with other settings are no seeds of each other."""
    index = RunIndex()
    same = {"method": "lora", "target": "glue/rte", "state": RunState.COMPLETED}
    index.update(Changes(1, (row(1, best=0.5, group_id="a", **same), row(2, best=0.8, group_id="b", **same))))
    lines = GroupedLines(index, GROUPINGS[1])
    cells = {column.key: column.text(lines[0]) for column in GROUP_COLUMNS}
    assert cells["metric"] == "50.00…80.00" and cells["cause"] == "2 settings"


def test_seeds_as_the_command_takes_them() -> None:
    assert [seeds_text(seeds) for seeds in ([0], [0, 1], [3, 4, 5], [0, 2, 5])] == ["0", "0,1", "3-5", "0,2,5"]
