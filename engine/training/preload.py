"""Imports what workers need up to their first step, whatever their method, where their texts are in the token cache.

The fork server loads this and then forks workers: nothing here or below may compute or start a thread when it is imported.
"""

from __future__ import annotations

from importlib import import_module

from sqlalchemy.orm import configure_mappers

from engine.catalog.architectures import ARCHITECTURES
from engine.catalog.methods import METHODS

MODULES = (
    "engine.plugins.home_catalog",
    "engine.registry.store",
    "engine.training.attempt",
    "engine.training.loop",
    "engine.training.metric_writer",
    "engine.training.setup",
    # Which numpy and SQLAlchemy import when they are first used.
    "numpy.ma",
    "sqlalchemy.dialects.sqlite",
)
IMPLEMENTATIONS = (
    *(method.implementation for method in METHODS.values()),
    *(architecture.implementation for architecture in ARCHITECTURES.values()),
)

for name in (*MODULES, *(implementation.partition(":")[0] for implementation in IMPLEMENTATIONS)):
    import_module(name)
configure_mappers()
