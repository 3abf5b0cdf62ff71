"""The launch options as Typer flags, and other flags that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scalearn_tui.cli.output import complain
from scalearn_tui.text.options import LAUNCH_OPTIONS

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.runs.placement import Placement

MOST_LINES = 1_000_000
"""Of a list or a log that are shown."""
MOST_URGENT = 1_000_000
OPTIONS = {option.name: option for option in LAUNCH_OPTIONS}


def switch(*flags: str, help: str) -> Any:
    """A flag without a value; Typer's own help would show a type."""
    return typer.Option(*flags, help=help, metavar="")


def launch_flag(name: str) -> Any:
    """A launch option for ``run``."""
    option = OPTIONS[name]
    text = f"{option.help} Default: {option.default}." if option.default else option.help
    panel = "What to train" if option.required else "How"
    complete = completion(option.choices) if option.choices else None
    return typer.Option(*option.flags, help=text, metavar=option.placeholder, autocompletion=complete, rich_help_panel=panel)


def filter_flag(name: str) -> Any:
    """The flag of a launch option where it filters a list."""
    option = OPTIONS[name]
    complete = completion(option.choices) if option.choices else None
    return typer.Option(*option.flags, help=f"Only this {name}.", metavar=option.placeholder, autocompletion=complete)


def home_catalog() -> Catalog:
    """What can be named in the user's home. What an installed package adds but cannot be used is named on stderr."""
    from engine.files.home import Home
    from engine.plugins.home_catalog import load_catalog

    catalog = load_catalog(Home.default())
    for line in catalog.left_out:
        complain(line)
    return catalog


def completion(choices: Callable[[Catalog], Iterable[str]]) -> Callable[[str], list[str]]:
    """Completions for the letters typed so far, of what the home knew when a command ran last."""

    def complete(incomplete: str) -> list[str]:
        from engine.files.home import Home
        from engine.plugins.home_catalog import load_catalog

        known = choices(load_catalog(Home.default(), look=False))
        return [value for value in dict.fromkeys(known) if value.startswith(incomplete)]

    return complete


Json = Annotated[bool, switch("--json", help="One JSON document.")]
DryRun = Annotated[bool, switch("--dry-run", help="Print the plan and queue nothing.")]
Detach = Annotated[bool, switch("--detach", help="Queue the runs and return at once.")]
JsonAtEnd = Annotated[bool, switch("--json", help="One JSON document on stdout; progress goes to stderr.")]
Priority = Annotated[
    int,
    typer.Option(
        "--priority",
        metavar="N",
        min=-MOST_URGENT,
        max=MOST_URGENT,
        help="Of the queue: higher ones start first; 0 by default.",
        rich_help_panel="How",
    ),
]
Gpus = Annotated[
    str | None,
    typer.Option(
        "--gpus",
        metavar="GPU,...",
        help="Only on these, by number or identifier, even where other programs use them.",
        rich_help_panel="How",
    ),
]


def placed(priority: int, gpus: str | None) -> Placement:
    """What these flags ask of the queue. Raises UserError for GPUs that runs may not have, and a mistaken configuration."""
    from engine.files.config import read_config
    from engine.files.home import Home
    from engine.launch.devices import find_slots, gpus_named
    from engine.runs.placement import Placement

    # Before anything is queued.
    slots = find_slots(read_config(Home.default()))
    return Placement(priority, gpus_named([word.strip() for word in gpus.split(",")], slots) if gpus is not None else ())


RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="Id, beginning of an id, or @1 for the newest.")]
RUNS_HELP = "Ids, beginnings of ids, @1 for the newest; or terms that all must hold, as in ls."
RunArguments = Annotated[list[str], typer.Argument(metavar="RUN...", help=RUNS_HELP)]
Terms = Annotated[
    list[str] | None,
    typer.Argument(metavar="TERM", help="Only runs of which all hold: state:failed method:scalearn* -seed:0 'dev>80'."),
]
