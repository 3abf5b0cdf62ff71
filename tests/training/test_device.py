"""Seeding per step gives the streams of torch's own seeding, and no other."""

from __future__ import annotations

import torch

from engine.training.device import Device, choose_device


def test_seeding_is_torchs() -> None:
    torch.manual_seed(2**62 + 3)
    expected = torch.rand(5)
    Device("cpu", None).seed(2**62 + 3)
    assert torch.equal(torch.rand(5), expected)


def test_cudnn_attention_is_off() -> None:
    torch.backends.cuda.enable_cudnn_sdp(True)
    choose_device("auto")
    assert not torch.backends.cuda.cudnn_sdp_enabled()
