"""ProPETL-m, with the aliasing of the released code built explicitly: layer 0 has the last task's masks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from torch import nn

from engine.catalog.task import TaskInfo
from engine.methods.model import Model

from ..attaching import attach_by_name
from .golden import Golden, cases, hidden_states


def kind_of(labels: torch.Tensor) -> str:
    return "regression" if labels.is_floating_point() else "classification"


def aliased_task(metadata: dict[str, str]) -> str | None:
    """Whose masks layer 0 has; none in a file without the alias."""
    match = re.search(r"masks\.tasks\.([^.]+)", metadata.get("tied", ""))
    return match[1] if match else None


def joint_model(path: Path, dtype: torch.dtype) -> tuple[Model, dict[str, nn.Parameter], dict[str, TaskInfo]]:
    """The model, its parameters by the file's names, and its tasks by theirs."""
    golden = Golden(path, kind="classification")
    metadata, encoder = golden.metadata, golden.encoder()
    tasks = {}
    for name, count in json.loads(metadata["tasks"]).items():
        kind = kind_of(golden[f"tasks.{name}.inputs.labels"])
        labels = () if kind == "regression" else tuple(map(str, range(count)))
        tasks[name] = TaskInfo("golden", name, name, kind, "plain", (), (), labels=labels)
    reduction = encoder.config.hidden_size // len(golden["adapters.shared.down.bias"])
    keep = float(metadata["sparsity"])
    model = attach_by_name("propetl-m", encoder, list(tasks.values()), reduction=reduction, keep=keep)
    adapter = model.parts["adapter"]
    named: dict[str, nn.Parameter] = {}
    for name, task in tasks.items():
        named |= {f"tasks.{name}.head.{key}": p for key, p in model.heads[task.key].named_parameters()}
        named |= {f"masks.tasks.{name}.{key}": p for key, p in adapter.tasks[task.key].named_parameters()}
    for part in ("down", "up"):
        named |= {f"adapters.shared.{part}.{key}": p for key, p in getattr(adapter, part).named_parameters()}
    aliased = aliased_task(metadata)
    if aliased is not None:
        adapter.layer[0].own = adapter.tasks[tasks[aliased].key]
    for i, layer in list(enumerate(adapter.layer))[0 if aliased is None else 1 :]:
        named |= {f"masks.layer.{i}.{key}": p for key, p in layer.own.named_parameters()}
    with torch.no_grad():
        for name, parameter in named.items():
            parameter.copy_(golden[name])
    assert {p for p in model.parameters() if p.requires_grad} == set(named.values())
    return model.to(dtype).eval(), named, tasks


@pytest.mark.parametrize("dtype", (torch.float64, torch.float32), ids=str)
@pytest.mark.parametrize("path", cases("propetl_m"))
def test_outputs_and_gradients_of_each_task(path: Path | None, dtype: torch.dtype) -> None:
    assert path is not None
    model, named, tasks = joint_model(path, dtype)
    for name, task in tasks.items():
        golden = Golden(path, f"tasks.{name}.")
        model.zero_grad()
        loss, logits = model.loss(golden.packed(), golden["inputs.labels"], task.key)
        loss.backward()
        with torch.no_grad():
            actual = {"loss": loss, "logits": logits, "cls": model.encode(golden.packed(), task.key)}
        actual |= hidden_states(model, golden.packed(), task.key)
        expected = {
            key: value[golden.real] if key.startswith("hidden_states") else value
            for key, value in golden.below("outputs.").items()
            if not key.endswith("_float32")
        }
        golden.compare(actual, expected, dtype)
        gradients = {key: p.grad for key, p in named.items() if p.grad is not None}
        golden.compare(gradients, golden.below("grads."), dtype)
        others = tasks.keys() - {name, aliased_task(golden.metadata)}
        assert not any(key.startswith(f"masks.tasks.{other}.") for key in gradients for other in others)
