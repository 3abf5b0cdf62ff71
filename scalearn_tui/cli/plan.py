"""What ``run --dry-run`` shows of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.output import print_json, print_table, say
from scalearn_tui.text.formatting import duration

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.plans.estimates import Estimate
    from engine.plans.planner import Plan, PlannedRun
    from engine.registry.reading import Reader
    from engine.runs.spec import RunSpec
    from scalearn_tui.children.data_files import Rows


def _status(planned: PlannedRun) -> str:
    """``new``, ``done``, the state of a run under way, or what is going to be resumed."""
    if planned.existing is None:
        return "new"
    if planned.done:
        return "done"
    state = planned.existing.state
    return f"{state}, will resume" if state.over else str(state)


def show_plan(plan: Plan, opened: Rows, reader: Reader, catalog: Catalog, as_json: bool, later: Plan | None = None) -> int:
    """Print what would be trained, and how much more once tuning has chosen settings. Returns the exit code."""
    from engine.runs.deviations import kept_changes
    from engine.runs.distinctions import distinctions, settings_line
    from scalearn_tui.children.estimates import estimated
    from scalearn_tui.text.estimates import TAKEN, cells

    found = estimated(plan, reader, catalog, opened)
    if as_json:
        records = [
            {
                "id": planned.run_id,
                "role": planned.role,
                "status": "new" if planned.existing is None else str(planned.existing.state),
                "changed_defaults": kept_changes(planned.spec, catalog),
                "rows": _rows_of(planned, opened),
                **asdict(found[planned.run_id]),
                "spec": planned.spec.model_dump(mode="json"),
            }
            for planned in plan.runs
        ]
        given = [
            {
                "id": run.id,
                "role": "source",
                "status": str(run.state),
                "changed_defaults": kept_changes(run.parsed, catalog),
                "rows": (run.provenance or {}).get("rows", {}),
                **asdict(found[run.id]),
                "spec": run.spec,
            }
            for run in plan.named_sources
        ]
        print_json({"runs": given + records} | ({"later": _later(later, opened, reader, catalog)} if later else {}))
        return ExitCode.OK
    shown = [("source", run.id, run.parsed, "done") for run in plan.named_sources]
    shown += [(planned.role, planned.run_id, planned.spec, _status(planned)) for planned in plan.runs]
    settings = distinctions({run_id: spec for _, run_id, spec, _ in shown}, catalog)
    rows = []
    for role, run_id, spec, status in shown:
        title, differs = catalog.methods[spec.method].title, [settings_line(settings[run_id])] if settings else []
        taken = cells(found[run_id])
        rows.append((role, run_id, title, spec.backbone, spec.target, str(spec.seed), *differs, *taken, status))
    headings = ("role", "run", "method", "backbone", "target", "seed", *(["settings"] if settings else []), *TAKEN, "status")
    print_table(headings, rows, right=("seed", *TAKEN), drop=("disk", "trainable", "time", "steps"))
    _say_total([found[planned.run_id] for planned in plan.runs if not planned.done])
    if later:
        say(f"then up to {_in_words(_later(later, opened, reader, catalog))} of the settings that are the best on dev")
    _say_changes([spec for _, _, spec, _ in shown], catalog)
    return ExitCode.OK


def _say_total(estimates: Sequence[Estimate]) -> None:
    from scalearn_tui.text.estimates import totals

    if len(estimates) > 1 and (words := totals(estimates)):
        say(f"{len(estimates)} to train, in all {' and '.join(words)}; a run that stops early takes less")


def _later(plan: Plan, opened: Rows, reader: Reader, catalog: Catalog) -> dict[str, Any]:
    """What the runs take in all that wait for tuning, as if the first settings are chosen and none is done; None where one is
    unknown."""
    from scalearn_tui.children.estimates import estimated

    found = estimated(plan, reader, catalog, opened)
    waiting = [found[planned.run_id] for planned in plan.runs if planned.role == "target"]
    columns = {name: [getattr(estimate, name) for estimate in waiting] for name in ("steps", "seconds", "bytes")}
    totals = {name: None if None in values else sum(values) for name, values in columns.items()}
    return {"runs": len(waiting), **totals}


def _in_words(total: Mapping[str, Any]) -> str:
    """``12 runs (about 240 steps, 01:20 on one device)``."""
    steps = [] if total["steps"] is None else [f"{total['steps']:,} steps"]
    time = [] if total["seconds"] is None else [f"{duration(total['seconds'])} on one device"]
    about = f" (about {', '.join(steps + time)})" if steps or time else ""
    return f"{total['runs']} runs{about}"


def _rows_of(planned: PlannedRun, opened: Rows) -> Rows:
    """What a completed run read of its targets, or what their files hold now."""
    if planned.existing and planned.done:
        recorded: Rows = (planned.existing.provenance or {}).get("rows", {})
        return recorded
    return {key: opened[key] for key in planned.spec.targets if key in opened}


def _say_changes(specs: Sequence[RunSpec], catalog: Catalog) -> None:
    """Which defaults of the methods the benchmarks and tasks replace, those of the same methods on one line."""
    from engine.catalog.changed_defaults import changes_by_benchmark, grouped
    from engine.catalog.method import setting_text
    from engine.runs.deviations import kept_changes

    changes = []
    of_benchmarks = {name: changes_by_benchmark(catalog.methods[name], catalog) for name in {spec.method for spec in specs}}
    for spec in specs:
        kept = kept_changes(spec, catalog)
        of_benchmark = of_benchmarks[spec.method].get(spec.benchmark, {})
        for name, text in kept.items():
            usual = name in of_benchmark and setting_text(of_benchmark[name]) == text
            changes.append((spec.benchmark if usual else spec.target, f"{name}={text}", spec.method))
    for scope, settings, methods in grouped(changes):
        say(f"{scope} has its own defaults for {', '.join(methods)}: {settings}")
