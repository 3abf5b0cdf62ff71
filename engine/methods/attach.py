"""Builds the model of a method's catalog entry."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence

from engine.catalog.method import MethodInfo, Value
from engine.catalog.task import TaskInfo
from engine.encoder.encoder import Encoder
from engine.methods.model import Model, SourceAdapter


def attach(
    method: MethodInfo,
    encoder: Encoder,
    tasks: Sequence[TaskInfo],
    sources: Sequence[SourceAdapter],
    settings: Mapping[str, Value],
) -> Model:
    """Call the ``implementation`` with the method's own settings and the arguments that its entry fixes.

    Args:
        encoder: its parameters are frozen or made trainable, and a method with heads on the pooler adds one that is missing.
        sources: in order; empty unless the method combines source adapters.
        settings: of a run; those that are not the method's own are ignored.

    Raises:
        UserError: settings, sources and encoder do not fit together.
    """
    module, name = method.implementation.split(":")
    implementation: Callable[..., Model] = getattr(importlib.import_module(module), name)
    return implementation(encoder, tasks, sources, **{own: settings[own] for own in method.own}, **method.fixed)
