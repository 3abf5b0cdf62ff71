"""``benchmarks add``, ``ls`` and ``remove``: benchmarks of the user's own files and of datasets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import Json, completion, home_catalog, switch
from scalearn_tui.cli.output import print_json, print_line, print_table, say

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.catalog.task import BenchmarkInfo, TaskInfo


MOST_LABELS = 20
"""Labels of a task that are printed before the rest is counted."""


def _own_names(catalog: Catalog) -> list[str]:
    from engine.catalog.catalog import BUILT_IN

    return [name for name, info in catalog.benchmarks.items() if name not in BUILT_IN.benchmarks and not info.distribution]


def listed(context: typer.Context) -> int:
    """List benchmarks; add and remove your own, which are a TOML file and tables or datasets."""
    return ExitCode.OK if context.invoked_subcommand else ls()


def add(
    declaration: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The declaration; docs/data.md describes it.")],
    backbone: Annotated[
        str | None, typer.Option("--backbone", "-b", metavar="NAME", help="Report lengths in the tokens of this backbone too.")
    ] = None,
    strict: Annotated[bool, switch("--strict", help="Store nothing if there is a notice.")] = False,
    as_json: Json = False,
) -> int:
    """Check every row of a benchmark of your own, report what its files hold and what looks wrong, and store its declaration.

    Add it again after an edit.
    """
    from engine.catalog.backbones import OFFLINE_BACKBONE
    from engine.catalog.records import benchmark_from
    from engine.errors import UserError
    from engine.files.disk import file_digest
    from engine.files.home import Home
    from engine.own_benchmarks.declaration import read_declaration
    from engine.own_benchmarks.notices import place
    from engine.own_benchmarks.stored import Stored, read_stored, save

    home = Home.default()
    home.make()
    folder = home.benchmarks
    own = read_stored(folder)
    declared = read_declaration(declaration)
    own.check_free(declared.name, home_catalog())
    checked = _checked(declared, backbone)
    info, notices = benchmark_from(checked["benchmark"]), checked["notices"]
    refused = strict and bool(notices)
    if not refused:
        save(folder, Stored(info, declaration.resolve(), file_digest(declaration), checked["data"]))
    if as_json:
        sources = [{"dataset": _dataset(task)} for task in info.tasks]
        tasks = [{**report, **source} for report, source in zip(checked["tasks"], sources, strict=True)]
        print_json({"name": info.name, "stored": not refused, "tasks": tasks, "notices": notices})
    else:
        for task, report in zip(info.tasks, checked["tasks"], strict=True):
            _print_report(task, report)
        for notice in notices:
            say(f"notice: {place(notice['file'], notice['line'])}: {notice['task']}: {notice['message']}")
    if refused:
        raise UserError(f"{info.name} has {len(notices)} notice{'s' * (len(notices) != 1)}; with --strict nothing is stored")
    done = "replaced" if info.name in own.stored else "added"
    # A two-stage method needs sources beside the target.
    method = "scalearn++" if len(info.tasks) > 1 else "adapter"
    command = f"scalearn run --method {method} --target {info.tasks[0].key} --backbone {OFFLINE_BACKBONE}"
    say(f"{done} {info.name}; next: {command}")
    return ExitCode.OK


def _print_report(task: TaskInfo, report: dict[str, Any]) -> None:
    """Sizes and labels of a task on one line, then lengths, classes and dropped rows."""
    sizes = ", ".join(f"{split} {count:,}" for split, count in task.split_sizes.items())
    rest = f", ... ({len(task.labels)} in all)" if len(task.labels) > MOST_LABELS else ""
    labels = f"; labels {', '.join(task.labels[:MOST_LABELS])}{rest}" if task.labels else ""
    print_line(f"{task.key}  {task.kind.replace('_', ' ')}, {sizes}{labels}")
    if source := _dataset(task):
        splits = ", ".join(name if name == split else f"{name} as {split}" for split, name in source["splits"].items())
        print_line(f"  from {_titled(source)}: {splits}")
    words = (f"{split} {words['median']:,} to {words['longest']:,}" for split, words in report["words"].items() if words)
    print_line(f"  words, median to longest: {', '.join(words)}")
    if report["tokens"]:
        print_line(f"  tokens, median to longest: {', '.join(_in_tokens(task, *item) for item in report['tokens'].items())}")
    for split, counts in report["classes"].items():
        print_line(f"  {split}: {', '.join(f'{name} {count:,}' for name, count in list(counts.items())[:MOST_LABELS])}{rest}")
    if report["dropped"]:
        print_line(f"  dropped: {', '.join(f'{count:,} rows of the {file} file' for file, count in report['dropped'].items())}")


def _in_tokens(task: TaskInfo, split: str, tokens: dict[str, int]) -> str:
    cut = f" ({tokens['cut']:,} cut at {task.max_length})" if tokens["cut"] else ""
    return f"{split} {tokens['median']:,} to {tokens['longest']:,}{cut}"


def _dataset(task: TaskInfo) -> dict[str, Any] | None:
    """What the rows of a task are read from, if not from tables."""
    from engine.catalog.task import OwnData

    if not isinstance(task.data, OwnData) or task.data.dataset is None:
        return None
    source = task.data.dataset
    return {
        "dataset": source.name,
        "config": source.config or None,
        "revision": source.revision or None,
        "splits": dict(source.splits),
    }


def _titled(source: dict[str, Any]) -> str:
    config = "" if source["config"] in (None, "default") else f" ({source['config']})"
    return f"{source['dataset']}{config}{' at ' + source['revision'][:12] if source['revision'] else ''}"


def ls(as_json: Json = False) -> int:
    """List all benchmarks, the built-in ones first."""
    from engine.files.home import Home
    from engine.own_benchmarks.stored import read_stored

    own = read_stored(Home.default().benchmarks)
    records: list[dict[str, Any]] = []
    for info in home_catalog().benchmarks.values():
        stored = own.stored.get(info.name)
        state = "edited since it was added" if stored and stored.edited else "added" if stored else "built in"
        records.append(
            {
                "name": info.name,
                "title": info.title,
                "tasks": [task.name for task in info.tasks],
                "state": "installed" if info.distribution else state,
                "distribution": info.distribution or None,
                "declaration": str(stored.declaration) if stored else None,
                "datasets": {task.key: source for task in info.tasks if (source := _dataset(task))},
            }
        )
    records += [
        {
            "name": name,
            "title": name,
            "tasks": [],
            "state": "cannot be read",
            "distribution": None,
            "declaration": None,
            "datasets": {},
        }
        for name in own.unreadable
    ]
    if as_json:
        print_json(records)
        return ExitCode.OK
    rows = [
        (
            info["name"],
            info["title"],
            str(len(info["tasks"])),
            info["state"],
            info["declaration"] or info["distribution"] or "",
            ", ".join(dict.fromkeys(map(_titled, info["datasets"].values()))),
        )
        for info in records
    ]
    print_table(("name", "title", "tasks", "state", "from", "datasets"), rows, right=("tasks",))
    return ExitCode.OK


def remove(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Its name when it was added.", autocompletion=completion(_own_names))
    ],
) -> int:
    """Remove a benchmark that was added. Its files and runs stay."""
    from engine.files.home import Home
    from engine.own_benchmarks.stored import remove as forget

    forget(Home.default().benchmarks, name)
    say(f"removed {name}; its runs stay")
    return ExitCode.OK


def _checked(declared: BenchmarkInfo, backbone: str | None) -> dict[str, Any]:
    """What ``engine.data.check_benchmark`` prints, after every row was read."""
    import json
    from dataclasses import asdict

    from engine.errors import UserError
    from engine.files.backbones import find_backbone
    from engine.files.hub import NotDownloaded
    from scalearn_tui.children import child

    try:
        options = [f"--tokenizer={find_backbone(backbone).folder()}"] if backbone else []
    except NotDownloaded as error:
        raise UserError(f"{error}; fetch it first: scalearn data fetch toy --backbone {backbone}") from None
    document: dict[str, Any] = child.document("engine.data.check_benchmark", *options, stdin=json.dumps(asdict(declared)))
    return document
