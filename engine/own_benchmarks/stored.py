"""Users' own benchmarks: a JSON file for each in the home's ``benchmarks`` folder, listed like the built-in ones.

What is stored is complete (absolute paths, labels, sizes), so that nothing reads the declaration again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from engine.catalog.catalog import BUILT_IN, Catalog, plain_name
from engine.catalog.records import benchmark_from
from engine.catalog.task import BenchmarkInfo
from engine.errors import UserError, did_you_mean
from engine.files.bounded import MEBIBYTE, read_json
from engine.files.disk import atomic_write, file_digest


@dataclass(frozen=True)
class Stored:
    """A benchmark as it was added."""

    info: BenchmarkInfo
    declaration: Path
    """The TOML file."""
    sha256: str
    """Of the TOML file when it was added."""
    data: Mapping[str, str] = field(default_factory=dict)
    """Identity of each task's rows when all of them were checked, by key; empty where an earlier version added it."""

    @property
    def edited(self) -> bool:
        """Whether the declaration has changed since; False where it was deleted."""
        return self.declaration.is_file() and file_digest(self.declaration) != self.sha256


@dataclass(frozen=True)
class OwnBenchmarks:
    """The contents of a home's ``benchmarks`` folder."""

    stored: dict[str, Stored]
    """By name."""
    unreadable: dict[str, str]
    """By name, why a benchmark cannot be read and what to do about it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of all of them, readable or not."""
        return (*self.stored, *self.unreadable)

    def added_to(self, catalog: Catalog) -> Catalog:
        """``catalog`` and these benchmarks."""
        return catalog.with_benchmarks({name: stored.info for name, stored in self.stored.items()}, self.unreadable)

    def check_free(self, name: str, catalog: Catalog) -> None:
        """Raises UserError if another benchmark of ``catalog``, or an added one with another spelling, has the name."""
        for known in (*catalog.benchmarks, *self.unreadable):
            if plain_name(known) == plain_name(name) and (known not in self.names or known != name):
                package = "" if known in self.names else catalog.benchmarks[known].distribution
                kind = "another" if known in self.names else f"a {package}" if package else "a built-in"
                raise UserError(f"the name {name!r} is that of {kind} benchmark, {known}; choose another one")


def read_stored(folder: Path) -> OwnBenchmarks:
    """All benchmarks in ``folder``; one whose name has since become built in is skipped."""
    stored: dict[str, Stored] = {}
    unreadable: dict[str, str] = {}
    for path in sorted(folder.glob("*.json")):
        if path.stem in BUILT_IN.benchmarks:
            continue
        try:
            stored[path.stem] = _read(path)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            unreadable[path.stem] = f"the benchmark {path.stem} cannot be read from {path}; add it again, or remove it"
    return OwnBenchmarks(stored, unreadable)


def save(folder: Path, stored: Stored) -> Path:
    """Store a benchmark, in place of an earlier one of its name."""
    about = {"declaration": str(stored.declaration), "sha256": stored.sha256, "data": dict(stored.data)}
    record = {**about, "benchmark": asdict(stored.info)}
    path = folder / f"{stored.info.name}.json"
    with atomic_write(path) as draft:
        draft.write_text(json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8")
    return path


def remove(folder: Path, name: str) -> None:
    """Remove a benchmark; its files and its runs stay. Raises UserError for one that was not added."""
    if plain_name(name) in map(plain_name, BUILT_IN.benchmarks):
        raise UserError(f"{name} is built in; only benchmarks that were added can be removed")
    own = read_stored(folder)
    for known in (*own.stored, *own.unreadable):
        if plain_name(known) == plain_name(name):
            (folder / f"{known}.json").unlink(missing_ok=True)
            return
    added = f"there are {', '.join(own.stored)}" if own.stored else "there are none"
    raise UserError(f"no benchmark {name!r} was added{did_you_mean(name, own.stored)}; {added}")


def _read(path: Path) -> Stored:
    record = read_json(path, 16 * MEBIBYTE)
    info = benchmark_from(record["benchmark"])
    if info.name != path.stem or not info.tasks or any(task.benchmark != info.name for task in info.tasks):
        raise ValueError("the file holds another benchmark")
    return Stored(info, Path(record["declaration"]), record["sha256"], dict(record.get("data", {})))
