"""Figures of how runs use their sources: numbers are those of the runs' files, and what is drawn is drawn the same again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from engine.catalog.catalog import BUILT_IN
from engine.errors import UserError
from engine.files.source_weights import SourceWeights, write_source_weights
from engine.registry.choosing import read_selection
from engine.registry.store import Store
from engine.reports.figures.kinds import KINDS
from engine.reports.figures.selected import Selected
from engine.runs.spec import RunSpec
from scalearn_tui.cli.app import main
from tests.reports.answered import answer, answers, examples
from tests.reports.rows import complete, spec

TASKS = ("glue/rte", "glue/cola", "glue/sst2")
SEEDS = (0, 1)


def gather(store: Store, kind: str, *terms: str) -> Any:
    selection = read_selection(terms, store, BUILT_IN) if terms else None
    return KINDS[kind].gather(Selected(store, BUILT_IN, selection))


def sources_of(store: Store) -> list[RunSpec]:
    """Adapters of all tasks, the target's own (sst2) last."""
    return [complete(store, spec("adapter", task), 0.7) for task in TASKS]


def weighed(store: Store, run: RunSpec, weights: dict[str, Any], value: float = 0.8) -> None:
    """A completed run with this file."""
    complete(store, run, value)
    write_weights(store, run, weights)


def write_weights(store: Store, run: RunSpec, weights: dict[str, Any]) -> None:
    content = {"run": run.fingerprint, "checkpoint": "c", "sources": [of.task for of in run.sources], "weights": weights}
    write_source_weights(store.home.source_weights(run.run_id), SourceWeights.model_validate(content))


def scales(seed: int, layers: int = 3, sources: int = 3) -> dict[str, Any]:
    mean = np.random.default_rng(seed).uniform(0.1, 1.2, (layers, sources))
    known = {"mean": mean, "std": mean / 10, "min": mean - 0.2, "max": mean + 0.2}
    return {"kind": "scales", "constraint": "none", "shared": layers == 1} | {name: of.tolist() for name, of in known.items()}


def attention(seed: int) -> dict[str, Any]:
    mean = np.random.default_rng(seed).dirichlet([1, 1, 1], size=3)
    return {"kind": "attention", "mean": mean.tolist(), "rows": [90, 90, 20], "examples": 20}


def soup(target: str) -> dict[str, Any]:
    similarities = [0.2, 0.3, 0.5] if target == TASKS[2] else [0.4, 0.25, 0.1]
    return {"kind": "soup", "weights": [0.2, 0.3, 0.5], "similarities": similarities}


@pytest.fixture
def filled(store: Store) -> Store:
    adapters = sources_of(store)
    for seed in SEEDS:
        weighed(store, spec("scalearn", TASKS[2], seed, adapters), scales(seed))
        weighed(store, spec("scalearn++", TASKS[2], seed, adapters), scales(seed, layers=1), 0.8 + seed / 100)
        weighed(store, spec("scalearn++", TASKS[2], seed, adapters[1:]), scales(seed, 1, 2), 0.75)
        weighed(store, spec("adapterfusion", TASKS[2], seed, adapters), attention(seed))
        weighed(store, spec("adaptersoup", TASKS[2], seed, adapters), soup(TASKS[2]))
        for omega in (0.0, 1.0):
            complete(store, spec("probing", TASKS[2], seed, adapters[:1], omega=omega), 0.6 - omega / 10)
    return store


def test_scales_are_means_over_seeds_with_the_own_source_last(filled: Store) -> None:
    figure = gather(filled, "scales", "method:scalearn")
    mean, std = figure.maps
    expected = np.mean([scales(seed)["mean"] for seed in SEEDS], axis=0).T
    assert mean.rows == ("rte", "cola", "sst2") and mean.columns == ("1", "2", "3")
    assert np.allclose(mean.values, expected) and np.allclose(std.values, expected / 10)
    assert figure.start == mean.mark == pytest.approx(2 / 3)
    assert "mean of 2 seeds" in figure.caption and "2/T = 0.67" in figure.caption
    shared = gather(filled, "scales", "method:scalearn++").maps
    assert [shown.columns for shown in shared] == [("all",), ("all",)]


def test_sums_have_a_point_for_every_seed_and_shared_scales_are_those_of_all_layers(filled: Store) -> None:
    figure = gather(filled, "sums", "method:scalearn*")
    own = next(number for number, series in enumerate(figure.series) if series.name.startswith("ScaLearn ("))
    expected = [[sum(layer) for layer in scales(seed)["mean"]] for seed in SEEDS]
    assert np.allclose(sorted(figure.seeds[own]), sorted((x + 1.0, of[x]) for of in expected for x in range(3)))
    assert [point.y for point in figure.series[own].points] == pytest.approx(np.mean(expected, axis=0).tolist())
    assert {tuple(point.x for point in series.points) for series in figure.series} == {(1, 2, 3)}


def test_attention_and_soups_are_means_over_seeds(filled: Store) -> None:
    (shown,) = gather(filled, "fusion").maps
    assert np.allclose(shown.values, np.mean([attention(seed)["mean"] for seed in SEEDS], axis=0))
    assert (shown.columns, shown.rows, shown.top) == (("rte", "cola", "sst2"), ("1", "2", "3"), 1.0)
    (bars,) = gather(filled, "soup").soups
    assert (bars.sources, bars.weights) == (("sst2", "cola", "rte"), (0.5, 0.3, 0.2))


def test_similarity_pairs_other_sources_with_their_mean_scale_in_the_largest_sets(filled: Store) -> None:
    (pairs,) = gather(filled, "similarity").pairs
    found = {pair.source: (pair.similarity, pair.scale) for pair in pairs}
    assert found.keys() == {"rte", "cola"}
    vectors = fmean(layer[0] for seed in SEEDS for layer in scales(seed)["mean"])
    shared = fmean(scales(seed, layers=1)["mean"][0][0] for seed in SEEDS)
    assert found["rte"] == pytest.approx((0.2, fmean([vectors, shared])))


def test_correlation_and_its_p_are_those_of_all_permutations_within_targets(store: Store) -> None:
    from itertools import permutations

    from scipy.stats import spearmanr

    adapters = sources_of(store)
    means = {TASKS[2]: (0.3, 0.9, 1.0), TASKS[0]: (1.0, 0.8, 0.5)}
    for target, of in means.items():
        ordered = sorted(adapters, key=lambda run: run.target == target)
        known = {name: [list(of)] for name in ("mean", "std", "min", "max")}
        weighed(store, spec("scalearn++", target, 0, ordered), {"kind": "scales", "constraint": "none", "shared": True} | known)
        weighed(store, spec("adaptersoup", target, 0, ordered), soup(target))
    figure = gather(store, "similarity")
    x = [[pair.similarity for pair in pairs] for pairs in figure.pairs]
    y = [[pair.scale for pair in pairs] for pairs in figure.pairs]
    assert figure.correlation == pytest.approx(spearmanr(np.concatenate(x), np.concatenate(y)).statistic)
    every = [spearmanr(np.concatenate(x), [*a, *b]).statistic for a in permutations(y[0]) for b in permutations(y[1])]
    exact = np.mean(np.abs(every) >= abs(figure.correlation) - 1e-9)
    assert figure.p == pytest.approx(exact, abs=0.03)


def test_transfer_is_what_scores_gain_from_a_source(filled: Store) -> None:
    figure = gather(filled, "transfer")
    gains = {(gain.how, gain.source): gain.points for gain in figure.gains}
    assert gains == pytest.approx({("probing, 1 against 0", TASKS[0]): -10.0, ("ScaLearn++, all but one", TASKS[0]): 5.5})
    assert all(gain.p is None for gain in figure.gains) and not any(shown.dots for shown in figure.maps)


def test_gains_are_tested_where_answers_were_kept(store: Store) -> None:
    adapters, task = sources_of(store), BUILT_IN.tasks[TASKS[2]]
    rows = examples(task, 300)
    for skill, used in ((0.5, adapters[1:]), (3.0, adapters)):
        for seed in (0, 1, 2):
            run = spec("scalearn++", task.key, seed, used)
            answer(store, run, {task.key: answers(task, rows, skill, seed)}, {task.key: rows})
    (gain,) = gather(store, "transfer").gains
    assert gain.points > 5 and gain.p is not None and gain.p < 0.01
    (shown,) = gather(store, "transfer").maps
    assert shown.dots == ((0, 0),) and shown.signed
    assert f"+{gain.points:.1f}*" in gather(store, "transfer").text(80)


KINDS_OF_SOURCES = ("scales", "sums", "fusion", "soup", "similarity", "transfer")
FORMATS = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.mark.parametrize(("kind", "suffix"), list(zip(KINDS_OF_SOURCES, [*FORMATS, *FORMATS], strict=True)))
def test_files_are_equal_byte_by_byte_and_text_has_80_columns(
    kind: str, suffix: str, filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The other formats of each kind are written in tests/long."""
    terms = ["method:scalearn"] if kind == "scales" else []
    paths = [tmp_path / f"{number}{suffix}" for number in range(2)]
    for path in paths:
        assert main(["figure", kind, *terms, "-o", str(path)]) == 0
    first, second = (path.read_bytes() for path in paths)
    assert first == second and first.startswith(FORMATS[suffix])
    capsys.readouterr()
    assert main(["figure", kind, *terms]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 3 and max(map(len, lines)) <= 80


@pytest.mark.parametrize("kind", KINDS_OF_SOURCES)
def test_what_is_needed_is_said_with_a_command_that_trains_it(
    kind: str, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    complete(store, spec("adapter", TASKS[0]), 0.7)
    assert main(["figure", kind]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("scalearn: nothing to draw") and "`scalearn run -m " in line


def test_runs_without_a_checkpoint_are_left_out_by_name(filled: Store, capsys: pytest.CaptureFixture[str]) -> None:
    (run,) = (run for run in filled.runs(method="scalearn") if run.seed == 1)
    filled.home.source_weights(run.id).unlink()
    assert main(["figure", "scales", "method:scalearn"]) == 0
    captured = capsys.readouterr()
    assert f"left out: run {run.id} has lost its file" in captured.err and "one seed" in captured.out


def test_more_groups_than_a_figure_holds_are_refused_with_a_term(store: Store) -> None:
    adapters = sources_of(store)
    for number in range(13):
        weighed(store, spec("scalearn", TASKS[2], 0, adapters, learning_rate=1e-3 * (1 + number)), scales(number))
    with pytest.raises(UserError, match="13 groups of runs are too many for a figure, which shows 12: add terms, as method:"):
        gather(store, "scales")


def test_foreign_names_do_no_harm(filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = filled.runs(method="adaptersoup")[0]
    path = filled.home.source_weights(run.id)
    path.write_text(path.read_text().replace(TASKS[1], "own/\\u001b[31m$x_{\\u202e"))
    assert main(["figure", "soup", f"seed:{run.seed}"]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown and "\u202e" not in shown and "$x_{" in shown
    assert main(["figure", "soup", f"seed:{run.seed}", "-o", str(tmp_path / "soup.svg")]) == 0
    assert b"\x1b" not in (tmp_path / "soup.svg").read_bytes()


def test_a_layer_with_many_columns_goes_on_below(store: Store) -> None:
    adapters: Sequence[RunSpec] = sources_of(store)
    weighed(store, spec("scalearn", TASKS[2], 0, adapters), scales(0, layers=24))
    lines = gather(store, "scales").text(80).splitlines()
    assert max(map(len, lines)) <= 80 and sum(line.startswith("source") for line in lines) == 4
