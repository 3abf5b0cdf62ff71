"""What the fields of the form can name, with a line about each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.catalog.backbones import BACKBONES
from engine.errors import UserError
from scalearn_tui.dashboard.model.form_settings import SettingLine, settings_at_hand
from scalearn_tui.text.formatting import padded

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.catalog.task import BenchmarkInfo, TaskInfo

LISTED = ("method", "target", "sources", "backbone", "benchmark", "set")
"""Options whose values are listed."""
SINGLE = ("backbone", "benchmark")
"""Those of them that take one value."""


@dataclass(frozen=True)
class Choice:
    """One value of a field."""

    value: str
    about: str
    """Facts with at least two blanks between them, in columns with those of the other choices."""
    more: str = ""
    """What a line has no room for."""
    spellings: tuple[str, ...] = ()
    """Other words that mean it, in lower case."""
    style: str = ""
    """Of the line where it stands out."""

    @property
    def name(self) -> str:
        """``value``, of a setting without what it is set to."""
        return self.value.partition("=")[0]

    @property
    def facts(self) -> str:
        """``about`` with commas in place of columns."""
        return ", ".join(fact.strip() for fact in self.about.split("  ") if fact.strip())

    def is_meant(self, word: str) -> bool:
        """Whether a word of the field means this choice."""
        word = word.partition("=")[0].lower()
        return word == self.name.lower() or word in self.spellings


def choices_of(option: str, values: Mapping[str, str], catalog: Catalog) -> list[Choice]:
    """What a listed option may be beside the other ``values`` of the form."""
    match option:
        case "method":
            return [
                Choice(info.name, f"{info.group:<13}{info.summary}", _from(info.paper, info.distribution), info.spellings)
                for info in catalog.methods.values()
            ]
        case "target":
            return _tasks(_searched(values.get("benchmark"), catalog), catalog)
        case "sources":
            others = [Choice("all-own", "all tasks of the target's benchmark but the target")]
            return [*others, *_benchmarks(catalog), *_tasks(catalog.tasks.values(), catalog)]
        case "backbone":
            return [
                Choice(info.name, f"{info.layers} layers of {info.hidden_size}", info.hub_id or f"package {info.package}")
                for info in BACKBONES.values()
            ]
        case "benchmark":
            return _benchmarks(catalog)
        case "set":
            return [_setting(line) for line in settings_at_hand(values, catalog) if line.default]
    raise ValueError(f"the values of {option} are not listed")


def matching(choices: Sequence[Choice], typed: str) -> list[Choice]:
    """The choices that have what is typed: first those that begin with it, then those that have it in the name."""
    wanted = typed.strip().lower()

    def rank(choice: Choice) -> int:
        name = choice.name.lower()
        return 0 if name.startswith(wanted) else 1 if wanted in name else 2

    found = [choice for choice in choices if wanted in f"{choice.name} {choice.about} {choice.more}".lower()]
    return sorted(found, key=rank)


def with_choices(typed: Sequence[str], choices: Sequence[Choice], chosen: Collection[Choice]) -> list[str]:
    """The words of a field after a choice: what none of the choices means stays, and what is still chosen as it is typed."""

    def stays(word: str) -> bool:
        meant = [choice for choice in choices if choice.is_meant(word)]
        return not meant or any(choice in chosen for choice in meant)

    new = [choice.value for choice in choices if choice in chosen and not any(map(choice.is_meant, typed))]
    return [*filter(stays, typed), *new]


def _from(paper: str, distribution: str) -> str:
    return f"{paper} ({distribution})" if distribution else paper


def _searched(benchmark: str | None, catalog: Catalog) -> Collection[TaskInfo]:
    try:
        return catalog.find_benchmark(benchmark).tasks if benchmark else catalog.tasks.values()
    except UserError:
        return catalog.tasks.values()


def _tasks(tasks: Collection[TaskInfo], catalog: Catalog) -> list[Choice]:
    """A name without its benchmark means the first task of this name."""
    first: dict[str, str] = {}
    for task in catalog.tasks.values():
        first.setdefault(task.name, task.key)
    return [
        Choice(
            task.key,
            f"{task.kind.replace('_', ' '):<17}{_examples(task):<14}{task.title}",
            f"{', '.join(task.metrics)}; at most {task.max_length} tokens",
            (task.name.lower(),) if first[task.name] == task.key or len(tasks) < len(catalog.tasks) else (),
        )
        for task in tasks
    ]


def _examples(task: TaskInfo) -> str:
    count = task.split_sizes["train"]
    return f"{count:,} rows" if count else ""


def _benchmarks(catalog: Catalog) -> list[Choice]:
    return [Choice(info.name, f"{len(info.tasks)} tasks: {info.title}", _names(info)) for info in catalog.benchmarks.values()]


def _names(info: BenchmarkInfo) -> str:
    package = f" ({info.distribution})" if info.distribution else ""
    return ", ".join(task.name for task in info.tasks) + package


def _setting(line: SettingLine) -> Choice:
    """Chosen, it stands in the field with its default, to be changed there."""
    about = "  ".join((padded(line.typed or line.default, 12), padded(line.origin, 12), line.bounds))
    style = "$text-error" if line.error else "bold $text-warning" if line.typed else ""
    default = line.default.partition(" / ")[0]
    return Choice(f"{line.name}={default}", about, line.error or line.help, style=style)
