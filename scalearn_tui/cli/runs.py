"""``ls`` and ``show``: what the registry knows about runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import MOST_LINES, Json, RunArgument, Terms, completion, filter_flag, home_catalog, switch
from scalearn_tui.cli.output import print_json, print_table, say
from scalearn_tui.cli.watching import ensure_supervised, look
from scalearn_tui.text.glyphs import STATES
from scalearn_tui.text.suggestions import FIRST_RUN

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.registry.reading import Reader
    from engine.registry.records import Replicate, Results, Run


def ls(
    terms: Terms = None,
    lines: Annotated[int, typer.Option("-n", "--lines", min=1, max=MOST_LINES, metavar="N", help="Only the newest N.")] = 50,
    all_: Annotated[bool, switch("--all", help="All runs.")] = False,
    state: Annotated[
        str | None, typer.Option(metavar="STATE", help="Only this state.", autocompletion=completion(lambda _: STATES))
    ] = None,
    method: Annotated[str | None, filter_flag("method")] = None,
    target: Annotated[str | None, filter_flag("target")] = None,
    as_json: Json = False,
) -> int:
    """List runs, the newest first. Exit code 3 when filters match none; an empty list without filters is 0.

    A term is FIELD:VALUE, or a comparison in quotes; a - in front negates it. In VALUE, * stands for any letters and ? for
    one, and commas separate alternatives. A word alone is looked for in id, method, backbone, target and state. Fields are
    id, method, target, source, backbone, benchmark, state, seed, shots, epoch, dev, test (both times 100, as shown), seconds,
    age, device, cause, tag, sweep, and hyper-parameters by name.
    """
    from engine.registry.choosing import read_selection, select

    catalog = home_catalog()
    wanted = _filters(state, method, catalog)
    filtered = bool(wanted or target or terms)
    reader = look()
    selection = read_selection(terms or (), reader, catalog)
    ensure_supervised(reader)
    limit = None if all_ else lines
    if target is None:
        runs = select(selection, reader, limit, **wanted)
    else:
        keys = _keys(target, reader, catalog)
        runs = [run for run in select(selection, reader, **wanted) if keys.intersection(run.tasks)][:limit]
    ids = [run.id for run in runs]
    results, tags = reader.results(ids), reader.tags(ids)
    if as_json:
        from scalearn_tui.cli.records import run_record

        print_json({"runs": [run_record(run, results.get(run.id, {}), tags.get(run.id, []), catalog) for run in runs]})
    elif runs:
        _print_runs(runs, results, tags, catalog)
    elif filtered:
        say("no run matches")
    else:
        say(f"no runs yet; start one: {FIRST_RUN}")
    return ExitCode.NOTHING_MATCHED if filtered and not runs else ExitCode.OK


def _filters(state: str | None, method: str | None, catalog: Catalog) -> dict[str, Any]:
    """Names checked against the catalog."""
    from engine.errors import UserError, did_you_mean

    wanted: dict[str, Any] = {}
    if state:
        if state not in STATES:
            raise UserError(f"no state {state!r}{did_you_mean(state, STATES)}; there are {', '.join(STATES)}")
        wanted["states"] = [state]
    if method:
        wanted["method"] = catalog.find_method(method).name
    return wanted


def _keys(target: str, reader: Reader, catalog: Catalog) -> set[str]:
    """The tasks that a name means: those of all benchmarks that have it, or of runs whose benchmark was removed."""
    from engine.catalog.catalog import plain_name
    from engine.errors import UserError

    try:
        first = catalog.find_task(target)
    except UserError:
        wanted = plain_name(target)
        recorded = {key for run in reader.runs() for key in run.tasks}
        removed = {key for key in recorded if wanted == plain_name(key if "/" in target else key.rpartition("/")[2])}
        if not removed:
            raise
        return removed
    return {first.key} if "/" in target else {key for key, task in catalog.tasks.items() if task.name == first.name}


def _print_runs(runs: list[Run], results: Mapping[str, Results], tags: Mapping[str, list[str]], catalog: Catalog) -> None:
    from rich.text import Text

    from engine.registry.records import utc_now
    from engine.runs.distinctions import distinctions, settings_line
    from scalearn_tui.cli.records import headline
    from scalearn_tui.text.formatting import duration, score
    from scalearn_tui.text.glyphs import silence, state_colour, state_glyph, state_word

    settings = distinctions({run.id: run.parsed for run in runs}, catalog)
    rows = []
    for run in runs:
        split, value = headline(run, results.get(run.id, {}))
        number = f"{split} {run.metric} {score(value)}" if value is not None else ""
        rows.append(
            (
                Text(f"{state_glyph(run.state)} {state_word(run)}", style=state_colour(run.state)),
                run.id,
                run.method,
                run.backbone,
                run.target,
                str(run.seed),
                settings_line(settings.get(run.id, {})),
                " ".join(tags.get(run.id, [])),
                f"{run.epoch}/{run.epochs}" if run.epochs else "",
                number,
                duration(run.seconds) if run.seconds else "",
                duration((utc_now() - run.created_at).total_seconds()),
                run.cause or silence(run),
            )
        )
    headings = [
        "state", "run", "method", "backbone", "target", "seed", "settings", "tags", "epoch", "metric", "time", "age", "cause",
    ]  # fmt: skip
    optional = ("settings", "tags", "cause")
    shown = [index for index, name in enumerate(headings) if name not in optional or any(row[index] for row in rows)]
    print_table(
        [headings[index] for index in shown],
        [[row[index] for index in shown] for row in rows],
        right=("seed", "epoch", "time", "age"),
        drop=("settings", "age", "backbone", "time", "epoch", "tags", "seed"),
    )


def show(run: RunArgument, as_json: Json = False) -> int:
    """Show everything about one run: its request, results, sources, checkpoints, provenance and events."""
    reader = look()
    ensure_supervised(reader)
    found = reader.find(run)
    if as_json:
        print_json({"run": _full_record(reader, found)})
    else:
        _print_run(reader, found)
    return ExitCode.OK


def _full_record(reader: Reader, run: Run) -> dict[str, Any]:
    from engine.registry.encoding import as_json
    from scalearn_tui.cli.records import run_record

    return {
        **run_record(run, reader.results([run.id]).get(run.id, {}), reader.tags([run.id]).get(run.id, []), home_catalog()),
        "spec": run.spec,
        "request": run.request,
        "provenance": run.provenance,
        "sources": [{"task": source.task, "run": source.source_id} for source in reader.sources(run.id)],
        "checkpoints": {
            kind: {
                **as_json(checkpoint, without=("run_id", "kind")),
                "path": str(reader.home.checkpoint(run.id, kind)),
            }
            for kind, checkpoint in reader.checkpoints(run.id).items()
        },
        "evidence": [as_json(row, without=("run_id",)) for row in reader.evidence(run.id)],
        "replicates": [as_json(replicate, without=("run_id",)) for replicate in reader.replicates(run.id)],
        "load": {name: {"mean": mean, "max": most} for name, (mean, most) in reader.load(run.id).items()},
        "events": [as_json(event, without=("run_id", "id")) for event in reader.events(run.id)],
        "log": str(reader.home.log(run.id)),
    }


def _print_run(reader: Reader, run: Run) -> None:
    """Sections of name and value; the command comes last, where it is easy to copy."""
    from rich.text import Text

    from engine.reports.evidence_summary import evidence_summary
    from engine.reports.run_results import incomplete_rows
    from scalearn_tui.text.formatting import count, duration, score

    record, spec = _full_record(reader, run), run.parsed
    rows: list[tuple[str, str]] = [
        ("run", run.id),
        ("state", f"{STATES[run.state].glyph} {run.state}" + (f": {run.cause}" if run.cause else "")),
        ("method", run.method + (f" of {spec.distribution}" if spec.distribution else "")),
        ("backbone", f"{run.backbone} at {spec.backbone_revision}"),
        ("target", run.target),
        ("seed", str(run.seed)),
        ("epochs", f"{run.epoch} of {run.epochs}" + (f", best {run.best_epoch}" if run.best_epoch is not None else "")),
        ("time", duration(run.seconds) + (f" on {run.device}" if run.device else "") + f", attempt {run.attempt}"),
        ("parameters", f"{count(run.trainable)} trainable, {count(run.transfer)} of the method itself"),
        *([("GPU memory", f"at most {run.peak_memory / 2**30:.1f} GiB")] if run.peak_memory else []),
        *([("tags", " ".join(record["tags"]))] if record["tags"] else []),
        *([("note", run.note)] if run.note else []),
    ]
    for task, splits in record["results"].items():
        for split, values in splits.items():
            figures = "  ".join(
                f"{name} {score(value) if name != 'loss' else f'{value:.4f}'}" for name, value in values.items()
            )
            rows.append((f"{split} results".replace("_", " "), figures if len(run.tasks) == 1 else f"{task}  {figures}"))
    rows.append(("settings", "  ".join(f"{name}={value}" for name, value in spec.hyperparameters.items())))
    if spec.limits:
        rows.append(("limits", "  ".join(f"{name}={value}" for name, value in spec.limits.items())))
    if spec.shots:
        rows.append(("shots", str(spec.shots)))
    if spec.dev_only:
        rows.append(("evaluated on", "dev alone: it helps to choose a setting"))
    catalog = home_catalog()
    read = {key: incomplete_rows(run, spec.known_task(key, catalog)) for key in spec.data}
    data = [text + (f" ({read[key]})" if read[key] else "") for key, text in spec.data.items()]
    rows += [("data", text) for text in dict.fromkeys(data)]
    rows += [("source", f"{source['task']} from run {source['run']}") for source in record["sources"]]
    for kind, checkpoint in record["checkpoints"].items():
        text = f"epoch {checkpoint['epoch']}, step {checkpoint['step']}, {count(checkpoint['bytes'])}B  {checkpoint['path']}"
        rows.append((f"{kind} checkpoint", text))
    rows.append(("evidence", evidence_summary(reader.evidence(run.id), run)))
    rows += [("replicate", _replicate(replicate)) for replicate in reader.replicates(run.id)]
    about = {name: value for name, value in (run.provenance or {}).items() if value is not None and name != "data"}
    rows += [("hardware" if name == "device" else name.replace("_", " "), _plain(value)) for name, value in about.items()]
    if record["load"]:
        rows.append(("mean load", "  ".join(_load(name, values["mean"]) for name, values in record["load"].items())))
    rows += [("event", f"{event.at.astimezone():%Y-%m-%d %H:%M:%S}  {event.text}") for event in reader.events(run.id)]
    rows += [("log", record["log"]), ("command", run.command)]
    names = ["", *(name for name, _ in rows)]
    told_once = [("" if name == before else name, Text(text)) for before, (name, text) in zip(names, rows, strict=False)]
    print_table(("", ""), told_once)


def _replicate(replicate: Replicate) -> str:
    """Another outcome of the run: its headline metric on test, when it was imported, and from where."""
    from scalearn_tui.text.formatting import score

    record = replicate.record
    values = [
        f"{task} {record['metric']} {score(splits['test'][record['metric']])}"
        for task, splits in record["results"].items()
        if record["metric"] in splits.get("test", {})
    ]
    return f"{', '.join(values)}  imported {replicate.at.astimezone():%Y-%m-%d} from {replicate.origin}; in no table"


def _load(name: str, value: float) -> str:
    """``gpu memory 3.1 GiB``."""
    unit = {"cpu": "%", "gpu": "%", "power": "W"}.get(name, "GiB")
    return f"{name.replace('_', ' ')} {value:.{1 if unit == 'GiB' else 0}f} {unit}"


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{name} {_plain(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    return str(value)
