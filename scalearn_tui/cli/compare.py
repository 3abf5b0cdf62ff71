"""``compare``: whether two methods, runs or selections differ, and what that claims."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import Json, filter_flag, home_catalog, switch
from scalearn_tui.cli.output import print_json, print_line, print_table
from scalearn_tui.cli.watching import look
from scalearn_tui.text.comparison import HEADINGS, NUMBERS, lines, notes, row

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.reports.comparison import Compared, Comparison
    from engine.reports.table import Cell


class TestName(StrEnum):
    CROSSED = "crossed"
    WELCH = "welch"
    SIGN_FLIP = "sign-flip"
    MCNEMAR = "mcnemar"
    RANDOMISATION = "randomisation"
    BOOTSTRAP = "bootstrap"


SIDE = "A method, a run, or terms in quotes as in ls: 'method:scalearn++ tag:paper'."


def compare(
    first: Annotated[str, typer.Argument(metavar="A", help=SIDE)],
    second: Annotated[str, typer.Argument(metavar="B", help="What to compare it with.")],
    benchmark: Annotated[str | None, filter_flag("benchmark")] = None,
    target: Annotated[str | None, filter_flag("target")] = None,
    backbone: Annotated[str | None, filter_flag("backbone")] = None,
    split: Annotated[str, typer.Option(metavar="SPLIT", help="dev, test, or another one of the task.")] = "test",
    metric: Annotated[
        str | None, typer.Option(metavar="METRIC", help="Default: each task's headline metric.", show_default=False)
    ] = None,
    test: Annotated[
        TestName | None,
        typer.Option(help="Default: crossed with two seeds or more of both, else one of trained models.", show_default=False),
    ] = None,
    common: Annotated[bool, switch("--common", help="Compare on the examples that all runs answered.")] = False,
    as_json: Json = False,
) -> int:
    """Test whether A and B differ, on each task and on average: difference, 95% interval, p, and what these claim.

    Runs are paired by the ids of the examples that they answered. docs/comparing.md says which test answers which question.
    """
    from engine.reports.comparison import compare as compared
    from engine.reports.sides import side
    from engine.reports.significance.tests import TESTS

    reader, catalog = look(), home_catalog()
    wanted = _tasks(benchmark, target, catalog)
    sides = [side(words, reader, catalog, backbone=backbone, tasks=wanted, dev=split == "dev") for words in (first, second)]
    found = compared(reader, catalog, *sides, split=split, metric=metric, test=TESTS[test] if test else None, common=common)
    if as_json:
        print_json({"a": first, "b": second, **_record(found)})
    else:
        _print(found, (first, second))
    return ExitCode.OK


def _tasks(benchmark: str | None, target: str | None, catalog: Catalog) -> set[str] | None:
    """Keys of the tasks that the filters leave; None for all."""
    if target:
        return {catalog.find_task(target, benchmark).key}
    return {task.key for task in catalog.find_benchmark(benchmark).tasks} if benchmark else None


def _record(found: Comparison) -> dict[str, Any]:
    return {
        "split": found.split,
        "unit": "metric x 100",
        "tasks": [_line_record(task) for task in found.tasks],
        "average": _line_record(found.average) if found.average else None,
        "given": found.given,
        "only_one_side": found.only_one,
    }


def _line_record(line: Compared) -> dict[str, Any]:
    from engine.reports.significance.tests import CLAIMS

    def cell(of: Cell) -> dict[str, Any]:
        return {"mean": of.mean, "std": of.std, "values": of.values, "seeds": of.seeds, "runs": of.run_ids}

    difference = None
    if line.difference:
        difference = asdict(line.difference) | {
            "verdict": line.difference.verdict,
            "generalises_to": CLAIMS[line.difference.claim],
        }
    return {
        "task": line.title,
        "metric": line.metric,
        "a": cell(line.first),
        "b": cell(line.second),
        "difference": difference,
        "why_not": line.why_not or None,
        "examples": line.examples or None,
        "left_out": line.left_out,
        "discordant": line.discordant,
    }


def _print(found: Comparison, names: tuple[str, str]) -> None:
    print_table(HEADINGS, [row(line) for line in lines(found)], right=NUMBERS)
    print_line()
    print_table(("", ""), notes(found, names))
