"""What runs take from their sources, read from their files and the registry. All of it blocks."""

from __future__ import annotations

import shlex
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import UserError
from engine.registry.records import RunState
from scalearn_tui.dashboard.detail import Detail
from scalearn_tui.dashboard.model.compare import ID, Side, sides_of
from scalearn_tui.dashboard.model.transfer import TransferMap, map_of_curves, map_of_pairs, maps_of
from scalearn_tui.text.errors import one_line
from scalearn_tui.text.names import method_title

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.files.source_weights import SourceWeights
    from engine.registry.reading import Reader
    from engine.registry.records import Run
    from engine.reports.figures.probing import Probing, ProbingPair

FIGURES = {"scales": "scales", "attention": "fusion", "soup": "soup"}
"""Kinds of ``scalearn figure`` by the kind of weights."""
OTHER_FIGURES = {"adapterfusion": "fusion", "adaptersoup": "soup"}
"""The same by method, of those that learn no scales."""


@dataclass(frozen=True)
class Taken:
    """What a run, or runs that differ in nothing but the seed, take from their sources."""

    side: Side
    maps: tuple[TransferMap, ...] = ()
    """Empty where there are no numbers; ``notes`` say why."""
    curves: Probing | None = None
    of_all: bool = False
    """Whether the numbers are of all runs of the kind, not of the chosen ones alone."""
    notes: tuple[str, ...] = ()
    """Which runs are missing in the numbers, and why."""
    command: str = ""
    """What prints the same; empty where there is nothing to print."""


class TransferReader:
    """Reads the chosen runs. ``read`` must be called by one thread at a time."""

    def __init__(self, registry: Reader, catalog: Catalog, run_ids: Sequence[str]) -> None:
        self.registry, self._catalog, self._ids = registry, catalog, run_ids
        self._probed: dict[Hashable, Probing | ProbingPair | str] = {}
        """By what is probed and the states of the chosen runs: the figure of all probes, or why there is none."""

    def read(self) -> list[Taken]:
        """By group, at this moment; runs that are gone are left out."""
        found = {run.id: run for run in self.registry.runs(ids=self._ids)}
        groups: dict[Hashable, list[Detail]] = {}
        for run in (found[run_id] for run_id in self._ids if run_id in found):
            groups.setdefault(_probe(run) if self._probes(run) else run.group_id, []).append(Detail(run))
        return [self._taken(side) for side in sides_of(groups.values())]

    def _probes(self, run: Run) -> bool:
        method = self._catalog.methods.get(run.method)
        return method is not None and method.group == "probing"

    def _taken(self, side: Side) -> Taken:
        if self._probes(side.runs[0]):
            return self._of_probes(side)
        if side.runs[0].parsed.sources:
            return self._weighed(side)
        methods = ", ".join(info.title for info in self._catalog.methods.values() if info.group in ("two-stage", "probing"))
        name = method_title(side.runs[0].method)
        return Taken(side, notes=(f"{name} learns nothing from source adapters. Methods that do: {methods}.",))

    def _weighed(self, side: Side) -> Taken:
        kept = {run.id: weights for run in side.runs if (weights := self._weights(run))}
        final = [run.id for run in side.runs if run.id in kept and run.state is RunState.COMPLETED]
        others = (run for run in side.runs if run.id not in final)
        notes = _notes((run, self._so_far(run) if run.id in kept else _why_not(run)) for run in others)
        maps = maps_of(list(kept.values())) if kept else ()
        if not maps or not final:
            return Taken(side, maps, notes=notes)
        kind = FIGURES[next(iter(kept.values())).weights.kind]
        return Taken(side, maps, notes=notes, command=_command(kind, f"id:{','.join(final)}"))

    def _weights(self, run: Run) -> SourceWeights | None:
        """The weights of the parameters that were selected, as far as they are written."""
        # What checks files takes long to load: here a thread does it.
        from engine.files.source_weights import read_source_weights

        checkpoint = self.registry.checkpoints(run.id).get("best")
        if checkpoint is None and run.state is not RunState.COMPLETED:
            # Nothing says which epoch they are of.
            return None
        path = self.registry.home.source_weights(run.id)
        return read_source_weights(path, run.fingerprint, checkpoint.sha256 if checkpoint else None)

    def _so_far(self, run: Run) -> str:
        # Of the checkpoint that the weights belong to: the run's own row follows a moment later.
        epoch = self.registry.checkpoints(run.id)["best"].epoch
        return f"{run.state.value}; the weights are those of epoch {epoch}, its best so far"

    def _of_probes(self, side: Side) -> Taken:
        """The figure of all completed probes of the same sources, target and backbone; the chosen runs are some of them."""
        from engine.reports.figures.probing import Probing

        run = side.runs[0]
        sources = [f"source:{source.task}" for source in run.parsed.sources]
        terms = [f"method:{run.method}", f"target:{run.target}", f"backbone:{run.backbone}", *sources]
        key = (_probe(run), tuple(run.state for run in side.runs))
        if key not in self._probed:
            self._probed[key] = self._drawn(terms)
        found, command = self._probed[key], _command("probing", *terms)
        incomplete = _notes((run, f"{run.state.value}; not in the numbers") for run in side.runs if run.state != "completed")
        if isinstance(found, str):
            return Taken(side, notes=(found, *incomplete))
        if isinstance(found, Probing):
            return Taken(side, (map_of_curves(found),), found, True, incomplete, command)
        return Taken(side, (map_of_pairs(found),), None, True, incomplete, command)

    def _drawn(self, terms: Sequence[str]) -> Probing | ProbingPair | str:
        from engine.registry.choosing import read_selection
        from engine.reports.figures.probing import gather
        from engine.reports.figures.selected import Selected

        selection = read_selection(terms, self.registry, self._catalog)
        try:
            return gather(Selected(self.registry, self._catalog, selection))
        except UserError as error:
            return one_line(error)


def _command(figure: str, *terms: str) -> str:
    return shlex.join(["scalearn", "figure", figure, *terms])


def _probe(run: Run) -> Hashable:
    """What probes with different scales have in common."""
    return run.method, run.target, run.backbone, tuple(source.task for source in run.parsed.sources)


def _why_not(run: Run) -> str:
    if run.parsed.dev_only:
        return "evaluated on dev alone, as runs of tuning are; such runs keep no weights"
    if run.state is RunState.COMPLETED:
        figure = OTHER_FIGURES.get(run.method, "scales")
        return f"kept no weights; `{_command(figure, f'id:{run.id}')}` reads them from its checkpoint, then press r"
    # Attention is a mean over examples, which only a run that ends takes the time for.
    when = "when a run completes" if OTHER_FIGURES.get(run.method) == "fusion" else "after each epoch that is the best so far"
    return f"{run.state.value}; weights are written {when}" + (", R in the list resumes" if run.state.over else "")


def _notes(missing: Iterable[tuple[Run, str]]) -> tuple[str, ...]:
    """Runs with the same reason in one line: ``a run and another: the reason``."""
    by_reason: dict[str, list[str]] = {}
    for run, reason in missing:
        by_reason.setdefault(reason, []).append(run.id[:ID])
    return tuple(f"{', '.join(ids)}: {reason}" for reason, ids in by_reason.items())
