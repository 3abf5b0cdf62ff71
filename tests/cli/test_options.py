"""The launch options mean the same for flags, forms and the command that is stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import UserError
from scalearn_tui.text.options import LAUNCH_OPTIONS, command_line, parse_limits, parse_request, parse_settings


def test_settings_and_limits() -> None:
    assert parse_settings(["learning-rate=3e-3", "patience = 4"]) == {"learning_rate": "3e-3", "patience": "4"}
    assert parse_settings(["omega=0", "patience=4", "omega=0.5"]) == {"omega": ("0", "0.5"), "patience": "4"}
    assert parse_limits(["train=500", "dev=10"]) == {"train": 500, "dev": 10}


def test_flags_and_form_fields_make_the_same_request(tmp_path: Path) -> None:
    flags = {"method": ["scalearn++", "adapter"], "target": ["rte"], "set": ["epochs=2", "patience=1"], "limit": ["train=5"]}
    fields = {"method": "scalearn++, adapter", "target": "rte", "set": "epochs=2 patience=1", "limit": "train=5"}
    assert parse_request(flags) == parse_request(fields)


def test_request_has_every_option(tmp_path: Path) -> None:
    values = {
        "method": ["scalearn++"],
        "target": ["boolq"],
        "sources": "cb,copa",
        "backbone": "minilm",
        "benchmark": "superglue",
        "seed": "0-1",
        "data_dir": str(tmp_path),
        "set": ["learning_rate=3e-3"],
        "limit": ["train=500"],
        "epochs": "2",
        "shots": "16",
    }
    assert set(values) == {option.name for option in LAUNCH_OPTIONS}
    request = parse_request(values)
    assert request.sources == ("cb", "copa")
    assert request.seeds == (0, 1)
    assert request.settings == {"learning_rate": "3e-3"}
    assert (request.limits, request.epochs, request.shots, request.data_dir) == ({"train": 500}, 2, (16,), tmp_path)
    assert request.command == (
        "scalearn run --method scalearn++ --target boolq --sources cb,copa --backbone minilm --benchmark superglue "
        f"--seed 0-1 --data-dir {tmp_path} --set learning_rate=3e-3 --limit train=500 --epochs 2 --shots 16"
    )


def test_values_of_a_repeated_flag_accumulate() -> None:
    flags = {"target": "cb", "sources": ["copa,rte", "wic"], "seed": ["0", "2-3", "0"], "shots": ["16", "32,4"]}
    request = parse_request(flags)
    assert (request.sources, request.seeds, request.shots) == (("copa", "rte", "wic"), (0, 2, 3), (16, 32, 4))
    assert request == parse_request(
        {"target": "cb", "sources": "copa rte wic", "seed": "0,2-3,0", "shots": "16, 32, 4"}
    ).model_copy(update={"command": request.command})


@pytest.mark.parametrize("name", [option.name for option in LAUNCH_OPTIONS])
def test_an_empty_flag_is_refused(name: str) -> None:
    for empty in ("", " ", [""], ["", ","]):
        with pytest.raises(UserError, match=r" is empty; write it as in --.*, or leave it out"):
            parse_request({"method": "adapter", "target": "rte", name: empty})


def test_command_leaves_out_defaults_and_quotes() -> None:
    values = {"method": "adapter", "target": "rte", "backbone": "roberta-base", "seed": "0", "data_dir": "my data"}
    assert command_line(values) == "scalearn run --method adapter --target rte --data-dir 'my data'"


def test_a_benchmark_alone_means_all_its_tasks() -> None:
    assert parse_request({"method": "pals", "benchmark": "glue"}).targets == ()
    assert parse_request({"target": "rte"}).methods == ("adapter",), "the stage that every transfer builds on"
    with pytest.raises(UserError, match="name a target"):
        parse_request({"method": "pals"})


def test_numbers_of_thousands_of_digits_are_refused() -> None:
    for name in ("seed", "epochs", "shots"):
        with pytest.raises(UserError, match=name):
            parse_request({"target": "rte", name: "9" * 5000})
    with pytest.raises(UserError, match="limit train must be a whole number"):
        parse_request({"target": "rte", "limit": ["train=" + "9" * 5000]})
