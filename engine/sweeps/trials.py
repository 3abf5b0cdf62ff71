"""The settings of a method that tuning tries: all combinations of a grid, or as many as are wanted, drawn at random."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from itertools import islice, product

from engine.catalog.catalog import Catalog
from engine.catalog.method import MethodInfo, Value
from engine.errors import UserError, did_you_mean
from engine.sweeps.declaration import Range, Tune

Trial = dict[str, Value]
"""One setting of a method: a value for each name of its space."""
Space = Mapping[str, tuple[Value, ...] | Range]
DIGITS = 3
"""Significant digits of what is drawn from a range, so that it can be read and written down."""
DRAWS_PER_TRIAL = 100


def trials_of(tune: Tune, method: MethodInfo, catalog: Catalog) -> list[Trial]:
    """The settings of ``method`` that are tried, all different. Raises UserError unless there are as many as for every method.

    Methods that draw a setting from the same range draw the same values, and more settings begin with those of fewer.
    """
    space = _space_of(tune, method, catalog)
    for name in space:
        if name not in method.hyperparameters():
            close = did_you_mean(name, method.hyperparameters())
            known = ", ".join(sorted(method.hyperparameters()))
            raise UserError(f"{method.name} has no setting {name!r}{close}; it has {known}")
        if isinstance(values := space[name], Range):
            _check_range(values, name, method)
    if tune.search == "random":
        trials = list(islice(_different(_draws(space, method, tune.settings * DRAWS_PER_TRIAL), method), tune.settings))
    else:
        trials = list(islice(_different(_grid(space, method), method), tune.settings + 1))
    if (count := len(trials)) != tune.settings:
        counted = f"more than {tune.settings}" if count > tune.settings else str(count)
        raise UserError(f"{method.name} has {counted} different settings; every method tries {tune.settings}")
    return trials


def _space_of(tune: Tune, method: MethodInfo, catalog: Catalog) -> Space:
    """What all methods share, and in its place what the method's own table says."""
    shared = {name: values for name, values in tune.space.items() if not isinstance(values, dict)}
    own = [table for key, table in tune.space.items() if isinstance(table, dict) and catalog.find_method(key) == method]
    space = shared | {name: values for table in own for name, values in table.items()}
    if not space:
        raise UserError(f"there is nothing of {method.name}; add a table [tune.space.{method.name}]")
    return space


def _grid(space: Space, method: MethodInfo) -> Iterator[Trial]:
    """Every combination, the last name varying fastest."""
    lists: list[tuple[Value, ...]] = []
    for name, values in space.items():
        if isinstance(values, Range):
            raise UserError(f'{name} of {method.name} is a range; list its values, or search = "random"')
        lists.append(values)
    return (dict(zip(space, chosen, strict=True)) for chosen in product(*lists))


def _draws(space: Space, method: MethodInfo, count: int) -> Iterator[Trial]:
    for number in range(count):
        yield {name: _draw(values, name, method, number) for name, values in space.items()}


def _draw(values: tuple[Value, ...] | Range, name: str, method: MethodInfo, number: int) -> Value:
    # A seed of text, and only ``random()`` of it, are the same in every version of Python.
    uniform = random.Random(f"{name} {number}").random()
    if not isinstance(values, Range):
        return values[int(uniform * len(values))]
    whole = isinstance(method.hyperparameters()[name].default, int)
    low, high = values.low, values.high + whole
    drawn = low * (high / low) ** uniform if _is_logarithmic(values, name) else low + uniform * (high - low)
    return int(drawn) if whole else float(f"{drawn:.{DIGITS}g}")


def _check_range(values: Range, name: str, method: MethodInfo) -> None:
    default = method.hyperparameters()[name].default
    if isinstance(default, bool | str):
        raise UserError(f"{name} of {method.name} is no number to have a range; list its values")
    if values.low <= 0 and _is_logarithmic(values, name):
        raise UserError(f"{name} is drawn in the logarithm; its low must be above 0, or log = false")
    for bound in (values.low, values.high):
        method.hyperparameters()[name].parse(name, bound)


def _is_logarithmic(values: Range, name: str) -> bool:
    return name == "learning_rate" if values.log is None else values.log


def _different(trials: Iterator[Trial], method: MethodInfo) -> Iterator[Trial]:
    """Each setting once, with its values as the method reads them: 1 and 1.0 are one."""
    known: list[Trial] = []
    settings = method.hyperparameters()
    for trial in trials:
        read = {name: settings[name].parse(name, value) for name, value in trial.items()}
        if read not in known:
            known.append(read)
            yield read
