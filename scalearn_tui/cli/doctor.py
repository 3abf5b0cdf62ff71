"""``doctor``: whether this machine has what runs need."""

from __future__ import annotations

import os
import platform
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from engine.errors import UserError
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import Json
from scalearn_tui.cli.output import print_json, print_table

if TYPE_CHECKING:
    from engine.catalog.method import MethodInfo
    from engine.catalog.task import BenchmarkInfo
    from engine.files.home import Home

PACKAGES = ("scalearn-tui", "torch", "transformers", "tokenizers", "datasets", "sqlmodel", "textual", "typer")
LOW_DISK = 5 * 10**9
"""Bytes; below, a large backbone and its checkpoints may not fit."""


IDLE = "not running; a queued run starts it, and it ends when idle"


@dataclass(frozen=True)
class Check:
    """One finding: ``ok`` is true, false where runs would fail, or None where it is for information."""

    name: str
    ok: bool | None
    detail: str


def doctor(as_json: Json = False) -> int:
    """Check versions, registry, processes, clocks, devices, offline files, hub and disk. Exit code 1 if no run could start."""
    from engine.files.home import Home

    home = Home.default()
    checks = [
        *_versions(),
        _guarded("home", lambda: _home(home)),
        _guarded("registry", lambda: _registry(home)),
        _guarded("supervisor", lambda: _supervisor(home)),
        *_disagreements(home),
        _guarded("devices", lambda: _devices(home)),
        _guarded("offline backbone", _offline),
        _guarded("hub", _hub),
        _guarded("hub cache", _cache),
        _guarded("token cache", lambda: _tokens(home)),
        *_plugins(home),
    ]
    if as_json:
        print_json({"checks": [asdict(check) for check in checks]})
    else:
        marks = {True: "✓", False: "✗", None: " "}
        print_table(("", "", ""), [(marks[check.ok], check.name, check.detail) for check in checks])
    return ExitCode.FAILURE if any(check.ok is False for check in checks) else ExitCode.OK


def _guarded(name: str, check: Callable[[], tuple[bool | None, str]]) -> Check:
    try:
        return Check(name, *check())
    except (UserError, OSError) as error:
        return Check(name, False, str(error))


def _versions() -> list[Check]:
    from importlib.metadata import PackageNotFoundError, version

    checks = [Check("python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}")]
    for name in PACKAGES:
        try:
            checks.append(Check(name, True, version(name)))
        except PackageNotFoundError:
            checks.append(Check(name, False, "not installed"))
    return checks


def _home(home: Home) -> tuple[bool | None, str]:
    existing = _existing(home.root)
    free = f"{home.root}, {_free(existing) / 1e9:.1f} GB free"
    try:
        # Permissions alone say nothing about a file system that is read-only, full or takes no files.
        TemporaryDirectory(dir=existing).cleanup()
    except OSError as error:
        return False, f"{free}, not writable ({error.strerror}): set SCALEARN_HOME to another folder"
    if _free(existing) < LOW_DISK:
        return None, f"{free}, which is little: `scalearn gc --dry-run` lists what can go"
    return True, free


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return folder if folder.exists() else _existing(folder.parent)


def _free(folder: Path) -> int:
    """Bytes left on the disk that has the folder, or will have it."""
    return shutil.disk_usage(_existing(folder)).free


def _has_registry(home: Home) -> bool:
    return bool(os.environ.get("SCALEARN_DB")) or home.database.exists()


def _registry(home: Home) -> tuple[bool | None, str]:
    if not _has_registry(home):
        return None, "none yet; the first run creates it"
    from engine.registry.damage import Damaged
    from engine.registry.opening import open_reader
    from engine.registry.recovery import find_damage

    if home.database.exists() and (why := find_damage(home)):
        raise Damaged(home.database, why)
    reader = open_reader(home)
    if reader.doubt:
        return None, reader.doubt
    counts = Counter(str(run.state) for run in reader.runs())
    summary = ", ".join(f"{number} {state}" for state, number in counts.items()) or "no runs"
    size = f" ({home.database.stat().st_size / 1e6:.1f} MB)" if home.database.exists() else ""
    return True, f"{summary}{size}"


def _plugins(home: Home) -> list[Check]:
    """What installed packages add to the catalog, and what of it cannot be used."""
    from engine.plugins.home_catalog import load_catalog

    catalog = load_catalog(home)
    added: dict[str, list[str]] = {}
    entries: list[MethodInfo | BenchmarkInfo] = [*catalog.methods.values(), *catalog.benchmarks.values()]
    for info in entries:
        if info.distribution:
            added.setdefault(info.distribution, []).append(info.name)
    found = [Check("plugin", True, f"{package}: {', '.join(names)}") for package, names in added.items()]
    return found + [Check("plugin", None, line) for line in catalog.left_out]


def _supervisor(home: Home) -> tuple[bool | None, str]:
    from engine.launch.checkup import supervisor_of
    from engine.launch.supervision import is_supervised
    from scalearn_tui.text.queue import paused_notice

    if is_supervised(home):
        begun = supervisor_of(home)
        running = f"running, process {begun[0]}" if begun else "running"
        return None, f"{running}; {paused}" if (paused := paused_notice(home)) else running
    if not _has_registry(home):
        return None, IDLE
    from engine.registry.records import ACTIVE
    from engine.registry.store import open_store
    from scalearn_tui.cli.watching import stopped_notice, unfinished

    store = open_store(home, migrate=False)
    if notice := stopped_notice(store):
        return None, notice
    waiting = len(store.runs(states=ACTIVE))
    return None, f"not running, with {unfinished(waiting)} left; `scalearn ls` starts it" if waiting else IDLE


def _disagreements(home: Home) -> list[Check]:
    """Where processes, clocks and locks disagree with the registry; one line if nowhere."""
    if not _has_registry(home):
        return []
    from engine.launch import checkup
    from engine.registry.opening import open_reader

    try:
        reader = open_reader(home)
        reader.count()
    except UserError:
        # That is what the check of the registry says.
        return []
    examined: tuple[tuple[str, bool | None, Callable[[], list[str]]], ...] = (
        ("processes", False, lambda: checkup.orphans(reader)),
        ("processes", None, lambda: checkup.vanished(reader)),
        ("program", None, lambda: checkup.outdated(home)),
        ("clocks", None, lambda: checkup.clocks(reader)),
        ("locks", False, lambda: checkup.held_locks(home)),
    )
    found = []
    for name, ok, examine in examined:
        try:
            found += [Check(name, ok, sentence) for sentence in examine()]
        except (UserError, OSError) as error:
            found.append(Check(name, None, f"cannot be checked: {error}"))
    return found or [Check("processes", True, "no orphans, clocks and locks as they should be")]


def _devices(home: Home) -> tuple[bool | None, str]:
    from engine.files.config import read_config
    from engine.launch.devices import find_slots, gpus
    from scalearn_tui.children import child

    slots = find_slots(read_config(home))
    labels = ", ".join(
        f"{label} ({number} slots)" if number > 1 else label for label, number in Counter(slot.label for slot in slots).items()
    )
    if not gpus():
        return True, f"{labels} ({os.cpu_count()} cores; no NVIDIA GPU or driver)"
    for uuid in dict.fromkeys(slot.gpu.uuid for slot in slots if slot.gpu):
        # The driver lists GPUs that torch may not be able to use.
        child.document("engine.training.check_gpu", uuid)
    return True, labels


def _offline() -> tuple[bool | None, str]:
    from engine.catalog.backbones import OFFLINE_BACKBONE
    from engine.files.backbones import find_backbone

    try:
        return True, f"{OFFLINE_BACKBONE} in {find_backbone(OFFLINE_BACKBONE).folder()}"
    except UserError as error:
        return None, str(error)


def _hub() -> tuple[bool | None, str]:
    from engine.files.reachability import endpoint, hub_reachable, is_forbidden

    if hub_reachable():
        return True, f"{endpoint()} answers"
    why = "HF_HUB_OFFLINE forbids to ask" if is_forbidden() else "does not answer within 3 s"
    return None, f"{endpoint()}: {why}; runs need cached or local files (`scalearn data ls`)"


def _cache() -> tuple[bool | None, str]:
    from huggingface_hub.constants import HF_HUB_CACHE

    cache = Path(HF_HUB_CACHE)
    repositories = sum(1 for _ in cache.glob("*--*")) if cache.is_dir() else 0
    return None, f"{cache}, {repositories} repositories, {_free(cache) / 1e9:.1f} GB free"


def _tokens(home: Home) -> tuple[bool | None, str]:
    size = sum(path.stat().st_size for path in home.tokens.rglob("*.npy"))
    return None, f"{home.tokens}, {sum(1 for _ in home.tokens.glob('*/card.json'))} entries, {size / 1e6:.1f} MB"
