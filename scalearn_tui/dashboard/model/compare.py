"""Runs or groups side by side: their names, and the facts in which they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.catalog.task import MEAN
from scalearn_tui.dashboard.detail import Detail
from scalearn_tui.dashboard.model.groups import spread
from scalearn_tui.text.formatting import NOTHING, score
from scalearn_tui.text.names import method_title

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.registry.records import Run

LETTERS = "ABCDEFGH"
Word = Callable[["Run"], str]
ID = 7
"""Digits of a run's id that lists show."""
USED = {"precision": "precision used"}
"""Conditions that have the name of a setting."""


@dataclass(frozen=True)
class Side:
    """One run, or runs that are looked at as one."""

    letter: str
    name: str
    details: tuple[Detail, ...]
    """Of its runs, by their seeds."""

    @property
    def title(self) -> str:
        """``A ScaLearn rte``."""
        return f"{self.letter} {self.name}"

    @property
    def heading(self) -> str:
        """``A ScaLearn rte (3)``: of several runs with their number."""
        return self.title if len(self.details) == 1 else f"{self.title} ({len(self.details)})"

    @property
    def legend(self) -> str:
        """``A ScaLearn``: a chart has little room, and the letter says the rest."""
        return f"{self.letter} {method_title(self.runs[0].method)}"

    @property
    def runs(self) -> list[Run]:
        return [detail.run for detail in self.details]

    @property
    def completed(self) -> list[str]:
        """Ids of its runs that can be tested."""
        return [run.id for run in self.runs if run.state == "completed"]


def sides_of(details: Iterable[Sequence[Detail]]) -> tuple[Side, ...]:
    """Sides with letters, and names that tell them apart; those without runs are left out."""
    known = [tuple(sorted(side, key=lambda detail: detail.run.seed)) for side in details if side]
    names = _names([[detail.run for detail in side] for side in known])
    return tuple(Side(letter, name, side) for letter, name, side in zip(LETTERS, names, known, strict=False))


def _names(sides: Sequence[Sequence[Run]]) -> list[str]:
    """The method, with the target and the backbone where these differ, and what tells those apart that are still alike."""
    targets = {runs[0].target for runs in sides}
    short = len({_last(target) for target in targets}) == len(targets)
    names = [method_title(runs[0].method) for runs in sides]
    of_all: tuple[Word, ...] = (lambda run: _last(run.target) if short else run.target, lambda run: run.backbone)
    for word in of_all:
        words = [word(runs[0]) for runs in sides]
        if len(set(words)) > 1:
            names = [f"{name} {text}" for name, text in zip(names, words, strict=True)]
    for words_of in (_settings, _seeds, _ids):
        for name in [name for name, count in Counter(names).items() if count > 1]:
            places = [place for place, other in enumerate(names) if other == name]
            for place, text in zip(places, words_of([sides[place] for place in places]), strict=True):
                names[place] = f"{name} {text}".rstrip()
    return names


def _last(key: str) -> str:
    return key.rpartition("/")[2]


def _settings(sides: Sequence[Sequence[Run]]) -> list[str]:
    """Those in which they differ: ``epochs 5``; with blanks, where a title is wrapped."""
    from engine.catalog.method import setting_text
    from engine.runs.deviations import settings_of

    settings = [settings_of(runs[0].parsed) for runs in sides]
    differing = [name for name in settings[0] if len({of_side.get(name) for of_side in settings}) > 1]
    return [" ".join(f"{name} {setting_text(of_side[name])}" for name in differing if name in of_side) for of_side in settings]


def _seeds(sides: Sequence[Sequence[Run]]) -> list[str]:
    seeds = [",".join(str(run.seed) for run in runs) for runs in sides]
    return [f"seed {seed}" for seed in seeds] if len(set(seeds)) > 1 else [""] * len(seeds)


def _ids(sides: Sequence[Sequence[Run]]) -> list[str]:
    return [runs[0].id[:ID] for runs in sides]


@dataclass(frozen=True)
class Fact:
    """One line of the table: a name, and its text for each side."""

    name: str
    texts: tuple[str, ...]
    always: bool = False
    """Whether it is shown even where it does not differ."""
    recorded: bool = False
    """Whether it is known only of runs that were trained, and by a version that recorded it."""

    @property
    def differs(self) -> bool:
        known = set(self.texts) - ({NOTHING} if self.recorded else set())
        return len(known) > 1


def facts(sides: Sequence[Side], catalog: Catalog) -> list[Fact]:
    """Everything that may differ, in the order of the table."""
    status = _facts([_status(side, len({run.metric for side in sides for run in side.runs}) > 1) for side in sides])
    asked = _facts([_joined([_asked(run, catalog) for run in side.runs]) for side in sides])
    recorded = _facts([_joined([_recorded(run) for run in side.runs]) for side in sides])
    return [*(replace(fact, always=True) for fact in status), *asked, *(replace(fact, recorded=True) for fact in recorded)]


def _facts(sides: Sequence[dict[str, str]]) -> list[Fact]:
    names = dict.fromkeys(name for of_side in sides for name in of_side)
    return [Fact(name, tuple(of_side.get(name) or NOTHING for of_side in sides)) for name in names]


def _joined(by_run: Sequence[dict[str, str]]) -> dict[str, str]:
    """Of runs that are not alike in something all that they have."""
    names = dict.fromkeys(name for of_run in by_run for name in of_run)
    return {name: ", ".join(dict.fromkeys(of_run[name] for of_run in by_run if name in of_run)) for name in names}


def shown(facts: Sequence[Fact], everything: bool) -> list[Fact]:
    """Those that differ, or all of them."""
    return [fact for fact in facts if everything or fact.differs or fact.always]


def _status(side: Side, several_metrics: bool) -> dict[str, str]:
    """What changes while runs are under way. The metric is part of the name unless the sides have several."""
    metric = side.runs[0].metric or ""
    in_name, in_text = ("", f"{metric} ") if several_metrics else (f" {metric}", "")
    results = {"dev": _result(side, lambda detail: detail.run.best), "test": _result(side, _tested)}
    return {
        "state": _states(side),
        **{f"{split}{in_name}": text and in_text + text for split, text in results.items()},
        "run": ", ".join(run.id[:ID] for run in side.runs),
    }


def _asked(run: Run, catalog: Catalog) -> dict[str, str]:
    from engine.catalog.method import setting_text
    from engine.runs.deviations import settings_of
    from engine.runs.distinctions import beyond_settings

    spec = run.parsed
    beyond = beyond_settings(spec, catalog)
    return {
        "method": method_title(run.method),
        "package": spec.distribution or "",
        "backbone": run.backbone,
        "target": run.target,
        # With blanks, so that long lists are wrapped between their parts.
        "sources": beyond.pop("sources", "").replace(",", ", "),
        **beyond,
        **{name: setting_text(value) for name, value in settings_of(spec).items()},
        "seed": str(run.seed),
    }


def _recorded(run: Run) -> dict[str, str]:
    """How it was trained: code, versions and hardware."""
    from engine.reports.conditions import CONDITIONS

    provenance = run.provenance or {}
    recorded = {USED.get(name, name): value_of(run) for name, value_of in CONDITIONS.items()}
    recorded |= {"python": provenance.get("python"), "hardware": provenance.get("device"), **provenance.get("versions", {})}
    return {name: str(value) for name, value in recorded.items() if value is not None and name != "scalearn-tui"}


def _states(side: Side) -> str:
    """``completed``; ``running, epoch 3/30``; of several runs how many are in which."""
    if len(side.runs) == 1:
        run = side.runs[0]
        epoch = f", epoch {run.epoch}/{run.epochs}" if run.epoch and run.state != "completed" else ""
        return f"{run.state}{epoch}"
    return ", ".join(f"{number} {state}" for state, number in Counter(run.state.value for run in side.runs).items())


def _result(side: Side, of: Callable[[Detail], float | None]) -> str:
    """``71.00 ± 1.41 (2)``, as the leaderboard writes it; of a single run just the value."""
    found = [value for value in map(of, side.details) if value is not None]
    over = spread(found)
    if over is None:
        return ""
    deviation = "" if over.deviation is None else f" ± {score(over.deviation)}"
    number = "" if len(side.runs) == 1 else f" ({len(found)})"
    return f"{score(over.mean)}{deviation}{number}"


def _tested(detail: Detail) -> float | None:
    run = detail.run
    results = detail.results.get(MEAN if len(run.tasks) > 1 else run.tasks[0], {})
    return results.get("test", {}).get(run.metric or "")
