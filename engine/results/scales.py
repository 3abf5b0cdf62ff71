"""How much completed runs take of each source adapter, from what their workers wrote beside the checkpoints."""

from __future__ import annotations

from collections.abc import Iterator

from engine.files.source_weights import Attention, Constants, Scales, Soup, SourceWeights, read_source_weights
from engine.registry.records import Run, RunState
from engine.results.reading import ChosenRuns
from engine.results.records import SourceScale
from engine.results.rows import ResultRows


def scale_rows(chosen: ChosenRuns) -> ResultRows[SourceScale]:
    """One row per run, layer and source; none of a run whose method weighs no sources, or whose weights were not kept."""

    def read() -> Iterator[SourceScale]:
        for run in chosen.runs:
            if run.parsed.sources and (kept := kept_weights(run, chosen)):
                yield from _of_run(run, kept)

    return ResultRows(SourceScale, read)


def kept_weights(run: Run, chosen: ChosenRuns) -> SourceWeights | None:
    """What the run kept; None where the file is missing, damaged or of another checkpoint."""
    checkpoint = chosen.reader.checkpoints(run.id).get("best")
    path = chosen.reader.home.source_weights(run.id)
    return read_source_weights(path, run.fingerprint, checkpoint.sha256 if checkpoint else None)


def unweighed(chosen: ChosenRuns) -> list[str]:
    """Ids of completed runs with sources that kept no weights; a child of the command reads their checkpoints."""
    return [
        run.id
        for run in chosen.runs
        if run.state is RunState.COMPLETED
        and run.parsed.sources
        and not run.parsed.dev_only
        and kept_weights(run, chosen) is None
    ]


def _of_run(run: Run, kept: SourceWeights) -> Iterator[SourceScale]:
    weights = kept.weights
    several = len(weights.mean) > 1 if isinstance(weights, Scales | Attention) else False
    for layer, values in enumerate(_mean(weights)):
        for place, (source, value) in enumerate(zip(kept.sources, values, strict=True)):
            spread = weights if isinstance(weights, Scales) else None
            yield SourceScale(
                run=run.id,
                target=run.target,
                kind=weights.kind,
                source=source,
                layer=layer + 1 if several else None,
                mean=value,
                std=spread.std[layer][place] if spread else None,
                min=spread.min[layer][place] if spread else None,
                max=spread.max[layer][place] if spread else None,
            )


def _mean(weights: Scales | Attention | Soup | Constants) -> tuple[tuple[float, ...], ...]:
    """``[layers][sources]``; one layer where all share their weights."""
    if isinstance(weights, Soup):
        return (weights.weights,)
    return (weights.scales,) if isinstance(weights, Constants) else weights.mean
