"""``adapters``: list source adapters, export them to files and import them."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import Json, RunArgument, home_catalog, switch
from scalearn_tui.cli.output import confirmed, print_json, print_line, print_table, say
from scalearn_tui.cli.usage import Commands
from scalearn_tui.cli.watching import look
from scalearn_tui.text.suggestions import FIRST_ADAPTER

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.registry.reading import Reader
    from engine.registry.records import Results, Run

PUSH = "engine.adapters.push"
app = Commands(help="List, export and import source adapters.", no_args_is_help=True)


@app.command("ls")
def ls(as_json: Json = False) -> int:
    """List the completed source adapters, trained here or imported; `scalearn run --sources` takes their ids.

    An empty list is exit code 0.
    """
    from engine.catalog.methods import SOURCE_METHODS
    from engine.registry.records import RunState
    from engine.runs.distinctions import distinctions

    reader = look()
    runs = [run for run in reader.runs(states=[RunState.COMPLETED]) if run.method in SOURCE_METHODS]
    results = reader.results([run.id for run in runs])
    catalog = home_catalog()
    records = [_record(reader, run, results.get(run.id, {}), catalog) for run in runs]
    if as_json:
        print_json({"adapters": records})
    elif records:
        _print(records, distinctions({run.id: run.parsed for run in runs}, catalog))
    else:
        say(f"no source adapters yet; train one: {FIRST_ADAPTER}")
    return ExitCode.OK


@app.command("export")
def export(
    run: RunArgument,
    path: Annotated[
        str,
        typer.Argument(metavar="FILE|FOLDER", help="A new .safetensors file, or a folder for it, which is made if need be."),
    ],
    license_: Annotated[
        str | None, typer.Option("--license", metavar="ID", help="Of the adapter, for its model card: apache-2.0, ...")
    ] = None,
    push: Annotated[
        str | None, typer.Option("--push", metavar="ORG/NAME", help="Then send both files to this repository of the hub.")
    ] = None,
    private: Annotated[bool, switch("--private", help="A repository that --push makes is private.")] = False,
    yes: Annotated[bool, switch("--yes", "-y", help="Send without asking.")] = False,
    as_json: Json = False,
) -> int:
    """Write one adapter to a file that `adapters import` reads in another home, and a model card beside it."""
    repository = _repository(push, private, yes)
    exported = _portable("export", *([f"--license={license_}"] if license_ else []), "--", run, path)
    if repository:
        exported |= {"pushed": _sent(exported, repository, yes)}
    if as_json:
        print_json(exported)
    else:
        print_line(exported["file"])
        say(f"{exported['task']} adapter, {exported['bytes']:,} bytes; elsewhere: scalearn adapters import FILE")
    return ExitCode.OK


@app.command("import")
def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file written by `adapters export`.")], as_json: Json = False
) -> int:
    """Check an exported adapter and add it as a completed run."""
    imported = _portable("import", "--", file)
    if as_json:
        print_json(imported)
        return ExitCode.OK
    print_line(f"{imported['run']}  {imported['task']}" + ("" if imported["new"] else "  is already here"))
    request = f"--target TASK --sources {imported['run']},TASK --backbone {shlex.quote(_backbone(imported['run']))}"
    say(f"next: scalearn run --method scalearn++ {request}")
    return ExitCode.OK


def _repository(push: str | None, private: bool, yes: bool) -> dict[str, Any] | None:
    """What is known of the repository that ``--push`` names. Raises UserError, before anything is written, where it refuses."""
    from engine.errors import UserError
    from scalearn_tui.children import child

    if push is None:
        if private or yes:
            raise UserError("--private and --yes are about --push; name a repository of the hub with it")
        return None
    if not yes and not sys.stdin.isatty():
        raise UserError("--push asks before it sends anything; confirm with --yes")
    found: dict[str, Any] = child.document(PUSH, "check", f"--repo={push}", *(["--private"] if private else []))
    return found


def _sent(exported: dict[str, Any], repository: dict[str, Any], yes: bool) -> dict[str, Any] | None:
    """Show what would be sent, ask, and send it; None where the answer is no. A failure says how to send it later."""
    from pathlib import Path

    from engine.errors import UserError
    from scalearn_tui.children import child

    file, card = Path(exported["file"]), Path(exported["card"])
    visibility = "private" if repository["private"] else "public"
    say(f"to {repository['address']} ({'new' if repository['new'] else 'there already'}, {visibility}):")
    for name, size in ((file.name, file.stat().st_size), ("README.md", card.stat().st_size)):
        say(f"  {name}  {size:,} bytes{', replaces the one there' if name == 'README.md' and not repository['new'] else ''}")
    upload = f"hf upload {repository['repository']}"
    later = f"`{upload} {shlex.quote(str(file))}` and `{upload} {shlex.quote(str(card))} README.md` send it later"
    if not yes and not confirmed("", "Send it?"):
        say(f"nothing was sent; {later}")
        return None
    options = [f"--repo={repository['repository']}", f"--file={file}", f"--card={card}"]
    try:
        sent: dict[str, Any] = child.document(PUSH, "send", *options, *(["--private"] if repository["private"] else []))
    except UserError as error:
        raise UserError(f"{error}; {later}", error.exit_code) from None
    say(f"sent to {sent['address']}, commit {sent['commit']}")
    return sent


def _backbone(run_id: str) -> str:
    """What `--backbone` has to be for a run that combines this adapter."""
    from engine.catalog.backbones import BACKBONES

    name = look().find(run_id).backbone
    return name if name in BACKBONES or "/" in name else "FOLDER"


def _record(reader: Reader, run: Run, results: Results, catalog: Catalog) -> dict[str, Any]:
    from scalearn_tui.cli.records import headline, settings_record

    saved = reader.checkpoints(run.id).get("best")
    split, value = headline(run, results)
    return {
        "run": run.id,
        "task": run.target,
        "method": run.method,
        "backbone": run.backbone,
        "backbone_revision": run.parsed.backbone_revision,
        "seed": run.seed,
        "metric": run.metric,
        "split": split,
        "value": value,
        "trainable": run.trainable,
        "transfer": run.transfer,
        "bytes": saved.bytes if saved else None,
        **settings_record(run.parsed, catalog),
        "origin": "imported" if run.imported else "trained here",
        "fingerprint": run.fingerprint,
        "group_id": run.group_id,
    }


def _print(records: list[dict[str, Any]], distinctions: dict[str, dict[str, str]]) -> None:
    """The table; ``distinctions`` are by run id (``engine.runs.distinctions``)."""
    from rich.text import Text

    from engine.runs.distinctions import settings_line
    from scalearn_tui.text.formatting import count, score

    rows = []
    for record in records:
        budget = [f"{record['shots']} shots"] if record["shots"] else []
        budget += [f"{split}={number}" for split, number in record["limits"].items()]
        differs = distinctions.get(record["run"], {}).items()
        settings = {name: text for name, text in differs if name != "shots" and not name.startswith("limit ")}
        rows.append(
            (
                record["run"],
                Text(record["task"]),
                Text(record["backbone"]),
                str(record["seed"]),
                f"{record['split']} {record['metric']} {score(record['value'])}" if record["value"] is not None else "",
                count(record["transfer"]),
                f"{count(record['bytes'])}B",
                record["origin"],
                " ".join(budget),
                settings_line(settings),
            )
        )
    headings = ("run", "task", "backbone", "seed", "metric", "parameters", "size", "origin", "limits", "settings")
    optional = ("limits", "settings")
    shown = [index for index, name in enumerate(headings) if name not in optional or any(row[index] for row in rows)]
    print_table(
        [headings[index] for index in shown],
        [[row[index] for index in shown] for row in rows],
        right=("seed", "parameters", "size"),
        drop=("seed", "parameters", "size"),
    )


def _portable(verb: str, *arguments: str) -> dict[str, Any]:
    """The answer of the engine, which reads tensors."""
    from engine.files.home import Home
    from scalearn_tui.children import child

    answer: dict[str, Any] = child.document("engine.adapters", "--home", str(Home.default().root), verb, *arguments)
    return answer
