"""``data``: download what runs need, list and prune what is on this machine."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.errors import UserError
from scalearn_tui.children import child
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import Json, completion, home_catalog, switch
from scalearn_tui.cli.output import console, print_json, print_line, print_table, say
from scalearn_tui.cli.usage import Commands

if TYPE_CHECKING:
    from rich.progress import Progress

    from engine.catalog.catalog import Catalog
    from engine.files.home import Home
    from engine.runs.spec import RunSpec

app = Commands(help="Download data ahead of runs, list what is here, delete what is not needed.", no_args_is_help=True)
UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@app.command("fetch")
def fetch(
    benchmark: Annotated[
        str,
        typer.Argument(
            metavar="BENCHMARK", autocompletion=completion(lambda catalog: catalog.benchmarks), help="Its tasks are downloaded."
        ),
    ],
    task: Annotated[list[str] | None, typer.Option("--task", "-t", metavar="TASK", help="Only this task. Repeatable.")] = None,
    backbone: Annotated[
        list[str] | None, typer.Option("--backbone", "-b", metavar="NAME", help="Download a backbone as well. Repeatable.")
    ] = None,
) -> int:
    """Download the rows of a benchmark, and backbones, so that runs need no network; check digests, rows and labels.

    Intact files are kept, and an interrupted fetch continues with the file that it was downloading.
    """
    from engine.files.home import Home

    catalog = home_catalog()
    info = catalog.find_benchmark(benchmark)
    tasks = [catalog.find_task(name, info.name) for name in task] if task else list(info.tasks)
    options = [f"--home={Home.default().root}"]
    options += [f"--task={wanted.key}" for wanted in tasks] + [f"--backbone={name}" for name in backbone or ()]
    with _progress() as progress:
        bar = progress.add_task("", total=len(tasks) + len(backbone or ()))
        for event in child.events("engine.data.fetch", *options):
            if event["event"] == "bytes":
                progress.update(bar, description=f"{event['name']}: {event['file']} {_size(event['bytes'])}")
            elif event["event"] == "begin":
                progress.update(bar, description=event["name"])
            else:
                progress.advance(bar)
                print_line(_fetched(event))
    say("everything is on this machine; runs need no network for it")
    return ExitCode.OK


def _progress() -> Progress:
    """A bar of finished tasks and backbones with the current file; nothing without a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    out = console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    return Progress(*columns, console=out, transient=True, disable=not out.is_terminal, redirect_stdout=sys.stdout.isatty())


def _fetched(event: dict[str, Any]) -> str:
    rows = ", ".join(f"{split} {count:,}" for split, count in event.get("rows", {}).items())
    what = f"{_size(event['bytes'])}  {rows}".rstrip() if event["bytes"] else f"built in  {rows}"
    return f"{event['name']}  {'was here' if event['here'] else 'downloaded'}  {what}"


@app.command("ls")
def ls(as_json: Json = False) -> int:
    """List which rows and backbones are on this machine, and the caches that runs share."""
    from engine.files.home import Home

    home, catalog = Home.default(), home_catalog()
    contents = {
        "tasks": _tasks(catalog),
        "backbones": _backbones(),
        "tokens": _housekeeping(home, "ls"),
        "embeddings": _embeddings(home),
    }
    if as_json:
        print_json(contents)
        return ExitCode.OK
    _print(contents, catalog)
    return ExitCode.OK


@app.command("prune")
def prune(
    older_than: Annotated[
        str, typer.Option(metavar="TIME", help="Entries unused for this long: 12h, 30d; 0d for all.")
    ] = "30d",
    dry_run: Annotated[bool, switch("--dry-run", help="Show what would be freed and free nothing.")] = False,
    as_json: Json = False,
) -> int:
    """Free outdated entries of the token cache and those that no run needs; a later run tokenizes its task again.

    Rows of datasets that no benchmark and no queued run reads are freed as well.
    """
    from engine.files.home import Home
    from engine.files.prepared_dataset import free_unused

    home = Home.default()
    active = _active(home)
    freed = free_tokens(home, active, older_than, dry_run)
    freed += [{"name": name, "bytes": size} for name, size in free_unused(home.datasets, _read_datasets(active), dry_run)]
    total = sum(entry["bytes"] for entry in freed)
    if as_json:
        print_json({"freed": freed, "bytes": total, "dry_run": dry_run})
        return ExitCode.OK
    for entry in freed:
        print_line(f"{entry['name']}  {_size(entry['bytes'])}")
    count = f"{len(freed)} {'entry' if len(freed) == 1 else 'entries'}"
    say(f"{count}, {_size(total)} {'could be freed' if dry_run else 'freed'}" if freed else "nothing to free")
    return ExitCode.OK


def free_tokens(home: Home, active: Sequence[RunSpec], older_than: str, dry_run: bool) -> list[dict[str, Any]]:
    """Free entries of the token cache that are outdated, or unused for ``older_than`` and not needed by ``active`` runs."""
    if not home.tokens.is_dir():
        return []
    options = [f"--older-than={_seconds(older_than)}", f"--keep={json.dumps(_wanted(active))}"]
    return _housekeeping(home, "prune", *options, *(["--dry-run"] if dry_run else []))


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+)([mhdw])", text.strip())
    if match is None:
        raise UserError(f"--older-than takes a number and m, h, d or w, such as 30d, not {text!r}")
    return float(match[1]) * UNITS[match[2]]


def _wanted(active: Sequence[RunSpec]) -> list[tuple[str, str]]:
    """The rows that queued and running runs are going to read, as (task, identity)."""
    return sorted({pair for spec in active for pair in spec.data.items()})


def _read_datasets(active: Sequence[RunSpec]) -> set[Path]:
    """The folders of rows of datasets that benchmarks, queued and running runs read."""
    from engine.catalog.task import OwnData

    tasks = [*home_catalog().tasks.values(), *(spec.task(key) for spec in active for key in spec.own)]
    own = [task.data for task in tasks if isinstance(task.data, OwnData) and task.data.dataset]
    return {Path(file).parent for data in own for _, file in data.files}


def _active(home: Home) -> list[RunSpec]:
    """Queued and running runs."""
    from engine.registry.opening import open_reader
    from engine.registry.records import ACTIVE

    return [run.parsed for run in open_reader(home).runs(states=ACTIVE)]


def _housekeeping(home: Home, action: str, *options: str) -> list[dict[str, Any]]:
    of_home = f"--home={home.root}"
    entries: list[dict[str, Any]] = child.document("engine.data.prune", action, str(home.tokens), of_home, *options)
    return entries


def _tasks(catalog: Catalog) -> list[dict[str, Any]]:
    from engine.files.task_files import stored_files

    found = []
    for task in catalog.tasks.values():
        try:
            files = stored_files(task, None)
        except UserError:
            found.append({"task": task.key, "here": False, "bytes": 0})
            continue
        found.append({"task": task.key, "here": True, "bytes": _bytes(files)})
    return found


def _backbones() -> list[dict[str, Any]]:
    from engine.catalog.backbones import BACKBONES
    from engine.files.backbones import backbone_files, find_backbone

    found = []
    for name in BACKBONES:
        try:
            files = backbone_files(find_backbone(name).folder())
        except UserError:
            found.append({"backbone": name, "here": False, "bytes": 0})
            continue
        found.append({"backbone": name, "here": True, "bytes": _bytes(files)})
    return found


def _embeddings(home: Home) -> dict[str, int]:
    files = list(home.embeddings.glob("*.npy"))
    return {"files": len(files), "bytes": _bytes(files)}


def _bytes(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)


def _print(contents: dict[str, Any], catalog: Catalog) -> None:
    import time

    from scalearn_tui.text.formatting import count, duration

    rows = [
        ("rows", entry["task"], _size(entry["bytes"]) if entry["bytes"] else "built in")
        for entry in contents["tasks"]
        if entry["here"]
    ]
    rows += [("backbone", entry["backbone"], _size(entry["bytes"])) for entry in contents["backbones"] if entry["here"]]
    print_table(("here", "name", "size"), rows, right=("size",))
    _print_absent(contents, catalog)
    if contents["tokens"]:
        print_line()
        entries = [
            (
                entry["task"],
                entry["backbone"],
                count(entry["sequences"]),
                count(entry["tokens"]),
                _size(entry["bytes"]),
                duration(time.time() - entry["used"]),
                "" if entry["current"] else "outdated",
            )
            for entry in contents["tokens"]
        ]
        headings = ("tokens of", "by the tokenizer of", "sequences", "tokens", "size", "last used", "")
        print_table(headings, entries, right=("sequences", "tokens", "size", "last used"))
    total = sum(entry["bytes"] for entry in contents["tokens"])
    say(f"token cache {_size(total)}, embeddings {_size(contents['embeddings']['bytes'])}; `scalearn data prune` frees tokens")


def _print_absent(found: dict[str, Any], catalog: Catalog) -> None:
    """What can be downloaded, tasks by benchmark; and the user's own tasks whose files are missing."""
    from engine.files.task_files import can_be_downloaded

    absent = {one["task"] for one in found["tasks"] if not one["here"]}
    names = []
    for name, info in catalog.benchmarks.items():
        keys = [task.key for task in info.tasks if task.benchmark == name]
        lacking = [key for key in keys if key in absent]
        if gone := [key for key in lacking if not can_be_downloaded(catalog.tasks[key])]:
            say(f"files are gone: {', '.join(gone)}; bring them back, or add the benchmark again")
        if lacking := [key for key in lacking if key not in gone]:
            share = "" if lacking == keys else f"{len(lacking)} of "
            names.append(lacking[0] if len(lacking) == 1 else f"{name} ({share}{len(keys)} tasks)")
    names += [one["backbone"] for one in found["backbones"] if not one["here"]]
    if names:
        say(f"not here: {', '.join(names)}; `scalearn data fetch` downloads them")


def _size(count: int) -> str:
    from rich.filesize import decimal

    return decimal(count)
