"""The catalog's settings are the arguments of the function that they are passed to by name, where mypy cannot compare them."""

from __future__ import annotations

import importlib
import inspect

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.catalog.method import MethodInfo


@pytest.mark.parametrize("method", BUILT_IN.methods.values(), ids=lambda method: method.name)
def test_settings_are_the_arguments_of_attach(method: MethodInfo) -> None:
    module, name = method.implementation.split(":")
    parameters = inspect.signature(getattr(importlib.import_module(module), name), eval_str=True).parameters.values()
    arguments = {parameter.name: parameter.annotation for parameter in parameters if parameter.kind == parameter.KEYWORD_ONLY}
    settings = {name: setting.default for name, setting in method.own.items()} | method.fixed
    assert not method.own.keys() & method.fixed.keys()
    assert arguments == {name: type(value) for name, value in settings.items()}
