"""``reproduce``: the tables of the papers, which are sweeps that come with the program."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.catalog.backbones import BACKBONES
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import Detach, DryRun, Gpus, JsonAtEnd, Priority, completion, home_catalog, launch_flag, placed
from scalearn_tui.cli.watching import look

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.sweeps.declaration import Declaration


class Budget(StrEnum):
    PAPER = "paper"
    SMALL = "small"


def _tables(_catalog: Catalog) -> list[str]:
    from engine.sweeps.papers import paper_tables

    return paper_tables()


def reproduce(
    table: Annotated[
        str,
        typer.Argument(
            metavar="TABLE",
            help="ablation, fewshot, glue, gsg, humset, pals, probing or superglue.",
            autocompletion=completion(_tables),
        ),
    ],
    budget: Annotated[
        Budget, typer.Option("--budget", help="small: one seed, one epoch and 100, 50 and 100 rows of train, dev and test.")
    ] = Budget.PAPER,
    backbone: Annotated[
        str | None,
        typer.Option(
            "--backbone", "-b", metavar="NAME", help="In place of the table's.", autocompletion=completion(lambda _: BACKBONES)
        ),
    ] = None,
    data_dir: Annotated[str | None, launch_flag("data_dir")] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="Of the sweep. Default: TABLE, or TABLE-small."),
    ] = None,
    priority: Priority = 0,
    gpus: Gpus = None,
    dry_run: DryRun = False,
    detach: Detach = False,
    as_json: JsonAtEnd = False,
) -> int:
    """Train the methods of a paper's table, with its seeds and settings, and print the leaderboard.

    It becomes a sweep: `scalearn sweep show NAME` looks at it, asking again trains only what is missing or failed.
    """
    from engine.sweeps.planning import plan_sweep
    from scalearn_tui.cli.sweep_training import register, show_plan_of, train

    placement = placed(priority, gpus)
    named = name or (table if budget is Budget.PAPER else f"{table}-{budget}")
    declared = _declared(table, named, budget, backbone, data_dir)
    reader, catalog = look(), home_catalog()
    planned = plan_sweep(declared, reader, catalog)
    if dry_run:
        return show_plan_of(planned, reader, catalog, as_json)
    advice = f"give it another name with --name, or forget that one: scalearn sweep rm {named}"
    store = register(planned, reader, f"reproduce {table}", advice)
    code = train(planned, planned.plan, store, detach, as_json, placement)
    if not (detach or as_json or code == ExitCode.INTERRUPTED):
        from scalearn_tui.cli.leaderboard import leaderboard

        leaderboard([f"sweep:{named}"])
    return code


def _declared(table: str, name: str, budget: Budget, backbone: str | None, data_dir: str | None) -> Declaration:
    """The table's sweep; folders are relative to the current one."""
    from engine.sweeps.asking import backbone_of
    from engine.sweeps.declaration import beside
    from engine.sweeps.papers import SMALL, paper_table

    changes: dict[str, Any] = {"name": name}
    if backbone:
        changes["backbones"] = backbone_of(Path(table), backbone)
    if data_dir:
        changes["data_dir"] = str(beside(Path(table), data_dir).resolve())
    if budget is Budget.SMALL:
        changes |= SMALL
    return paper_table(table, changes)
