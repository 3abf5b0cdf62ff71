"""The launch options, declared once: flags and completions of ``scalearn run``, fields of the dashboard's form.

Both hand their values to ``parse_request``, so the same words mean the same request. Nothing here imports pydantic or
sqlmodel before a request is built.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.catalog.backbones import BACKBONES
from engine.catalog.defaults import DEFAULT_BACKBONE, DEFAULT_METHOD
from engine.errors import UserError
from engine.runs.seeds import is_whole, parse_seeds

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.catalog.method import MethodInfo
    from engine.catalog.method import Value as Setting
    from engine.catalog.task import BenchmarkInfo
    from engine.runs.request import Request

Value = str | Sequence[str] | None
"""What the user typed for one option: text, or the texts of a repeated flag."""


@dataclass(frozen=True)
class LaunchOption:
    """One option of a launch, as a flag and as a field."""

    name: str
    """Key of the values that ``parse_request`` takes."""
    flags: tuple[str, ...]
    """Long form first."""
    label: str
    help: str
    placeholder: str
    default: str = ""
    listed_by: str = ""
    """Command that lists the possible values."""
    required: bool = False
    repeated: bool = False
    """Whether a command repeats the flag for each of several values; otherwise one flag has them all, separated by commas.
    Flags accept both; a form has one field, its values separated by spaces or commas."""
    choices: Callable[[Catalog], list[str]] | None = None
    """Known values, for completion and for menus; other values may be valid too."""
    entries: Callable[[Catalog], Mapping[str, MethodInfo] | Mapping[str, BenchmarkInfo]] | None = None
    """Where the values are found in the catalog, for menus that mark those of installed packages."""


def _task_names(catalog: Catalog) -> list[str]:
    """Names without their benchmark, then keys."""
    return [*dict.fromkeys(task.name for task in catalog.tasks.values()), *catalog.tasks]


def _limits(_catalog: Catalog) -> list[str]:
    from engine.catalog.task import LIMITED_SPLITS

    return [f"{split}=" for split in LIMITED_SPLITS]


LAUNCH_OPTIONS: tuple[LaunchOption, ...] = (
    LaunchOption(
        "method",
        ("--method", "-m"),
        "Method",
        "How parameters are added and trained; `scalearn methods` lists them.",
        "scalearn++",
        default=DEFAULT_METHOD,
        listed_by="scalearn methods",
        required=True,
        repeated=True,
        choices=lambda catalog: list(catalog.methods),
        entries=lambda catalog: catalog.methods,
    ),
    LaunchOption(
        "target",
        ("--target", "-t"),
        "Target",
        "The task to learn, as boolq or superglue/boolq; several make several runs, or one run of a joint method.",
        "boolq",
        listed_by="scalearn tasks",
        required=True,
        repeated=True,
        choices=_task_names,
    ),
    LaunchOption(
        "sources",
        ("--sources",),
        "Sources",
        "Sources of a two-stage method: tasks, a benchmark, all-own (the benchmark but the target), all-cb (but cb), "
        "or ids of `scalearn adapters ls`; the target's own comes last. Default: all tasks of the benchmark.",
        "cb,copa,rte",
        choices=lambda catalog: [*_task_names(catalog), "all-own", *catalog.benchmarks],
    ),
    LaunchOption(
        "backbone",
        ("--backbone", "-b"),
        "Backbone",
        "Pretrained encoder: a name of `scalearn backbones`, a hub id or a folder.",
        "roberta-base",
        default=DEFAULT_BACKBONE,
        choices=lambda _: list(BACKBONES),
    ),
    LaunchOption(
        "benchmark",
        ("--benchmark",),
        "Benchmark",
        "Where to look for the target when several benchmarks have it; without a target, all its tasks.",
        "superglue",
        choices=lambda catalog: list(catalog.benchmarks),
        entries=lambda catalog: catalog.benchmarks,
    ),
    LaunchOption("seed", ("--seed",), "Seeds", "One run for each seed: 0, 0-2 or 0,3.", "0-2", default="0"),
    LaunchOption(
        "data_dir",
        ("--data-dir",),
        "Data folder",
        "Folder of files in the hub's schema, used in place of the hub.",
        "DIR",
    ),
    LaunchOption(
        "set",
        ("--set", "-s"),
        "Settings",
        "A setting of the method in place of the paper's; several values of one make a run each. "
        "`scalearn methods --json` lists them.",
        "learning_rate=3e-3",
        repeated=True,
        choices=lambda catalog: [f"{name}=" for info in catalog.methods.values() for name in info.hyperparameters()],
    ),
    LaunchOption(
        "limit",
        ("--limit",),
        "Limits",
        "Use at most this many examples of a split (train, dev, test), for sources too.",
        "train=500",
        repeated=True,
        choices=_limits,
    ),
    LaunchOption("epochs", ("--epochs",), "Epochs", "Planned passes over the training split, for sources too.", "30"),
    LaunchOption(
        "shots",
        ("--shots",),
        "Shots",
        "Few-shot: train on this many examples of the target, drawn by the seed; other sources keep all of theirs. "
        "One run for each number.",
        "16",
        choices=lambda _: ["4", "16", "32", "100"],
    ),
)


def parse_request(values: Mapping[str, Value]) -> Request:
    """The request that ``values`` (by option name; absent ones take their defaults) describe.

    Raises UserError in one line where the text is malformed. What it names, and the range of numbers, the planner checks.
    """
    unknown = set(values) - {option.name for option in LAUNCH_OPTIONS}
    if unknown:
        raise ValueError(f"no launch option {', '.join(sorted(unknown))}")
    for option in LAUNCH_OPTIONS:
        if isinstance(values.get(option.name), str | list) and not words(values.get(option.name)):
            raise UserError(
                f"{option.flags[0]} is empty; write it as in {option.flags[0]} {option.placeholder}, or leave it out"
            )
        if option.name == "target" and _text(values.get("benchmark")):
            continue
        if option.required and not option.default and not words(values.get(option.name)):
            raise UserError(
                f"name a {option.name}, as in {option.flags[0]} {option.placeholder}; `{option.listed_by}` lists them"
            )

    from engine.runs.request import Request

    sources = words(values.get("sources"))
    folder, epochs = (_text(values.get(name)) for name in ("data_dir", "epochs"))
    return Request(
        methods=tuple(words(values.get("method")) or [DEFAULT_METHOD]),
        targets=tuple(words(values.get("target"))),
        benchmark=_text(values.get("benchmark")) or None,
        sources=tuple(sources) if sources else None,
        backbone=_text(values.get("backbone")) or DEFAULT_BACKBONE,
        seeds=parse_seeds(_text(values.get("seed")) or "0"),
        settings=parse_settings(words(values.get("set"))),
        epochs=_whole(epochs, "epochs") if epochs else None,
        shots=tuple(_whole(count, "shots") for count in words(values.get("shots"))),
        limits=parse_limits(words(values.get("limit"))),
        data_dir=Path(folder) if folder else None,
        command=command_line(values),
    )


def command_line(values: Mapping[str, Value]) -> str:
    """The ``scalearn run`` command that asks for the same; options at their defaults are left out."""
    command = ["scalearn", "run"]
    for option in LAUNCH_OPTIONS:
        given = values.get(option.name)
        if option.repeated:
            command += [word for value in words(given) for word in (option.flags[0], value)]
        elif (text := _text(given)) and text != option.default:
            command += [option.flags[0], text]
    return shlex.join(command)


def parse_settings(pairs: Iterable[str]) -> dict[str, Setting | tuple[Setting, ...]]:
    """``["learning_rate=3e-3"]`` as a dictionary, several values of one name as a tuple of them.

    The method's catalog entry casts and checks values. Raises UserError.
    """
    settings: dict[str, tuple[Setting, ...]] = {}
    for name, value in _pairs(pairs, "set", "learning_rate=3e-3"):
        settings[name] = (*settings.get(name, ()), value)
    return {name: values if len(values) > 1 else values[0] for name, values in settings.items()}


def parse_limits(pairs: Iterable[str]) -> dict[str, int]:
    """``["train=500"]`` as numbers of examples by split. Raises UserError."""
    limits: dict[str, int] = {}
    for split, text in _pairs(pairs, "limit", "train=500"):
        if split in limits:
            raise UserError(f"limit gives {split} twice")
        limits[split] = _whole(text, f"limit {split}")
    return limits


def _pairs(pairs: Iterable[str], what: str, example: str) -> Iterator[tuple[str, str]]:
    for pair in pairs:
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not (name and equals and value):
            raise UserError(f"{what} must look like {example}, not {pair!r}")
        yield name.replace("-", "_"), value


def _whole(text: str, what: str) -> int:
    if not is_whole(text):
        raise UserError(f"{what} must be a whole number, not {text[:40]!r}")
    return int(text)


def _text(value: Value) -> str:
    return (value if isinstance(value, str) else ",".join(value or ())).strip()


def words(value: Value) -> list[str]:
    """Parts separated by commas or blanks, each once."""
    return list(dict.fromkeys(_text(value).replace(",", " ").split()))
