"""What attention does for GPUs: heads of any size, and no kernel that plans for every shape."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from engine.encoder.attention import attention


@pytest.mark.parametrize("size", [17, 26, 34, 64])
def test_padded_heads_attend_and_learn_as_those_of_their_own_size(size: int) -> None:
    torch.manual_seed(0)
    real = torch.arange(9) < torch.tensor([[4], [9], [6]])
    mask = real[:, None, None]
    inputs = [torch.randn(3, 2, 9, size, dtype=torch.float64, requires_grad=True) for _ in range(3)]
    outputs, gradients = [], []
    for multiple in (1, 8):
        mixed = attention(*inputs, mask, 0.0, multiple)
        outputs.append(mixed)
        gradients.append(torch.autograd.grad(mixed.square().sum(), inputs))
    scores = (inputs[0] @ inputs[1].transpose(2, 3) / size**0.5).masked_fill(~mask, float("-inf"))
    assert torch.allclose(outputs[0], scores.softmax(-1) @ inputs[2], atol=1e-12)
    assert outputs[1].shape == outputs[0].shape and torch.allclose(outputs[1], outputs[0], atol=1e-12)
    assert all(torch.allclose(left, right, atol=1e-12) for left, right in zip(*gradients, strict=True))


def test_cudnn_attention_is_off_wherever_attention_is_computed() -> None:
    probe = "import torch; f = torch.backends.cuda.cudnn_sdp_enabled; a = f(); import engine.encoder.attention; print(a, f())"
    assert subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout == "True False\n"
