"""From the parts of a sweep to requests, each of which is one product of methods, targets, seeds, shots and settings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.catalog.backbones import BACKBONES
from engine.catalog.catalog import Catalog
from engine.catalog.method import Value
from engine.errors import UserError
from engine.runs.request import Request
from engine.sweeps.cells import request_command
from engine.sweeps.declaration import Declaration, Part, Settings, beside

MOST_CELLS = 20_000
"""Of a sweep; more are likely a slip in a grid."""
Asked = list[tuple[str, Request]]
"""Requests with the part of the file where they stand, for messages."""
Values = dict[str, Value | tuple[Value, ...]]


def requests_of(declaration: Declaration, catalog: Catalog) -> Asked:
    """What the sweep asks for: a request for each part, backbone, set of sources, and methods that share their settings.

    Raises UserError for unknown methods, for settings of a method that no part has, and for too many cells.
    """
    asked: Asked = []
    for place, part in declaration.parts.items():
        with blamed(declaration, place):
            asked += [(place, request) for request in _requests(part, declaration, catalog)]
    _check_tables_are_used(declaration, catalog)
    check_size(declaration, asked, catalog)
    return asked


def check_size(declaration: Declaration, asked: Asked, catalog: Catalog) -> None:
    """Raises UserError for too many cells."""
    with blamed(declaration):
        if (cells := sum(_fewest_cells(request, catalog) for _, request in asked)) > MOST_CELLS:
            raise UserError(f"asks for {cells:,} runs and more; a sweep has at most {MOST_CELLS:,}")


@contextmanager
def blamed(declaration: Declaration, place: str = "") -> Iterator[None]:
    """Bad input is reported with the file, and the part of it, that has it."""
    try:
        yield
    except UserError as error:
        if error.exit_code != 2:
            raise
        raise UserError(f"{declaration.file}: {f'{place}: ' if place else ''}{error}") from error


def backbone_of(file: Path, name: str) -> str:
    """A backbone that is a folder is looked for beside the file."""
    folder = beside(file, name)
    return str(folder) if name.lower() not in BACKBONES and folder.is_dir() else name


def _requests(part: Part, declaration: Declaration, catalog: Catalog) -> Iterator[Request]:
    alike: list[tuple[Values, list[str]]] = []
    for method in part.methods:
        settings = _settings_of(method, part.settings, catalog)
        same = next((methods for known, methods in alike if known == settings), None)
        if same is None:
            alike.append((settings, same := []))
        same.append(method)
    sets: Sequence[tuple[str, ...] | None] = part.sources or (None,)
    for backbone in part.backbones:
        for sources in sets:
            for settings, methods in alike:
                yield Request(
                    methods=tuple(methods),
                    targets=part.targets,
                    benchmark=part.benchmark,
                    sources=sources,
                    backbone=backbone_of(declaration.file, backbone),
                    seeds=part.seeds,
                    settings=settings,
                    epochs=part.epochs,
                    limits=part.limits,
                    shots=part.shots,
                    data_dir=declaration.data_dir,
                    command=request_command(declaration.name),
                )


def _settings_of(method: str, settings: Settings, catalog: Catalog) -> Values:
    """Those of all methods, and in their place those of the method's own table."""
    name = catalog.find_method(method).name
    own = [table for key, table in settings.items() if isinstance(table, dict) and catalog.find_method(key).name == name]
    shared = {key: values for key, values in settings.items() if not isinstance(values, dict)}
    for table in own:
        shared |= table
    return {key: values if len(values) > 1 else values[0] for key, values in shared.items()}


def _check_tables_are_used(declaration: Declaration, catalog: Catalog) -> None:
    tables = {key for part in declaration.parts.values() for key, value in part.settings.items() if isinstance(value, dict)}
    methods = {catalog.find_method(method).name for part in declaration.parts.values() for method in part.methods}
    for table in sorted(tables):
        if catalog.find_method(table).name not in methods:
            raise UserError(f"{declaration.file}: settings.{table} is not used: {table} is not among the methods")


def _fewest_cells(request: Request, catalog: Catalog) -> int:
    """The runs that it asks for, if each joint method makes as many as a single one."""
    grid = math.prod(len(values) for values in request.settings.values() if isinstance(values, tuple))
    singles = [method for method in request.methods if not catalog.find_method(method).joint]
    joint = len(request.methods) - len(singles)
    return (len(singles) * (len(request.targets) or 1) + joint) * len(request.seeds) * (len(request.shots) or 1) * grid
