"""Every method trains on every layout of the backbone and on every kind of task; a joint one on all of them in turn."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.catalog.architectures import ARCHITECTURES
from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.catalog.task import TaskInfo
from engine.encoder.config import EncoderConfig
from engine.encoder.encoder import Encoder
from engine.encoder.loading import new_encoder
from engine.methods.model import Model

from .helpers import CONFIG, attached, batch

TASKS = tuple(BUILT_IN.find_task(f"toy/{name}") for name in ("question", "entailment", "similarity", "choice", "topics"))
LABELS: dict[str, Tensor] = {
    "toy/question": torch.tensor([0, 1, 1, 0]),
    "toy/entailment": torch.tensor([0, 2, 1, 0]),
    "toy/similarity": torch.tensor([0.0, 2.5, 5.0, 1.0]),
    "toy/choice": torch.tensor([1, 0]),
    "toy/topics": torch.eye(4, 6),
}
LAYOUTS = {"bert": (2, 0), "roberta": (1, 1), "xlm-roberta": (1, 1)}
"""Token types and padding id."""
assert LAYOUTS.keys() == ARCHITECTURES.keys()
SMALL = {"width": 12, "heads": 6, "blocks": 2, "adapter_width": 5, "embedding": 16}
"""Sizes whose defaults are meant for a width of 768."""


def encoder(model_type: str) -> Encoder:
    types, padding = LAYOUTS[model_type]
    torch.manual_seed(0)
    changes = {"model_type": model_type, "type_vocab_size": types, "pad_token_id": padding}
    return new_encoder(EncoderConfig(**{**CONFIG.__dict__, **changes}), pooler=model_type == "bert")


def train(model: Model, tasks: tuple[TaskInfo, ...]) -> None:
    """Two steps per task: after the first, LoRA's down maps have no gradient yet."""
    before = {name: tensor.clone() for name, tensor in model.trainable_state().items()}
    optimizer = torch.optim.AdamW(model.parameter_groups(1e-2, 0.0))
    for task in 2 * tasks:
        loss, logits = model.train().loss(batch(), LABELS[task.key], task.key)
        assert loss.isfinite() and logits.shape == (len(LABELS[task.key]), len(task.labels) or 1)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert all(tensor.isfinite().all() for tensor in model.trainable_state().values())
    same = {name for name, tensor in model.trainable_state().items() if torch.equal(tensor, before[name])}
    assert same <= {"heads.toy/choice.out_proj.bias"}  # which all options share


@pytest.mark.parametrize("model_type", LAYOUTS)
@pytest.mark.parametrize("method", METHODS)
def test_steps_of_every_kind_of_task(method: str, model_type: str) -> None:
    info = METHODS[method]
    sizes = {name: size for name, size in SMALL.items() if name in info.own}
    for tasks in [TASKS] if info.joint else [(task,) for task in TASKS]:
        train(attached(method, encoder(model_type), tasks=tasks, **sizes), tasks)
