"""What tuning tries of a method: equally many different settings, listed or drawn, and mistakes in one line."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.errors import UserError
from engine.sweeps.declaration import Tune, parse_sweep
from engine.sweeps.trials import Trial, trials_of

HEAD = 'name = "a"\nmethods = "adapter"\ntargets = "toy/claim"\n[tune]\n'


def tune(text: str) -> Tune:
    found = parse_sweep(HEAD + text, Path("a.toml")).tune
    assert found
    return found


def trials(text: str, method: str = "adapter") -> list[Trial]:
    return trials_of(tune(text), BUILT_IN.methods[method], BUILT_IN)


def test_a_grid_is_every_combination_with_a_method_s_own_values_in_place_of_the_shared_ones() -> None:
    shared = "settings = 4\n[tune.space]\nlearning_rate = [1e-4, 1e-3]\nbatch_size = [16, 32]\n"
    text = f"{shared}[tune.space.lora]\nbatch_size = [8, 16]"
    assert trials(text) == [
        {"learning_rate": 1e-4, "batch_size": 16},
        {"learning_rate": 1e-4, "batch_size": 32},
        {"learning_rate": 1e-3, "batch_size": 16},
        {"learning_rate": 1e-3, "batch_size": 32},
    ]
    assert [trial["batch_size"] for trial in trials(text, "lora")] == [8, 16, 8, 16]
    assert tune(text).seeds == (100,)


RANDOM = """
settings = {}
search = "random"
[tune.space]
learning_rate = {{ low = 1e-5, high = 1e-2 }}
dropout = {{ low = 0, high = 0.5 }}
batch_size = {{ low = 8, high = 10 }}
select_by = ["loss", "metric"]
"""


def test_a_random_search_draws_rates_in_the_logarithm_and_more_settings_begin_with_fewer() -> None:
    drawn = trials(RANDOM.format(400))
    assert trials(RANDOM.format(3)) == drawn[:3]
    assert [trial["learning_rate"] for trial in trials(RANDOM.format(3), "lora")] == [
        trial["learning_rate"] for trial in drawn[:3]
    ]
    rates = [math.log10(float(trial["learning_rate"])) for trial in drawn]
    assert min(rates) >= -5 and max(rates) <= -2 and abs(sum(rates) / len(rates) + 3.5) < 0.1
    assert abs(sum(float(trial["dropout"]) for trial in drawn) / len(drawn) - 0.25) < 0.02
    assert {trial["batch_size"] for trial in drawn} == {8, 9, 10}
    assert {trial["select_by"] for trial in drawn} == {"loss", "metric"}
    assert drawn[0] == {"learning_rate": 0.00824, "dropout": 0.366, "batch_size": 9, "select_by": "loss"}, "in every version"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("settings = 3\n[tune.space]\nbatch_size = [8, 16]", "adapter has 2 different settings; every method tries 3"),
        ("settings = 2\n[tune.space]\nbatch_size = [8, 8.0]", "adapter has 1 different settings"),
        ("settings = 2\n[tune.space]\nbatch_size = [8, 16, 32]", "adapter has more than 2 different settings"),
        ("settings = 2\n[tune.space.lora]\nrank = [4, 8]", "there is nothing of adapter; add a table [tune.space.adapter]"),
        ("settings = 2\n[tune.space]\nreducton = [4, 8]", "adapter has no setting 'reducton' (did you mean reduction?)"),
        ("settings = 2\n[tune.space]\nbatch_size = [8, 0]", "batch_size must lie between 1 and 65536, not 0"),
        ("settings = 2\n[tune.space]\ndropout = { low = 0, high = 0.5 }", 'is a range; list its values, or search = "random"'),
        ('settings = 9\nsearch = "random"\n[tune.space]\nbatch_size = { low = 1, high = 3 }', "adapter has 3 different"),
        ('settings = 2\nsearch = "random"\n[tune.space]\nlearning_rate = { low = 0, high = 1 }', "its low must be above 0"),
        (
            'settings = 2\nsearch = "random"\n[tune.space]\nbatch_size = { low = 8.5, high = 10 }',
            "batch_size must be a whole number, not 8.5",
        ),
        (
            'settings = 2\nsearch = "random"\n[tune.space]\ndropout = { low = 0, high = 1.3 }',
            "dropout must lie between 0 and 0.99, not 1.3",
        ),
        (
            'settings = 2\nsearch = "random"\n[tune.space]\nselect_by = { low = 0, high = 1 }',
            "select_by of adapter is no number",
        ),
    ],
)
def test_what_cannot_be_tried_is_one_line(text: str, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        trials(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("settings = 2", "tune: space is missing"),
        ("setings = 2\n[tune.space]\nbatch_size = 8", "tune: unknown key setings (did you mean settings?)"),
        ("settings = 1\n[tune.space]\nbatch_size = 8", "tune: settings must be at least 2, not '1'"),
        ("settings = 2\nseed = 1\n[tune.space]", "tune: unknown key seed (did you mean seeds?); there are settings, search"),
        ('settings = 2\nsearch = "bayes"\n[tune.space]', "tune: search must be 'grid' or 'random'"),
        ("settings = 2\n[tune.space]\ndropout = { low = 1, high = 0 }", "tune: space.dropout has no valid range: needs a low"),
        (
            "settings = 2\n[tune.space.lora]\nrank = { low = 1 }",
            "tune: space.lora has for rank no valid range: high is missing",
        ),
        ("settings = 2\n[tune.space.lora]\nrank = [[1]]", "tune: space.lora has for rank no value or list of values: [[1]]"),
    ],
)
def test_mistakes_of_the_table_name_the_file_and_the_key(text: str, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(f"a.toml: {message}")):
        tune(text)
