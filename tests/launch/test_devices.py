"""Slots from a list of GPUs and ``CUDA_VISIBLE_DEVICES``."""

from __future__ import annotations

import pytest

from engine.errors import UserError
from engine.launch.devices import find_slots, slots_of, visible
from engine.launch.driver import Gpu

FOUND = [Gpu(0, "GPU-aa11", "A"), Gpu(1, "GPU-aa22", "A"), Gpu(2, "GPU-bb", "A")]
HALVES = [
    Gpu(0, "MIG-c1", "A MIG 3g.40gb", part=0, old_uuid="MIG-GPU-cc/1/0"),
    Gpu(0, "MIG-c2", "A MIG 4g.40gb", part=2, old_uuid="MIG-GPU-cc/2/0"),
]
BUS = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


def named(present: list[Gpu], given: str, order: dict[str, str] | None = None) -> list[str]:
    return [gpu.uuid for gpu in visible(present, {"CUDA_VISIBLE_DEVICES": given, **(order or {})})]


@pytest.mark.parametrize(
    ("given", "indices"),
    [
        ("", []),
        ("-1", []),
        ("-1,0", []),
        ("NoDevFiles", []),
        ("1", [1]),
        ("2, 0", [2, 0]),
        ("GPU-aa2", [1]),
        ("GPU-bb,GPU-aa11", [2, 0]),
        ("1,7,0", [1]),
        ("1,1", [1]),
        ("0,-1,1", [0]),
    ],
)
def test_the_inherited_list_is_an_upper_bound(given: str, indices: list[int]) -> None:
    assert named(FOUND, given) == [FOUND[index].uuid for index in indices]


def test_without_a_list_all_gpus_are_used() -> None:
    assert visible(FOUND, {}) == FOUND
    assert visible([], {"CUDA_VISIBLE_DEVICES": "0"}) == []


@pytest.mark.parametrize("given", ["7", "7,0", "GPU-aa", "GPU-ff", "MIG-c1", "none", "0x1"])
def test_a_name_that_no_gpu_has_is_refused(given: str) -> None:
    """Rather than that the CPU is taken."""
    with pytest.raises(UserError, match=r"CUDA_VISIBLE_DEVICES=.* does not name one of this machine's GPUs \(GPU 0 A, "):
        named(FOUND, given)


def test_numbers_of_unequal_gpus_need_an_order() -> None:
    unequal = [Gpu(0, "GPU-slow", "B"), Gpu(1, "GPU-fast", "A")]
    with pytest.raises(UserError, match="CUDA_DEVICE_ORDER=PCI_BUS_ID"):
        named(unequal, "0")
    assert named(unequal, "0", BUS) == ["GPU-slow"]
    assert named(unequal, "GPU-fast") == ["GPU-fast"]
    assert named(unequal, "") == []


@pytest.mark.parametrize(
    ("given", "uuids"),
    [
        ("0", ["MIG-c1"]),
        ("MIG-c2", ["MIG-c2"]),
        ("MIG-GPU-cc/2/0", ["MIG-c2"]),
        ("MIG-GPU-cc/1/0,MIG-c2", ["MIG-c1", "MIG-c2"]),
    ],
)
def test_instances_of_a_divided_gpu(given: str, uuids: list[str]) -> None:
    assert named(HALVES, given) == uuids


@pytest.mark.parametrize("given", ["GPU-cc", "MIG-GPU-cc", "MIG-GPU-cc/3/0", "MIG-", "1"])
def test_what_names_no_instance_is_refused(given: str) -> None:
    with pytest.raises(UserError, match=r"\(GPU 0\.0 A MIG 3g\.40gb, GPU 0\.2 A MIG 4g\.40gb\)"):
        named(HALVES, given)


def test_slots() -> None:
    slots = slots_of(FOUND[:2])
    assert [slot.env["CUDA_VISIBLE_DEVICES"] for slot in slots] == ["GPU-aa11", "GPU-aa22"]
    assert {slot.env["CUDA_DEVICE_ORDER"] for slot in slots} == {"PCI_BUS_ID"}
    assert [slot.label for slot in slots_of([*FOUND[:1], *HALVES])] == [
        "GPU 0 A",
        "GPU 0.0 A MIG 3g.40gb",
        "GPU 0.2 A MIG 4g.40gb",
    ]
    (cpu,) = slots_of([])
    assert cpu.name == "cpu" and cpu.env == {} and int(cpu.defaults["OMP_NUM_THREADS"]) >= 1


def test_without_a_gpu_in_sight_there_is_one_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert [slot.name for slot in find_slots()] == ["cpu"]
