"""What was changed in a bundle is found and named, though it was signed again; an untouched one is equal."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.bundles.opening import open_bundle
from engine.bundles.records import evidence_member
from engine.catalog.catalog import BUILT_IN
from engine.errors import UserError
from tests.bundles.conftest import verified
from tests.bundles.forging import MANIFEST, TABLE, Parts

CHOICE = "toy/choice"


@pytest.fixture
def forged(parts: Parts, tmp_path: Path) -> Path:
    return tmp_path / "forged.zip"


def target(parts: Parts, task: str = CHOICE, seed: int = 0) -> dict:
    asked = [run for run in parts.runs if run["role"] == "target" and run["spec"]["targets"] == [task]]
    return next(run for run in asked if run["spec"]["seed"] == seed)


def test_the_untouched_bundle_is_equal(bundled: Path) -> None:
    found = verified(bundled)
    assert (found.wrong, found.runs, found.cells) == ([], 6, 2)
    assert found.unchecked == []


def test_parts_that_are_put_together_again_are_equal(parts: Parts, forged: Path) -> None:
    assert verified(parts.signed().write(forged)).wrong == []


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (("cells", CHOICE, "mean"), "toy, tiny-bert, ScaLearn++, cell toy/choice: mean: "),
        (("cells", CHOICE, "values", 1), "toy, tiny-bert, ScaLearn++, cell toy/choice: values 1: "),
        (("average", "mean"), "toy, tiny-bert, ScaLearn++: average mean: "),
        (("trainable", 0), "toy, tiny-bert, ScaLearn++: trainable 0: "),
    ],
)
def test_a_changed_number_of_the_table(parts: Parts, forged: Path, keys: tuple, told: str) -> None:
    table = parts.json(TABLE)
    place = table["leaderboard"]["tables"][0]["rows"][0]
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] += 1
    parts.put(TABLE, table)
    (line,) = verified(parts.signed().write(forged)).wrong
    assert line.startswith(told) and line.endswith(" recomputed")


def test_a_row_that_was_left_out_of_the_table(parts: Parts, forged: Path) -> None:
    table = parts.json(TABLE)
    table["leaderboard"]["tables"][0]["rows"].pop()
    parts.put(TABLE, table)
    assert any("rows" in line for line in verified(parts.signed().write(forged)).wrong)


def test_a_changed_logit_changes_a_number(parts: Parts, forged: Path) -> None:
    run = target(parts)
    parts.change_answers(run["id"], "test", lambda logits: logits[:, ::-1] if logits.shape[1] > 1 else -logits)
    wrong = verified(parts.signed().write(forged)).wrong
    assert any(line.startswith(f"run {run['id']}, test of {CHOICE}: ") and "from its answers" in line for line in wrong)


def test_a_changed_logit_has_another_digest(parts: Parts, forged: Path) -> None:
    run = target(parts)
    name = next(name for name in parts if name.startswith(f"evidence/{run['id']}"))
    parts[name] = parts[name][:-1] + bytes([parts[name][-1] ^ 1])
    wrong = verified(parts.signed().write(forged)).wrong
    assert any(line.startswith(f"run {run['id']}, ") and "logits are not those that were recorded" in line for line in wrong)


def test_a_changed_seed(parts: Parts, forged: Path) -> None:
    run = target(parts)
    changed = run | {"spec": run["spec"] | {"seed": 7}}
    parts.change_runs(lambda runs: [changed if one["id"] == run["id"] else one for one in runs])
    wrong = verified(parts.signed().write(forged)).wrong
    assert any(line.startswith(f"run {run['id']}: its fingerprint is not that of its specification") for line in wrong)
    assert any(line.startswith(f"run {run['id']}: it is declared with seed 0") for line in wrong)


def test_a_missing_run(parts: Parts, forged: Path) -> None:
    run = target(parts, seed=1)
    parts.change_runs(lambda runs: [one for one in runs if one["id"] != run["id"]])
    for name in [name for name in parts if run["id"] in name]:
        del parts[name]
    curves = parts["curves.csv"].splitlines(keepends=True)
    parts["curves.csv"] = b"".join(line for line in curves if run["id"].encode() not in line)
    wrong = verified(parts.signed().write(forged)).wrong
    assert f"run {run['id']} (seed 1) is missing, though the bundle declares it" in wrong


def test_a_changed_result(parts: Parts, forged: Path) -> None:
    run = target(parts, "toy/similarity")
    parts.change_runs(
        lambda runs: (
            [one["results"]["toy/similarity"]["test"].update(pearson=0.99) for one in runs if one["id"] == run["id"]] and None
        )
    )
    wrong = verified(parts.signed().write(forged)).wrong
    assert wrong[0].startswith(f"run {run['id']}, test of toy/similarity: pearson is 0.99 in the bundle, ")


@pytest.mark.parametrize("absent", ["test", "pearson"])
def test_a_result_that_was_left_out_so_that_its_cell_lacks_a_seed(parts: Parts, forged: Path, absent: str) -> None:
    run = target(parts, "toy/similarity")

    def left_out(runs: list[dict]) -> None:
        splits = next(one for one in runs if one["id"] == run["id"])["results"]["toy/similarity"]
        del (splits if absent == "test" else splits["test"])[absent]

    parts.change_runs(left_out)
    wrong = verified(parts.signed().write(forged)).wrong
    assert wrong[0].startswith(f"run {run['id']}, test of toy/similarity: it has answers, but no pearson")


def test_numbers_without_answers_are_said_to_be_unchecked(parts: Parts, forged: Path) -> None:
    run = target(parts, "toy/similarity")

    def silenced(runs: list[dict]) -> None:
        changed = next(one for one in runs if one["id"] == run["id"])
        (kept,) = [kept for kept in changed["evidence"] if kept["split"] == "test"]
        changed["evidence"].remove(kept)
        del parts[evidence_member(run["id"], kept["logits"])]

    parts.change_runs(silenced)
    told = f"run {run['id']}: it has no answers on test of toy/similarity, so its numbers there were not recomputed"
    assert told in verified(parts.signed().write(forged)).unchecked


def test_a_setting_that_is_not_the_best_on_dev(parts: Parts, tmp_path: Path) -> None:
    """Of two settings that were tried, just one can be the winner."""
    tried, reported = ([target(parts, task, seed)["id"] for seed in (0, 1)] for task in (CHOICE, "toy/similarity"))
    lines = [_about_dev(parts, tmp_path, tried, reported, chosen) for chosen in (0, 1)]
    assert sorted(len(wrong) for wrong, _ in lines) == [0, 1]
    assert [unchecked for _, unchecked in lines] == [[], []]
    wrong, unchecked = _about_dev(parts, tmp_path, [tried[0], "0123456789"], reported, 0)
    assert (wrong, len(unchecked)) == ([], 1)


def _about_dev(parts: Parts, folder: Path, tried: list[str], reported: list[str], chosen: int) -> tuple[list[str], list[str]]:
    cell = {"method": "scalearn++", "target": CHOICE, "seed": 0, "setting": "", "shots": None, "backbone": "", "search": 0}
    trials = [cell | {"run": run, "trial": number, "setting": f"epochs={number}"} for number, run in enumerate(tried)]
    at = "2026-01-01T00:00:00Z"
    sweep = {"name": "s", "file": "", "text": "", "requests": [], "created_at": at, "updated_at": at}
    sweep["cells"] = [*trials, cell | {"run": reported[chosen], "candidates": reported}]
    parts.put("sweep.json", sweep)
    found = verified(parts.signed().write(folder / "tuned.zip"))
    return [line for line in found.wrong if "best on dev" in line], [line for line in found.unchecked if "best on dev" in line]


def test_equal_logits_under_two_seeds(parts: Parts, forged: Path) -> None:
    first, second = target(parts), target(parts, seed=1)
    copied: list[np.ndarray] = []
    parts.change_answers(first["id"], "test", lambda logits: copied.append(logits) or logits)
    parts.change_answers(second["id"], "test", lambda _: copied[0])
    wrong = verified(parts.signed().write(forged)).wrong
    assert any("equal logits on test of toy/choice with seeds" in line for line in wrong)


def test_a_changed_label_is_found_where_the_data_is(parts: Parts, forged: Path) -> None:
    rows = next(kept["rows"] for kept in target(parts)["evidence"] if kept["split"] == "test")
    ids: list[str] = []

    def other_label(arrays: dict[str, np.ndarray]) -> None:
        arrays["label"][3] = 1 - arrays["label"][3]
        ids.append(arrays["row_id"][3].tobytes().hex())

    parts.change_rows(rows, other_label)
    wrong = verified(parts.signed().write(forged)).wrong
    assert any(f"row {ids[0]} has another label than in the data" in line for line in wrong)


def test_a_row_that_the_data_does_not_have(parts: Parts, forged: Path) -> None:
    rows = next(kept["rows"] for kept in target(parts)["evidence"] if kept["split"] == "test")
    parts.change_rows(rows, lambda arrays: arrays["row_id"].__setitem__(0, 0))
    wrong = verified(parts.signed().write(forged)).wrong
    assert any(f"row {'0' * 32} is not among the rows of the data" in line for line in wrong)


def test_the_root_digest_that_is_expected(bundled: Path, parts: Parts, forged: Path) -> None:
    with open_bundle(bundled, BUILT_IN) as bundle:
        digest = bundle.digest
    assert verified(bundled, digest).wrong == []
    manifest = parts.json(MANIFEST)
    parts.put(MANIFEST, manifest | {"tool": "another"})
    (line,) = verified(parts.write(forged), digest).wrong
    assert line.startswith("its root digest is ")


def test_a_change_that_was_not_signed_is_named(parts: Parts, forged: Path) -> None:
    run = target(parts)
    name = next(name for name in parts if name.startswith(f"evidence/{run['id']}"))
    parts[name] = parts[name][:-1] + bytes([parts[name][-1] ^ 1])
    with pytest.raises(UserError, match=f"the answers of run {run['id']} on (dev|test) of {CHOICE}, was changed") as refused:
        verified(parts.write(forged))
    assert "\n" not in str(refused.value) and refused.value.exit_code == 2


def test_a_table_in_another_order_is_the_same_table(parts: Parts, forged: Path) -> None:
    parts[TABLE] = json.dumps(parts.json(TABLE), sort_keys=True).encode()
    assert verified(parts.signed().write(forged)).wrong == []
