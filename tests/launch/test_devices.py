"""Slots from a list of GPUs and ``CUDA_VISIBLE_DEVICES``."""

from __future__ import annotations

import pytest

from engine.launch.devices import Gpu, find_slots, slots_of, visible

FOUND = [Gpu(0, "GPU-aa11", "A"), Gpu(1, "GPU-aa22", "A"), Gpu(2, "MIG-bb", "B")]


@pytest.mark.parametrize(
    ("cuda_visible_devices", "indices"),
    [
        (None, [0, 1, 2]),
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),
        ("1", [1]),
        ("2, 0", [2, 0]),
        ("GPU-aa2", [1]),
        ("GPU-aa", []),
        ("MIG-bb,GPU-aa11", [2, 0]),
        ("1,7,0", [1]),
        ("1,1", [1]),
    ],
)
def test_the_inherited_list_is_an_upper_bound(cuda_visible_devices: str | None, indices: list[int]) -> None:
    assert [gpu.index for gpu in visible(FOUND, cuda_visible_devices)] == indices


def test_slots() -> None:
    slots = slots_of(FOUND[:2])
    assert [slot.env["CUDA_VISIBLE_DEVICES"] for slot in slots] == ["GPU-aa11", "GPU-aa22"]
    assert {slot.env["CUDA_DEVICE_ORDER"] for slot in slots} == {"PCI_BUS_ID"}
    (cpu,) = slots_of([])
    assert cpu.name == "cpu" and cpu.env == {} and int(cpu.defaults["OMP_NUM_THREADS"]) >= 1


def test_without_a_gpu_in_sight_there_is_one_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert [slot.name for slot in find_slots()] == ["cpu"]
