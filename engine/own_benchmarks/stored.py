"""Users' own benchmarks: one JSON file each in the home's ``benchmarks`` folder, known to every command like the built-in ones.

What is stored is complete (absolute paths, labels, sizes), so that nothing reads the declaration again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.catalog.benchmarks import BENCHMARKS, BROKEN, TASKS, plain_name
from engine.catalog.task import BenchmarkInfo, OwnData, TaskInfo
from engine.errors import UserError
from engine.files.disk import atomic_write, file_digest

BUILT_IN = frozenset(BENCHMARKS)


@dataclass(frozen=True)
class Stored:
    """A benchmark as it was added."""

    info: BenchmarkInfo
    declaration: Path
    """The TOML file."""
    sha256: str
    """Of the TOML file when it was added."""

    @property
    def edited(self) -> bool:
        """Whether the declaration says something else now; a deleted one says nothing."""
        return self.declaration.is_file() and file_digest(self.declaration) != self.sha256


STORED: dict[str, Stored] = {}
"""What ``register`` found, by name."""
_seen: tuple[Any, ...] | None = None
"""The folder and its files as ``register`` saw them last."""


def register(folder: Path) -> None:
    """Make the benchmarks stored in ``folder`` known to this process, in place of those of an earlier call.

    One that cannot be read is remembered in ``BROKEN`` and told when it is asked for. Nothing is touched while the folder is
    as it was: other threads may be going through the catalog.
    """
    global _seen
    now = _state(folder)
    if now is not None and now == _seen:
        return
    _seen = now
    for name in STORED:
        for task in BENCHMARKS.pop(name).tasks:
            del TASKS[task.key]
    STORED.clear()
    BROKEN.clear()
    for path in sorted(folder.glob("*.json")):
        if path.stem in BUILT_IN:
            # A later version of the program brought one of that name.
            continue
        try:
            stored = _read(path)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            BROKEN[path.stem] = f"the benchmark {path.stem} cannot be read from {path}; add it again, or remove it"
            continue
        STORED[path.stem] = stored
        BENCHMARKS[path.stem] = stored.info
        TASKS.update({task.key: task for task in stored.info.tasks})


def save(folder: Path, stored: Stored) -> Path:
    """Store a benchmark, in place of an earlier one of its name."""
    about = {"declaration": str(stored.declaration), "sha256": stored.sha256, "benchmark": asdict(stored.info)}
    path = folder / f"{stored.info.name}.json"
    with atomic_write(path) as draft:
        draft.write_text(json.dumps(about, indent=1, ensure_ascii=False), encoding="utf-8")
    return path


def remove(folder: Path, name: str) -> None:
    """Forget a benchmark; its files and its runs stay. Raises UserError for one that was not added."""
    if plain_name(name) in map(plain_name, BUILT_IN):
        raise UserError(f"{name} is built in; only benchmarks that were added can be removed")
    for known in (*STORED, *BROKEN):
        if plain_name(known) == plain_name(name):
            (folder / f"{known}.json").unlink(missing_ok=True)
            return
    raise UserError(f"no benchmark {name!r} was added; " + (f"there are {', '.join(STORED)}" if STORED else "there are none"))


def check_free(name: str) -> None:
    """Raises UserError if a built-in benchmark, or an added one that is spelled otherwise, has the name."""
    for known in (*BUILT_IN, *STORED, *BROKEN):
        if plain_name(known) == plain_name(name) and (known in BUILT_IN or known != name):
            kind = "a built-in" if known in BUILT_IN else "another"
            raise UserError(f"the name {name!r} is that of {kind} benchmark, {known}; choose another one")


def task_in(spec: Mapping[str, Any], key: str) -> TaskInfo | None:
    """A task as the run with this spec knows it: own tasks are recorded with their runs, built-in ones are of the catalog.

    None for the task of an adapter that was imported from where its benchmark is.
    """
    recorded = spec.get("own", {}).get(key)
    return task_from(recorded) if recorded else TASKS.get(key)


def headline_in(spec: Mapping[str, Any], key: str) -> str:
    """Name of the task's headline metric; empty where ``task_in`` knows none."""
    task = task_in(spec, key)
    return task.headline if task else ""


def task_record(task: TaskInfo) -> dict[str, Any]:
    """``task`` as JSON can hold it."""
    record: dict[str, Any] = json.loads(json.dumps(asdict(task)))
    return record


def task_from(record: Mapping[str, Any]) -> TaskInfo:
    """The task of ``task_record``. Raises TypeError or KeyError for what is none."""
    return TaskInfo(**{**_tuples(record), "data": OwnData(**_tuples(record["data"]))})


def benchmark_from(record: Mapping[str, Any]) -> BenchmarkInfo:
    """The benchmark of which ``record`` is ``asdict``. Raises TypeError or KeyError for what is none."""
    return BenchmarkInfo(record["name"], record["title"], tuple(task_from(task) for task in record["tasks"]))


def _state(folder: Path) -> tuple[Any, ...] | None:
    """What changes with the files in ``folder``; None while one of them comes or goes."""
    try:
        return (folder, *((path, path.stat().st_mtime_ns, path.stat().st_ino) for path in sorted(folder.glob("*.json"))))
    except OSError:
        return None


def _read(path: Path) -> Stored:
    about = json.loads(path.read_text(encoding="utf-8"))
    info = benchmark_from(about["benchmark"])
    if info.name != path.stem or not info.tasks or any(task.benchmark != info.name for task in info.tasks):
        raise ValueError("the file holds another benchmark")
    return Stored(info, Path(about["declaration"]), about["sha256"])


def _tuples(record: Mapping[str, Any]) -> dict[str, Any]:
    def frozen(value: Any) -> Any:
        return tuple(map(frozen, value)) if isinstance(value, list) else value

    return {name: frozen(value) for name, value in record.items()}
