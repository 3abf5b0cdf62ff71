"""A method attached as a worker would, by its catalog entry, with its defaults for what a test does not say."""

from __future__ import annotations

from collections.abc import Sequence

from engine.catalog.methods import METHODS
from engine.catalog.task import TaskInfo
from engine.encoder.encoder import Encoder
from engine.methods.attach import attach
from engine.methods.model import Model, SourceAdapter


def attach_by_name(
    name: str, encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter] = (), **settings: object
) -> Model:
    info = METHODS[name]
    defaults = {name: setting.default for name, setting in info.hyperparameters().items()}
    return attach(info, encoder, tasks, sources, {**defaults, **info.defaults, **settings})
