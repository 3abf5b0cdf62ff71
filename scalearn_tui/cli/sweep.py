"""``sweep``: experiments as files, each a named set of runs whose cells are done, going on, failed or missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import UserError
from scalearn_tui.cli.choosing import registered_sweep
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import Detach, Gpus, Json, JsonAtEnd, Priority, home_catalog, launch_flag, placed, switch
from scalearn_tui.cli.output import confirmed, print_json, print_line, print_table, say
from scalearn_tui.cli.usage import Commands
from scalearn_tui.cli.watching import ensure_supervised, look, stopped_notice
from scalearn_tui.text.suggestions import FIRST_SWEEP
from scalearn_tui.text.sweeps import BY, aspects_of, marks

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.plans.planner import PlannedRun
    from engine.registry.reading import Reader
    from engine.sweeps.declaration import Declaration
    from engine.sweeps.planning import PlannedSweep

app = Commands(help="Experiments as files: plan, train, look at and continue a named set of runs.", no_args_is_help=True)
FileOrName = Annotated[str, typer.Argument(metavar="FILE|NAME", help="Its file, or the name of a sweep that ran before.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="One of `scalearn sweep ls`.")]


@app.command("new")
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="Where to write it; its name becomes the sweep's.")],
    method: Annotated[list[str] | None, launch_flag("method")] = None,
    target: Annotated[list[str] | None, launch_flag("target")] = None,
    sources: Annotated[list[str] | None, launch_flag("sources")] = None,
    backbone: Annotated[str | None, launch_flag("backbone")] = None,
    benchmark: Annotated[str | None, launch_flag("benchmark")] = None,
    seed: Annotated[list[str] | None, launch_flag("seed")] = None,
    data_dir: Annotated[str | None, launch_flag("data_dir")] = None,
    settings: Annotated[list[str] | None, launch_flag("set")] = None,
    limit: Annotated[list[str] | None, launch_flag("limit")] = None,
    epochs: Annotated[str | None, launch_flag("epochs")] = None,
    shots: Annotated[list[str] | None, launch_flag("shots")] = None,
) -> int:
    """Write a file that asks for what `scalearn run` with these flags would ask for, with comments on what else it may say."""
    from engine.files.disk import atomic_write
    from engine.sweeps.asking import requests_of
    from engine.sweeps.declaration import parse_sweep
    from engine.sweeps.writing import sweep_text
    from scalearn_tui.text.options import parse_request

    given = {"method": method, "target": target, "sources": sources, "backbone": backbone, "benchmark": benchmark, "seed": seed}
    given |= {"data_dir": data_dir, "set": settings, "limit": limit, "epochs": epochs, "shots": shots}
    text = sweep_text(file.stem, parse_request(given))
    requests_of(parse_sweep(text, file), home_catalog())
    if file.suffix != ".toml":
        raise UserError(f"{file} would be taken for the name of a sweep; end it in .toml")
    if file.exists():
        raise UserError(f"{file} exists; edit it, or name another file")
    with atomic_write(file) as draft:
        draft.write_text(text)
    say(f"wrote {file}; next: scalearn sweep plan {file}")
    return ExitCode.OK


@app.command("plan")
def plan(sweep: FileOrName, as_json: Json = False) -> int:
    """Show every run that a sweep needs, what is reused, new or failed, and what it takes. Nothing starts."""
    from scalearn_tui.cli.sweep_training import show_plan_of

    reader, catalog = look(), home_catalog()
    return show_plan_of(_planned(sweep, reader, catalog), reader, catalog, as_json)


@app.command("run")
def run(
    sweep: FileOrName,
    missing: Annotated[bool, switch("--missing", help="Only cells without a run.")] = False,
    failed: Annotated[bool, switch("--failed", help="Only cells whose run failed, was stopped or lost.")] = False,
    update: Annotated[bool, switch("--update", help="Let go of cells that the file lacks by now; their runs stay.")] = False,
    priority: Priority = 0,
    gpus: Gpus = None,
    detach: Detach = False,
    as_json: JsonAtEnd = False,
) -> int:
    """Register a sweep by its name and train what is missing or failed; show progress until all runs have ended.

    Completed runs are reused. Ctrl-C stops watching (exit code 130); the runs go on. Asking again continues the sweep.
    """
    from engine.plans.several import narrowed
    from scalearn_tui.cli.sweep_training import register, train

    if missing and failed:
        raise UserError("--missing and --failed exclude each other; leave both out for both")
    placement = placed(priority, gpus)
    reader, catalog = look(), home_catalog()
    planned = _planned(sweep, reader, catalog)
    store = register(planned, reader, sweep, "" if update else "see `scalearn sweep diff`, then give --update, or rename it")

    def wanted(cell: PlannedRun) -> bool:
        return cell.existing is None if missing else cell.existing is not None and cell.existing.state.over

    chosen = narrowed(planned.plan, wanted) if missing or failed else planned.plan
    if not chosen.runs and (missing or failed):
        say(stopped_notice(reader) or f"no cell {'is missing' if missing else 'has failed'}")
    return train(planned, chosen, store, detach, as_json, placement)


@app.command("show")
def show(
    name: Name,
    by: Annotated[
        str, typer.Option(metavar="ROWS,COLUMNS", help="Two of method, target, seed, setting, shots and backbone.")
    ] = ",".join(BY),
    as_json: Json = False,
) -> int:
    """Show how many of a sweep's cells are completed, going on, failed or missing."""
    from scalearn_tui.cli.sweep_training import show_sweep

    reader = look()
    sweep = registered_sweep(name, reader)
    aspects = aspects_of(by)
    ensure_supervised(reader)
    show_sweep(sweep, aspects, reader.states([cell["run"] for cell in sweep.cells]), reader, as_json)
    return ExitCode.OK


@app.command("ls")
def ls(as_json: Json = False) -> int:
    """List the sweeps, the one that was registered or changed last first."""
    from engine.registry.encoding import as_json as record_of
    from engine.sweeps.cells import counted, from_records
    from scalearn_tui.cli.sweep_grid import all_counts

    reader = look()
    ensure_supervised(reader)
    sweeps = reader.sweeps()
    cells = {sweep.name: from_records(sweep.cells) for sweep in sweeps}
    states = reader.states([cell.run for found in cells.values() for cell in found])
    counts = {name: counted(found, states) for name, found in cells.items()}
    if as_json:
        without = ("text", "requests", "cells")
        print_json({"sweeps": [{**record_of(sweep, without), "counts": all_counts(counts[sweep.name])} for sweep in sweeps]})
    elif sweeps:
        rows = [(sweep.name, str(len(cells[sweep.name])), marks(counts[sweep.name]), sweep.file) for sweep in sweeps]
        print_table(("name", "cells", "states", "file"), rows, right=("cells",), drop=("file",))
    else:
        say(f"no sweeps yet; begin one: {FIRST_SWEEP}")
    return ExitCode.OK


@app.command("stop")
def stop(name: Name) -> int:
    """Stop a sweep's runs that no other sweep asks for, and sources that no other run needs; `sweep run` continues it."""
    from engine.files.home import Home
    from engine.launch.supervision import ensure_supervisor
    from engine.registry.store import open_store
    from engine.sweeps.stopping import stop_sweep
    from scalearn_tui.text.glyphs import state_word

    registered_sweep(name, look())
    store = open_store(Home.default())
    found = stop_sweep(name, store)
    if found.shared:
        say(f"{len(found.shared)} runs that other sweeps ask for too go on; `scalearn stop sweep:{name}` stops them all")
    if not found.alone:
        say(f"no run that only {name} asks for is going on or queued")
        return ExitCode.NOTHING_MATCHED
    ensure_supervisor(store.home)
    for run in store.runs(ids=[run.id for run in found.alone]):
        print_line(f"{run.id}  {state_word(run)}")
    return ExitCode.OK


@app.command("rm")
def rm(name: Name, yes: Annotated[bool, switch("--yes", "-y", help="Do not ask; required without a terminal.")] = False) -> int:
    """Forget a sweep: its name and what it asked for. Its runs stay, and go on if they are under way."""
    from engine.files.home import Home
    from engine.registry.store import open_store

    sweep = registered_sweep(name, look())
    doomed = f"the sweep {name} of {len(sweep.cells)} cells, whose runs stay"
    if not (yes or confirmed(f"this forgets {doomed}", f"Forget {doomed}?")):
        return ExitCode.INTERRUPTED
    open_store(Home.default()).forget_sweep(name)
    print_line(f"{name}  forgotten")
    return ExitCode.OK


@app.command("diff")
def diff(
    file: Annotated[str, typer.Argument(metavar="FILE.toml", help="The edited file of a sweep that ran before.")],
    as_json: Json = False,
) -> int:
    """Show the cells that an edit of a file adds to the registered sweep, and those that it no longer asks for."""
    from dataclasses import asdict

    from engine.sweeps.cells import state_of
    from engine.sweeps.planning import difference
    from scalearn_tui.cli.sweep_grid import print_cells
    from scalearn_tui.cli.sweep_training import changes

    reader = look()
    planned = _planned(file, reader, home_catalog())
    name = planned.declaration.name
    found = difference(planned, registered_sweep(name, reader))
    if as_json:
        cells = {"added": list(map(asdict, found.added)), "orphaned": list(map(asdict, found.orphaned))}
        print_json({"name": name, **cells, "kept": found.kept})
        return ExitCode.OK
    marked = [("+", cell) for cell in found.added] + [("-", cell) for cell in found.orphaned]
    states = reader.states([cell.run for _, cell in marked])
    if marked:
        print_cells([(mark, cell, state_of(cell, states)) for mark, cell in marked])
    say(f"{name}: {changes(found)}")
    return ExitCode.OK


def _planned(ref: str, reader: Reader, catalog: Catalog) -> PlannedSweep:
    from engine.sweeps.planning import plan_sweep

    return plan_sweep(_declared(ref, reader), reader, catalog)


def _declared(ref: str, reader: Reader) -> Declaration:
    """The file of this path, or what a registered sweep of this name asked for."""
    from engine.sweeps.declaration import NAME, parse_sweep, read_sweep

    if not NAME.fullmatch(ref):
        return read_sweep(Path(ref))
    sweep = registered_sweep(ref, reader)
    return parse_sweep(sweep.text, Path(sweep.file))
