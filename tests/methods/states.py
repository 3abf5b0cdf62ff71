"""Last hidden states of models on the small encoder, and parameters set by hand."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.methods.model import Model, SourceAdapter

from .helpers import RTE, attached, batch, small_encoder


def states(model: Model) -> Tensor:
    """Last hidden states of all tokens in evaluation mode, float64."""
    with torch.no_grad():
        return model.double().eval().encode(batch(), RTE.key, first_only=False)


def plain_states() -> Tensor:
    with torch.no_grad():
        return small_encoder().double().eval()(batch(), first_only=False)


def single_adapter_states(source: SourceAdapter) -> Tensor:
    model = attached("adapter")
    heads = {name: tensor for name, tensor in model.trainable_state().items() if name.startswith("heads.")}
    model.load_trainable({**source.tensors, **heads})
    return states(model)


def set_parameter(model: Model, ending: str, value: Tensor) -> Model:
    for name, parameter in model.named_parameters():
        if name.endswith(ending):
            parameter.data = value.expand_as(parameter).clone().to(parameter.dtype)
    return model
