"""``run``: from flags to a plan, from a plan to queued runs, and watching them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import Detach, DryRun, Gpus, JsonAtEnd, Priority, home_catalog, launch_flag, placed
from scalearn_tui.cli.output import print_json, print_line, say
from scalearn_tui.text.options import parse_request

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.plans.planner import Plan
    from engine.registry.records import Results, Run
    from engine.registry.store import Store
    from engine.runs.placement import Placement


def run(
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
    priority: Priority = 0,
    gpus: Gpus = None,
    dry_run: DryRun = False,
    detach: Detach = False,
    as_json: JsonAtEnd = False,
) -> int:
    """Train: plan the runs, train missing source adapters first, show progress until all runs have ended.

    Completed runs are reused, failed, stopped and lost ones are resumed. Ctrl-C stops watching (exit code 130); the runs go on.
    """
    request = parse_request(
        {
            "method": method,
            "target": target,
            "sources": sources,
            "backbone": backbone,
            "benchmark": benchmark,
            "seed": seed,
            "data_dir": data_dir,
            "set": settings,
            "limit": limit,
            "epochs": epochs,
            "shots": shots,
        }
    )
    placement = placed(priority, gpus)
    from engine.files.home import Home
    from engine.plans.planner import make_plan
    from engine.registry.opening import open_reader
    from scalearn_tui.children.data_files import incomplete_notes, open_files

    reader, catalog = open_reader(Home.default()), home_catalog()
    plan = make_plan(request, reader, catalog)
    opened = open_files(plan, reader.home)
    for note in (*plan.notes, *incomplete_notes(plan, opened)):
        say(note)
    if dry_run:
        from scalearn_tui.cli.plan import show_plan

        return show_plan(plan, opened, reader, catalog, as_json)
    return _train(plan, catalog, detach, as_json, placement)


def _train(plan: Plan, catalog: Catalog, detach: bool, as_json: bool, placement: Placement) -> int:
    """Queue the plan's runs and watch them until they end. Returns the exit code."""
    from engine.files.home import Home
    from engine.registry.store import open_store
    from scalearn_tui.cli.working_off import work_off

    store = open_store(Home.default())
    if not work_off(plan, store, detach, as_json, placement):
        return ExitCode.INTERRUPTED
    shown = [planned.run_id for planned in plan.runs if not planned.done or planned.role == "target"]
    return _report(store, shown, catalog, as_json, detach and any(not planned.done for planned in plan.runs))


def _report(store: Store, run_ids: Sequence[str], catalog: Catalog, as_json: bool, detached: bool) -> int:
    """The outcome of the runs, and the next command to try."""
    from engine.registry.records import RunState

    by_id = {run.id: run for run in store.runs(ids=list(run_ids))}
    runs = [by_id[run_id] for run_id in run_ids if run_id in by_id]
    results, tags = store.results(list(run_ids)), store.tags(list(run_ids))
    if as_json:
        from scalearn_tui.cli.records import run_record

        print_json({"runs": [run_record(run, results.get(run.id, {}), tags.get(run.id, []), catalog) for run in runs]})
    elif detached:
        _print_queued(runs)
    else:
        _print_results(runs, results, catalog)
    return ExitCode.OK if detached or all(run.state is RunState.COMPLETED for run in runs) else ExitCode.UNSUCCESSFUL


def _print_queued(runs: Sequence[Run]) -> None:
    from scalearn_tui.cli.live import name_of

    for run in runs:
        print_line(f"{name_of(run)}  {run.state}")
    say(f"next: scalearn ls   or   scalearn logs -f {runs[-1].id}")


def _print_results(runs: Sequence[Run], results: dict[str, Results], catalog: Catalog) -> None:
    from engine.registry.records import RunState
    from scalearn_tui.cli.live import name_of, state_line
    from scalearn_tui.text.formatting import duration
    from scalearn_tui.text.glyphs import state_glyph

    for run in runs:
        numbers = _numbers(run, results.get(run.id, {}), catalog)
        if run.state is RunState.COMPLETED:
            text = "  ".join([*numbers, f"best epoch {run.best_epoch}/{run.epochs}", duration(run.seconds)])
        else:
            text = state_line(run)
        print_line(f"{state_glyph(run.state)} {name_of(run)}  {text}")
    failed = next((run for run in runs if run.state is not RunState.COMPLETED), None)
    if failed is not None:
        say(f"next: scalearn logs {failed.id}   then   scalearn resume {failed.id}")
    else:
        say(
            "next: "
            + shlex.join(["scalearn", "leaderboard", "--benchmark", _benchmark(runs[-1]), "--backbone", runs[-1].backbone])
        )


def _benchmark(run: Run) -> str:
    return run.target.partition("/")[0]


def _numbers(run: Run, results: Results, catalog: Catalog) -> list[str]:
    """Results on test, or on dev where nothing else was evaluated, the headline metric first; of a joint run the mean, then
    each task's headline metric."""
    from engine.catalog.task import MEAN
    from scalearn_tui.text.formatting import score
    from scalearn_tui.text.results import declared_scores, joint_scores, shown_split

    if len(run.tasks) > 1:
        scores = joint_scores(run, results, catalog).items()
        return [
            f"{f'{shown_split(run)} ' if key == MEAN else ''}{key.rpartition('/')[2]} {score(value)}" for key, value in scores
        ]
    return [
        f"{split.replace('_', ' ')} {metric} {score(value)}"
        for split, values in declared_scores(run, results, catalog).items()
        if split != "dev" or run.parsed.dev_only
        for metric, value in values.items()
    ]
