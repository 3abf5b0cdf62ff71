"""A sweep as declared in a TOML file, checked without looking up what it names."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from engine.catalog.defaults import DEFAULT_BACKBONE
from engine.catalog.method import LARGEST_SEED, Value
from engine.catalog.task import LIMITED_SPLITS
from engine.errors import UserError, complaint, did_you_mean
from engine.files.bounded import parse_toml, read_declared
from engine.runs.seeds import parse_seeds
from engine.runs.tags import check_tag

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def _listed(value: Any) -> Any:
    """A single value needs no brackets."""
    return tuple(value) if isinstance(value, list) else (value,)


def _seeds(value: Any) -> Any:
    """Also a text, as the flag has it: ``0-4``."""
    if not isinstance(value, str):
        return _listed(value)
    try:
        return parse_seeds(value)
    except UserError as error:
        raise ValueError(str(error).removeprefix("seed ")) from None


def _tag(text: str) -> str:
    try:
        return check_tag(text)
    except UserError as error:
        raise ValueError(f"cannot be used: {error}") from None


def _filled(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise ValueError("has an empty list; leave the key out, or fill it")
    return values


def _sets(value: Any) -> Any:
    """One set of sources, or a list of sets."""
    several = isinstance(value, list) and any(isinstance(item, list) for item in value)
    return value if several else [value]


def _setting(value: Any) -> Any:
    """A value, a list of values, or a table of such settings for one method."""
    if not isinstance(value, dict):
        return _values(value, "has no")
    return {name: _values(item, f"has for {name} no") for name, item in value.items()}


def _values(value: Any, verb: str) -> tuple[Value, ...]:
    values: tuple[Value, ...] = _listed(value)
    if not values or not all(isinstance(item, bool | int | float | str) for item in values):
        raise ValueError(f"{verb} value or list of values: {str(value)[:40]}")
    return values


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("has an empty text; leave it out, or write one")
    return text


def _known_splits(limits: dict[str, int]) -> dict[str, int]:
    for split in limits:
        if split not in LIMITED_SPLITS:
            raise ValueError(f"takes {', '.join(LIMITED_SPLITS)}, not {split[:40]!r}{did_you_mean(split, LIMITED_SPLITS)}")
    return limits


Text = Annotated[str, AfterValidator(_not_blank)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_listed), AfterValidator(_filled)]
Seeds = Annotated[tuple[Annotated[int, Field(ge=0, le=LARGEST_SEED)], ...], BeforeValidator(_seeds), AfterValidator(_filled)]
Shots = Annotated[tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(_listed), AfterValidator(_filled)]
Limits = Annotated[dict[str, Annotated[int, Field(ge=1)]], AfterValidator(_known_splits)]
Settings = dict[str, Annotated[Any, BeforeValidator(_setting)]]
"""By name the values of a setting, or by a method's name its settings."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Part(_Table):
    """Runs of every combination; what a part leaves out it takes from the top of its file."""

    methods: Texts = ()
    targets: Texts = ()
    benchmark: Text | None = None
    sources: Annotated[list[Texts], BeforeValidator(_sets)] | None = None
    """Sets of sources."""
    backbones: Texts = (DEFAULT_BACKBONE,)
    seeds: Seeds = (0,)
    shots: Shots = ()
    epochs: Annotated[int, Field(ge=1)] | None = None
    limits: Limits = {}
    settings: Settings = {}


class Exclusion(_Table):
    """Combinations that are left out: those that have one of the values of every key given."""

    methods: Texts | None = None
    targets: Texts | None = None
    backbones: Texts | None = None
    seeds: Seeds | None = None
    shots: Shots | None = None
    settings: Settings = {}


class Range(_Table):
    """What a random search draws a setting from."""

    low: float
    high: float
    log: bool | None = None
    """Uniform in the logarithm; by default for learning rates."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError("needs a low that is below its high")
        return self


def _space(value: Any) -> Any:
    """What a setting is drawn from, or a table of such settings for one method."""
    if isinstance(value, dict) and not value.keys() & Range.model_fields.keys():
        return {name: _drawn_from(item, f"has for {name} ") for name, item in value.items()}
    return _drawn_from(value)


def _drawn_from(value: Any, of: str = "has ") -> tuple[Value, ...] | Range:
    if not isinstance(value, dict):
        return _values(value, f"{of}no")
    try:
        return Range(**value)
    except ValidationError as error:
        violation = error.errors()[0]
        mistake = " ".join([*map(str, violation["loc"]), complaint(violation)])
        raise ValueError(f"{of}no valid range: {mistake}") from None


class Tune(_Table):
    """How many settings of each method are tried on each of its tasks, and from what; the best on dev is reported."""

    settings: Annotated[int, Field(ge=2, le=1000)]
    """The same number for every method."""
    search: Literal["grid", "random"] = "grid"
    seeds: Seeds = (100,)
    """Of the runs that are compared; the reported ones have others."""
    space: dict[str, Annotated[Any, BeforeValidator(_space)]]
    """By the name of a setting its values or its range, or by a method's name a table of these."""


class _File(Part):
    name: Text
    tags: Annotated[tuple[Annotated[Text, AfterValidator(_tag)], ...], BeforeValidator(_listed), AfterValidator(_filled)] = ()
    data_dir: Text | None = None
    exclude: list[Exclusion] = []
    part: list[Part] = []
    tune: Tune | None = None


TABLES: dict[str, type[BaseModel]] = {"part": Part, "exclude": Exclusion}


@dataclass(frozen=True)
class Declaration:
    """What a file asks for."""

    name: str
    file: Path
    """As the user named it."""
    text: str
    """Its content."""
    parts: dict[str, Part]
    """Each complete, by where it stands, for messages."""
    data_dir: Path | None
    exclude: tuple[Exclusion, ...]
    tags: tuple[str, ...] = ()
    """Of every run that it asks for."""
    tune: Tune | None = None


def read_sweep(file: Path) -> Declaration:
    """The sweep declared in ``file``. Raises UserError that names the file and the key."""
    return parse_sweep(read_declared(file), file)


def parse_sweep(text: str, file: Path) -> Declaration:
    """The sweep declared by ``text``, the content of ``file``. Raises UserError as ``read_sweep``."""
    try:
        declared = _File(**parse_toml(text, file))
    except ValidationError as error:
        raise UserError(f"{file}: {_mistake(error)}") from None
    if not NAME.fullmatch(declared.name):
        rule = "up to 64 lower-case letters, digits, - and _"
        raise UserError(f"{file}: name {declared.name[:80]!r} is not a valid name; use {rule}")
    folder = beside(file, declared.data_dir) if declared.data_dir else None
    parts = dict(_parts(declared, file))
    return Declaration(declared.name, file, text, parts, folder, tuple(declared.exclude), declared.tags, declared.tune)


def beside(file: Path, name: str) -> Path:
    """A folder that a file names, relative to its own. Raises UserError for what can be no folder's name."""
    try:
        folder = file.absolute().parent / Path(name).expanduser()
        folder.is_dir()
    except (OSError, ValueError, RuntimeError):
        # Too long, a null byte, or the home of an unknown user.
        raise UserError(f"{file}: {name[:80]!r} cannot be the name of a folder") from None
    return folder


def _parts(declared: _File, file: Path) -> Iterator[tuple[str, Part]]:
    """The parts with what they take from the top, which is the only one where there is no ``[[part]]``."""
    top = {name: getattr(declared, name) for name in Part.model_fields if name in declared.model_fields_set}
    if unused := [name for name in top if declared.part and all(name in part.model_fields_set for part in declared.part)]:
        raise UserError(f"{file}: {unused[0]} at the top is not used: every part has its own; leave it out of one place")
    for number, part in enumerate(declared.part or [declared], start=1):
        place = f"part {number}" if declared.part else ""
        whole = part.model_copy(update={name: value for name, value in top.items() if name not in part.model_fields_set})
        where = f"{file}: {place}: " if place else f"{file}: "
        if not whole.methods:
            raise UserError(f'{where}methods is missing, as in methods = ["adapter"]')
        if not whole.targets and not whole.benchmark:
            raise UserError(f'{where}targets is missing, as in targets = ["boolq"], or benchmark = "superglue"')
        yield place, whole


def _mistake(error: ValidationError) -> str:
    """The first violation: the key, and what is wrong with it."""
    violations = error.errors()
    # A misspelt key is also one that is missing.
    violation = next((found for found in violations if found["type"] == "extra_forbidden"), violations[0])
    table, *rest = violation["loc"]
    known: type[BaseModel] = _File
    place = ""
    if table == "tune":
        known, place = Tune, "tune"
    elif table in TABLES and rest:
        known, place, rest = TABLES[str(table)], f"{table} {int(rest[0]) + 1}", rest[1:]
    else:
        rest = [table, *rest]
    key = ".".join(part for part in rest if isinstance(part, str))
    place = f"{place}: " if place and key else place
    if violation["type"] == "extra_forbidden":
        return f"{place}unknown key {key}{did_you_mean(key, known.model_fields)}; there are {', '.join(known.model_fields)}"
    if violation["type"] in ("model_type", "dict_type", "model_attributes_type"):
        return f"{place}{key} must be a table"
    return f"{place}{key} {complaint(violation)}"
