"""Each joint method's forward pass and gradients, task by task, equal the released code's, in float64 and in float32."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from .golden import cases, hidden_states
from .joint import NAMES, JointGolden

DTYPES = (torch.float64, torch.float32)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("path", cases(*NAMES))
def test_outputs_and_gradients_of_every_task(path: Path | None, dtype: torch.dtype) -> None:
    joint = JointGolden(path)
    model = joint.model(dtype)
    for name, golden in joint.tasks.items():
        key = f"golden/{name}"
        expected = {state: tensor[golden.real] for state, tensor in golden.below("outputs.").items() if "hidden" in state}
        if expected:
            golden.compare(hidden_states(model, golden.packed(), key), expected, dtype)
        model.zero_grad(set_to_none=True)
        loss, logits = model.loss(golden.packed(), golden["inputs.labels"], key)
        loss.backward()
        with torch.no_grad():
            cls = model.encode(golden.packed(), key)
        outputs = {"loss": loss, "logits": logits, "cls": cls}
        golden.compare(outputs, {output: golden[f"outputs.{output}"] for output in outputs}, dtype)
        gradients = {parameter: p.grad for parameter, p in model.named_parameters() if p.grad is not None}
        expected = golden.below("grads.")
        golden.compare({grad: joint.slot(gradients, grad) for grad in expected}, expected, dtype)
        others = [parameter for parameter in gradients if "golden/" in parameter and key not in parameter.split(".")]
        assert not others, f"tasks that were not in the batch have gradients: {others}"


@pytest.mark.parametrize("path", cases("hyperformer", "hyperformer_plusplus"))
def test_generated_adapters(path: Path | None) -> None:
    joint = JointGolden(path)
    hypernet = joint.model(torch.float64).parts["hypernet"]
    names = ("down.weight", "down.bias", "up.weight", "up.bias", "post_norm.weight", "post_norm.bias")
    for name, golden in joint.tasks.items():
        expected = golden.below("generated.layer.")
        if not expected:
            continue
        with torch.no_grad():
            parts = hypernet.folded(f"golden/{name}")
        actual = {
            f"{layer}.{part}": tensors[layer]
            for part, tensors in zip(names, parts, strict=True)
            for layer in range(len(parts[0]))
        }
        golden.compare(actual, expected, torch.float64)
