"""The methods and benchmarks that installed packages add through entry points, kept in a file of the home.

Looking for them costs time, so the entries, which are data, are stored with the modification times of all that they came from:
of the folders in which packages are installed, and of the modules that define them. They are looked for again when one of these
changes. The modules are imported in a process of their own (``engine.plugins.load``) and never in this one.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.catalog.method import MethodInfo
from engine.catalog.records import benchmark_from, method_from
from engine.catalog.task import BenchmarkInfo
from engine.files.disk import atomic_write

GROUPS = ("scalearn.methods", "scalearn.benchmarks")
LONGEST = 120.0
"""Seconds that importing all of them may take."""
Stamps = dict[str, int]
"""Modification times in nanoseconds, by path; 0 for a path that does not exist."""


@dataclass(frozen=True)
class Installed:
    """What installed packages add, in the order of the packages' names."""

    methods: tuple[MethodInfo, ...] = ()
    benchmarks: tuple[BenchmarkInfo, ...] = ()
    unusable: tuple[str, ...] = ()
    """Why an entry cannot be used, one line each."""


def find_installed(file: Path) -> Installed:
    """What is installed now; ``file`` is written where it says otherwise."""
    folders = _stamps(sys.path if sys.flags.safe_path else sys.path[1:])
    stored = _read(file)
    if stored and stored["folders"] == folders and stored["modules"] == _stamps(stored["modules"]):
        return _parsed(stored)
    document = {"folders": folders, **_load(list(_entry_points(list(folders))))}
    found = _parsed(document)
    # What is broken is looked at every time: its repair may change none of the folders.
    if not found.unusable and file.parent.is_dir():
        # A home that cannot be written is searched every time as well; looking does not make one.
        with suppress(OSError), atomic_write(file) as draft:
            draft.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return found


def last_found(file: Path) -> Installed:
    """What was installed when ``file`` was written last; nothing is looked for."""
    stored = _read(file)
    return _parsed(stored) if stored else Installed()


def _read(file: Path) -> dict[str, Any] | None:
    """The stored document; None if there is none of this version."""
    try:
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        _parsed(document)
        return document if {"folders", "modules"} <= document.keys() else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _parsed(document: dict[str, Any]) -> Installed:
    return Installed(
        tuple(map(method_from, document["methods"])),
        tuple(map(benchmark_from, document["benchmarks"])),
        tuple(document["unusable"]),
    )


def _stamps(paths: Iterable[str]) -> Stamps:
    def modified(path: str) -> int:
        try:
            return Path(path).stat().st_mtime_ns
        except OSError:
            return 0

    return {path: modified(path) for path in paths}


def _entry_points(folders: list[str]) -> Iterator[dict[str, str]]:
    """Group, name, value and distribution of our entry points; of a package that is found twice only the first counts."""
    from importlib.metadata import distributions

    packages: dict[str, Any] = {}
    for package in distributions(path=folders):
        # A folder that an interrupted pip left behind has no name.
        if name := package.metadata["Name"]:
            packages.setdefault(re.sub(r"[-_.]+", "-", name).lower(), package)
    for name, package in sorted(packages.items()):
        for point in sorted(package.entry_points, key=lambda point: (point.group, point.name)):
            if point.group in GROUPS:
                found = {"group": point.group, "name": point.name, "value": point.value}
                yield {**found, "distribution": f"{name} {package.version}"}


def _load(points: list[dict[str, str]]) -> dict[str, Any]:
    """The entries of these points, as ``engine.plugins.load`` prints them."""
    nothing: dict[str, Any] = {"methods": [], "benchmarks": [], "unusable": [], "modules": {}}
    if not points:
        return nothing
    command = [sys.executable, "-P", "-m", "engine.plugins.load"]
    try:
        child = subprocess.run(command, input=json.dumps(points), capture_output=True, text=True, timeout=LONGEST, check=False)
        document: dict[str, Any] = json.loads(child.stdout)
        return {**document, "modules": _stamps(document["modules"])}
    except subprocess.TimeoutExpired:
        end = f"did not end within {LONGEST:.0f} s"
    except ValueError:
        end = f"ended the process with code {child.returncode}"
    names = ", ".join(dict.fromkeys(point["distribution"] for point in points))
    return {**nothing, "unusable": [f"nothing of {names} can be used: importing it {end}; repair or uninstall it"]}
