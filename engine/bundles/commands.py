"""The command lines that would train a bundle's runs again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from engine.bundles.records import RunRecord
from engine.catalog.catalog import Catalog
from engine.runs.deviations import deviations
from engine.runs.spec import RunSpec


def command_lines(records: Sequence[RunRecord], catalog: Catalog) -> list[str]:
    """One line for the runs that were asked for and differ in nothing but the seed."""
    seeds: dict[str, list[int]] = {}
    for record in records:
        if record.role == "target" and not record.spec.dev_only:
            seeds.setdefault(_command(record.spec, catalog), []).append(record.spec.seed)
    return [f"{command} --seed {','.join(map(str, sorted(of_command)))}" for command, of_command in seeds.items()]


def _command(spec: RunSpec, catalog: Catalog) -> str:
    words = ["scalearn", "run", "--method", spec.method, "--backbone", spec.backbone_path or spec.backbone]
    for key in spec.targets:
        words += ["--target", key]
    if spec.sources:
        words += ["--sources", ",".join(source.task for source in spec.sources)]
    changed = deviations(spec, catalog)
    for name, value in spec.hyperparameters.items():
        if name in changed:
            words += ["--set", f"{name}={str(value).lower() if isinstance(value, bool) else value}"]
    for split, count in spec.limits.items():
        words += ["--limit", f"{split}={count}"]
    return shlex.join([*words, *(["--shots", str(spec.shots)] if spec.shots else [])])
