"""Seeding per step gives the streams of torch's own seeding, and no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.catalog.catalog import BUILT_IN
from engine.data.prepared import TaskData
from engine.errors import UserError
from engine.training.device import Device, choose_device
from engine.training.evaluation import predict
from scalearn_tui.children import child
from tests.training.loops import TARGET, build, spec_of


def test_seeding_is_torchs() -> None:
    torch.manual_seed(2**62 + 3)
    expected = torch.rand(5)
    Device("cpu", None).seed(2**62 + 3)
    assert torch.equal(torch.rand(5), expected)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU that torch can use")
@pytest.mark.parametrize("given", ["GPU-5a3c", "MIG-1b2d"])
def test_a_gpu_that_torch_cannot_use_is_no_reason_to_train_on_the_cpu(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    with pytest.raises(UserError, match=f"cannot use {given}.*, or use the CPU with CUDA_VISIBLE_DEVICES="):
        choose_device("auto")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU that torch can use")
def test_a_gpu_is_checked_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with pytest.raises(UserError, match="cannot use GPU-5a3c"):
        child.document("engine.training.check_gpu", "GPU-5a3c")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU that torch can use")
@pytest.mark.parametrize("given", ["", "0", "-1"])
def test_a_number_without_a_gpu_is_the_cpu(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    assert choose_device("auto") == Device("cpu", None)


def test_frozen_maps_are_rounded_once_to_what_autocast_makes_of_them(tiny_backbone: Path, data: dict[str, TaskData]) -> None:
    task, device = BUILT_IN.find_task(TARGET), Device("cpu", torch.bfloat16)
    model = build(spec_of("adapter"), tiny_backbone)
    expected = predict(model, task, data[TARGET].splits["test"], device)
    device.place(model)
    stored = {name: tensor.dtype for name, tensor in model.named_parameters()}
    assert stored["encoder.layers.0.qkv.weight"] == torch.bfloat16 and stored["encoder.layers.0.norm.weight"] == torch.float32
    assert all(tensor.dtype == torch.float32 for tensor in model.parameters() if tensor.requires_grad)
    assert np.array_equal(predict(model, task, data[TARGET].splits["test"], device), expected)
    full = device.place(build(spec_of("full-ft"), tiny_backbone))
    assert {tensor.dtype for tensor in full.parameters()} == {torch.float32}


def test_threads_are_part_of_the_description_of_a_cpu() -> None:
    about = Device("cpu", torch.bfloat16).describe()
    assert (about["precision"], about["threads"]) == ("bfloat16", torch.get_num_threads())
