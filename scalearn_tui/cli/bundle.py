"""``bundle``, ``import`` and ``verify``: runs as one file, for other homes and for strangers who check them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.errors import UserError
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import Json, launch_flag, switch
from scalearn_tui.cli.output import print_json, print_line, say

if TYPE_CHECKING:
    from engine.registry.reading import Reader
    from engine.registry.records import Run, Sweep

MODULE = "engine.bundles"
MOST_RERUNS = 100
BundleArgument = Annotated[str, typer.Argument(metavar="FILE.zip", help="A file written by `scalearn bundle`.")]


def bundle(
    words: Annotated[
        list[str],
        typer.Argument(metavar="[RUN|TERM]... FILE.zip", help="Ids, @1 for the newest, or terms as in ls; then a new file."),
    ],
    sweep: Annotated[
        str | None, typer.Option("--sweep", metavar="NAME", help="The runs of a sweep; terms select among them.")
    ] = None,
    checkpoints: Annotated[bool, switch("--checkpoints", help="With the weights of the selected epochs.")] = False,
    anonymous: Annotated[
        bool, switch("--anonymous", help="Without names of users, machines, folders and times; for a review.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Write completed runs, what they answered and the table that they make to one file, with the sources that they read.

    Prints its root digest: publish that beside the table, so that `scalearn verify --expect` knows the file again.
    """
    from scalearn_tui.children import child
    from scalearn_tui.cli.watching import look

    # Terms with a - in front come last, wherever they were typed (``usage``).
    *named, file = sorted(words, key=lambda word: not word.startswith("-"))
    reader = look()
    registered, runs = _chosen(reader, named, sweep, file)
    flags = [*(("--checkpoints",) if checkpoints else ()), *(("--anonymous",) if anonymous else ())]
    flags += ["--sweep", registered.name] if registered else []
    ids = [run.id for run in runs]
    written: dict[str, Any] = child.document(MODULE, "write", "--home", str(reader.home.root), *flags, "--", file, *ids)
    for note in written["notes"]:
        say(f"note: {note}")
    if as_json:
        print_json(written)
        return ExitCode.OK
    sources = f" and {written['sources']} sources" if written["sources"] else ""
    size = f"{_count(written['cells'], 'cell')}, {written['bytes']:,} bytes"
    print_line(f"{file}  {_count(written['runs'], 'run')}{sources}, {size}")
    print_line(f"root digest  {written['digest']}")
    say(f"anyone: scalearn verify {file} --expect {written['digest']}")
    return ExitCode.OK


def import_(file: BundleArgument, as_json: Json = False) -> int:
    """Add the runs of a bundle: all of them, once every part of the file was checked, or none.

    A run that is here already is left as it is; other answers of an equal run are kept beside it as a replicate, which
    `scalearn show` lists and no table averages.
    """
    from engine.files.home import Home
    from scalearn_tui.children import child

    imported: dict[str, Any] = child.document(MODULE, "import", "--home", str(Home.default().root), "--", file)
    if imported["without_labels"]:
        say(f"note: answers of {', '.join(imported['without_labels'])} were left out: their labels must not be passed on")
    if name := imported["kept_sweep"]:
        say(f"note: another sweep {name} is here and stays; `scalearn sweep rm {name}`, then import again, takes the bundle's")
    if as_json:
        print_json(imported)
        return ExitCode.OK
    print_line(
        f"{_count(len(imported['new']), 'run')} imported, {len(imported['here'])} already here, "
        f"{_count(len(imported['replicates']), 'replicate')}"
    )
    for run_id in imported["checkpoints"]:
        print_line(f"{run_id}  has its checkpoint now")
    for run_id in imported["replicates"]:
        print_line(f"{run_id}  has other answers here: kept as a replicate, see scalearn show {run_id}")
    say("next: scalearn leaderboard")
    return ExitCode.OK


def verify(
    file: BundleArgument,
    expect: Annotated[
        str | None, typer.Option("--expect", metavar="DIGEST", help="The root digest that was published with the table.")
    ] = None,
    rerun: Annotated[
        int, typer.Option("--rerun", metavar="K", min=0, max=MOST_RERUNS, help="Train K of its runs again, drawn at random.")
    ] = 0,
    data_dir: Annotated[str | None, launch_flag("data_dir")] = None,
    as_json: Json = False,
) -> int:
    """Check a bundle: digests, every metric from the answers, every cell of the table from the metrics. Needs no home.

    Exit code 1 where something differs, named in one line each; 2 for a file that cannot be read as a bundle.
    """
    from scalearn_tui.children import child

    flags = [*(("--expect", expect) if expect else ()), *(("--data-dir", str(Path(data_dir).absolute())) if data_dir else ())]
    flags += ["--rerun", str(rerun)] if rerun else []
    answer: dict[str, Any] = {}
    for event in child.events(MODULE, "verify", *flags, "--", file):
        if "progress" in event:
            say(event["progress"])
        else:
            answer = event
    code = ExitCode.OK if answer["equal"] else ExitCode.FAILURE
    if as_json:
        print_json(answer)
        return code
    for line in answer["unchecked"]:
        say(f"not checked: {line}")
    for line in answer["wrong"]:
        print_line(f"different: {line}")
    for run in answer["reruns"]:
        print_line(f"rerun {run['run']}: {run['verdict']}: {run['text']}")
    checked = f"{_count(answer['runs'], 'run')}, {_count(answer['cells'], 'cell')}"
    print_line(f"equal: {checked}" if answer["equal"] else f"different: {len(answer['wrong'])} of {checked}")
    say(f"root digest {answer['digest']}")
    return code


def _chosen(reader: Reader, words: list[str], name: str | None, file: str) -> tuple[Sweep | None, list[Run]]:
    """The sweep, and the runs that are meant. Raises UserError where there are none."""
    from scalearn_tui.cli.choosing import choose, registered_sweep
    from scalearn_tui.cli.flags import home_catalog

    if name is None:
        if not words:
            raise UserError(f"which runs are to be in {file}? scalearn bundle RUN... {file}, or --sweep NAME")
        return None, choose(reader, words).runs
    from engine.registry.choosing import read_selection

    sweep = registered_sweep(name, reader)
    ids = [cell["run"] for cell in sweep.cells]
    runs = {run.id: run for run in reader.runs(ids=[run_id for run_id in ids if run_id])}
    if not words:
        if missing := sum(run_id not in runs for run_id in ids):
            raise UserError(f"{missing} of the {len(ids)} runs of {name} do not exist yet; {_advice(name, file)}")
        return sweep, list(runs.values())
    selection = read_selection(words, reader, home_catalog())
    if not (selected := [run for run in runs.values() if selection.holds(run)]):
        raise UserError(f"no run of {name} matches {selection}", ExitCode.NOTHING_MATCHED)
    return sweep, selected


def _advice(name: str, file: str) -> str:
    return f"scalearn sweep run {name}, or bundle what there is: scalearn bundle --sweep {name} state:completed {file}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
