"""``methods``, ``tasks`` and ``backbones``: what can be named, from the catalog alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import Json, filter_flag, home_catalog, switch
from scalearn_tui.cli.output import print_json, print_line, print_table

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog


def methods(
    params: Annotated[bool, switch("--params", help="Count trainable parameters instead.")] = False,
    backbone: Annotated[
        str | None, typer.Option(metavar="NAME", help="With --params: the backbone. Default: roberta-base.")
    ] = None,
    tasks: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="With --params: number of tasks of joint methods and of sources of the others. Default: 8."
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """List the methods, their settings and papers; with --params, how many parameters each trains."""
    from engine.errors import UserError

    if params:
        return _print_counts(backbone, tasks, as_json)
    if backbone is not None or tasks is not None:
        raise UserError("--backbone and --tasks belong to --params")
    from engine.catalog.changed_defaults import changes_by_benchmark

    catalog = home_catalog()
    infos = catalog.methods.values()
    if as_json:
        records = [
            {
                "name": info.name,
                "title": info.title,
                "group": info.group,
                "summary": info.summary,
                "paper": info.paper,
                "aliases": list(info.aliases),
                "source_method": info.source_method,
                "distribution": info.distribution or None,
                "settings": {
                    name: {
                        "default": info.defaults.get(name, setting.default),
                        "help": setting.help,
                        "minimum": setting.minimum,
                        "maximum": setting.maximum,
                        "choices": list(setting.choices),
                    }
                    for name, setting in sorted(info.hyperparameters().items())
                },
                "changed_defaults": changes_by_benchmark(info, catalog),
            }
            for info in infos
        ]
        print_json(records)
        return ExitCode.OK
    headings = ["name", "title", "group", "what is trained", "paper"]
    rows = [[info.name, info.title, info.group, info.summary, info.paper] for info in infos]
    if any(info.distribution for info in infos):
        headings.append("package")
        rows = [[*row, info.distribution] for row, info in zip(rows, infos, strict=True)]
    print_table(headings, rows)
    _print_changes(catalog)
    return ExitCode.OK


def _print_changes(catalog: Catalog) -> None:
    """The defaults that benchmarks and tasks replace, those of the same methods on one line."""
    from engine.catalog.changed_defaults import changes_by_benchmark, grouped
    from engine.catalog.method import setting_text

    methods = catalog.methods.values()
    changes = [
        (scope, f"{name}={setting_text(value)}", method.name)
        for method in methods
        for scope, settings in changes_by_benchmark(method, catalog).items()
        for name, value in settings.items()
    ]
    groups: dict[str, list[str]] = {}
    for method in methods:
        groups.setdefault(method.group, []).append(method.name)
    rows = []
    for scope, text, names in grouped(changes):
        whole = [group for group, members in groups.items() if set(members) <= set(names)]
        single = [name for name in names if catalog.methods[name].group not in whole]
        told = ["all"] if len(names) == len(methods) else [*(f"all {group}" for group in whole), *single]
        rows.append((scope, text, ", ".join(told)))
    print_line()
    print_table(("benchmark", "its defaults", "for the methods"), rows)


def _print_counts(backbone: str | None, tasks: int | None, as_json: bool) -> int:
    from engine.catalog.defaults import DEFAULT_BACKBONE
    from scalearn_tui.children import child

    options = [] if tasks is None else [f"--tasks={tasks}"]
    records = child.document("engine.training.parameter_counts", backbone or DEFAULT_BACKBONE, *options)
    if as_json:
        print_json(records)
        return ExitCode.OK
    counted = ("trainable", "transfer", "head")
    rows = [(record["name"], record["group"], *(f"{record[name]:,}" for name in counted)) for record in records]
    print_table(("name", "group", "trainable", "method's own", "heads"), rows, right=("trainable", "method's own", "heads"))
    return ExitCode.OK


def tasks(benchmark: Annotated[str | None, filter_flag("benchmark")] = None, as_json: Json = False) -> int:
    """List the tasks of all benchmarks: labels, metrics and sizes."""
    catalog = home_catalog()
    found = catalog.find_benchmark(benchmark).tasks if benchmark else tuple(catalog.tasks.values())
    if as_json:
        records = [
            {
                "benchmark": task.benchmark,
                "name": task.name,
                "kind": task.kind,
                "labels": list(task.labels),
                "metrics": list(task.metrics),
                "max_length": task.max_length,
                "sizes": task.split_sizes,
            }
            for task in found
        ]
        print_json(records)
        return ExitCode.OK
    rows = []
    for task in found:
        sizes = (f"{task.split_sizes[split]:,}" for split in ("train", "dev", "test"))
        labels = str(len(task.labels)) if task.labels else "–"
        rows.append(
            (task.key, task.title, task.kind.replace("_", " "), labels, ", ".join(task.metrics), *sizes, str(task.max_length))
        )
    headings = ("task", "title", "kind", "labels", "metrics", "train", "dev", "test", "max length")
    print_table(headings, rows, right=("labels", "train", "dev", "test", "max length"))
    return ExitCode.OK


def backbones(as_json: Json = False) -> int:
    """List the backbones that have names. A hub id or a folder of the same architectures works as well."""
    from engine.catalog.backbones import BACKBONES

    if as_json:
        records = [
            {
                "name": info.name,
                "title": info.title,
                "architecture": info.architecture,
                "layers": info.layers,
                "hidden_size": info.hidden_size,
                "hub_id": info.hub_id,
                "revision": info.revision,
                "package": info.package,
                "offline": info.offline,
            }
            for info in BACKBONES.values()
        ]
        print_json(records)
        return ExitCode.OK
    rows = []
    for info in BACKBONES.values():
        origin = info.hub_id or f"package {info.package}"
        rows.append((info.name, info.title, info.architecture, str(info.layers), str(info.hidden_size), origin))
    print_table(("name", "title", "architecture", "layers", "width", "from"), rows, right=("layers", "width"))
    return ExitCode.OK
