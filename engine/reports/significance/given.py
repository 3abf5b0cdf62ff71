"""What a difference is conditional on, beside what its claim says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from engine.registry.reading import Reader
from engine.registry.records import Run


def given(groups: Iterable[Sequence[Run]], reader: Reader) -> tuple[str, ...]:
    """What runs that differ in nothing but the seed have in common though other seeds would have changed it."""
    fixed = {source for group in groups if len(group) > 1 for source in _fixed_sources(group)}
    seeds = sorted({run.seed for run in reader.runs(ids=sorted(fixed))}) if fixed else []
    if not seeds:
        return ()
    return (f"the source adapters of seed{'' if len(seeds) == 1 else 's'} {', '.join(map(str, seeds))}",)


def _fixed_sources(group: Sequence[Run]) -> Collection[str]:
    """Ids of the adapters that all of them combine."""
    return set.intersection(*({source.run_id for source in run.parsed.sources} for run in group))
