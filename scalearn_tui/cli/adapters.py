"""``adapters``: source adapters as things that can be listed, given away and taken in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import Json, RunArgument
from scalearn_tui.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from engine.registry.reading import Results
    from engine.registry.store import Store
    from engine.registry.tables import Run

app = typer.Typer(help="List, export and import source adapters.", no_args_is_help=True)


@app.command("ls")
def ls(as_json: Json = False) -> int:
    """List the completed source adapters, trained here or imported; `scalearn run --sources` takes their ids."""
    from engine.catalog.methods import SOURCE_METHODS
    from engine.files.home import Home
    from engine.registry.store import open_store
    from engine.registry.tables import RunState

    store = open_store(Home.default())
    runs = [run for run in store.runs(states=[RunState.COMPLETED]) if run.method in SOURCE_METHODS]
    results = store.results([run.id for run in runs])
    records = [_record(store, run, results.get(run.id, {})) for run in runs]
    if as_json:
        print_json({"adapters": records})
    elif records:
        _print(records)
    else:
        say("no source adapters yet; train one: scalearn run --method adapter --target rte")
    return ExitCode.OK


@app.command("export")
def export(
    run: RunArgument,
    place: Annotated[str, typer.Argument(metavar="FILE|FOLDER", help="A new .safetensors file, or a folder for it.")],
    as_json: Json = False,
) -> int:
    """Write one adapter with all that is known of it to a file that `adapters import` reads elsewhere."""
    told = _portable("export", run, place)
    if as_json:
        print_json(told)
    else:
        print(told["file"])
        say(f"{told['task']} adapter, {told['bytes']:,} bytes; elsewhere: scalearn adapters import FILE")
    return ExitCode.OK


@app.command("import")
def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `adapters export` wrote.")], as_json: Json = False
) -> int:
    """Check an exported adapter and add it as a completed run."""
    told = _portable("import", file)
    if as_json:
        print_json(told)
        return ExitCode.OK
    print(f"{told['run']}  {told['task']}" + ("" if told["new"] else "  is already here"))
    say(f"next: scalearn run --method scalearn++ --target TASK --sources {told['run']},TASK")
    return ExitCode.OK


def _record(store: Store, run: Run, results: Results) -> dict[str, Any]:
    from scalearn_tui.cli.records import headline

    saved = store.checkpoints(run.id).get("best")
    split, value = headline(run, results)
    return {
        "run": run.id,
        "task": run.target,
        "method": run.method,
        "backbone": run.backbone,
        "backbone_revision": run.spec["backbone_revision"],
        "seed": run.seed,
        "metric": run.metric,
        "split": split,
        "value": value,
        "trainable": run.trainable,
        "transfer": run.transfer,
        "bytes": saved.bytes if saved else None,
        "shots": run.spec.get("shots"),
        "limits": run.spec.get("limits", {}),
        "origin": "imported" if run.imported else "trained here",
        "fingerprint": run.fingerprint,
    }


def _print(records: list[dict[str, Any]]) -> None:
    from rich.text import Text

    from scalearn_tui.text.formatting import count, score

    rows = []
    for one in records:
        budget = [f"{one['shots']} shots"] if one["shots"] else []
        budget += [f"{split}={number}" for split, number in one["limits"].items()]
        rows.append(
            (
                one["run"],
                Text(one["task"]),
                Text(one["backbone"]),
                str(one["seed"]),
                f"{one['split']} {one['metric']} {score(one['value'])}" if one["value"] is not None else "",
                count(one["transfer"]),
                f"{count(one['bytes'])}B",
                one["origin"],
                " ".join(budget),
            )
        )
    headings = ("run", "task", "backbone", "seed", "metric", "parameters", "size", "origin", "limits")
    shown = len(headings) if any(row[-1] for row in rows) else len(headings) - 1
    print_table(
        headings[:shown],
        [row[:shown] for row in rows],
        right=("seed", "parameters", "size"),
        drop=("seed", "parameters", "size"),
    )


def _portable(*arguments: str) -> dict[str, Any]:
    """Tensors are read in a process of its own, so that no command loads what the workers need."""
    import json
    import subprocess
    import sys

    from engine.errors import UserError
    from engine.files.home import Home
    from engine.registry.store import open_store

    home = Home.default()
    open_store(home).close()
    kind, *others = arguments
    command = [sys.executable, "-P", "-m", "engine.adapters", "--home", str(home.root), kind, "--", *others]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != ExitCode.OK:
        why = (answer.stderr.strip().splitlines() or ["reading the adapter failed"])[-1]
        raise UserError(why, ExitCode.USAGE if answer.returncode == ExitCode.USAGE else ExitCode.FAILURE)
    told: dict[str, Any] = json.loads(answer.stdout)
    return told
