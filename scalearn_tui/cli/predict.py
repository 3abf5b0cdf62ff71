"""``predict``: labels for new texts from a completed run."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import RunArgument, home_catalog, switch
from scalearn_tui.cli.output import print_line, say
from scalearn_tui.cli.watching import look

if TYPE_CHECKING:
    from engine.registry.reading import Reader
    from engine.registry.records import Run

STDIN = "-"


class Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"


def predict(
    run: RunArgument,
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="JSON lines, CSV or TSV; - (the default) is standard input.")
    ] = STDIN,
    task: Annotated[str | None, typer.Option(metavar="TASK", help="The task to label for, of a joint run.")] = None,
    split: Annotated[
        str | None, typer.Option(metavar="SPLIT", help="What the run answered on its own test or dev, with gold labels.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file, in the format of its suffix or of the input."),
    ] = None,
    format_: Annotated[
        Format | None, typer.Option("--format", help="Of the input. Default: of its suffix, else jsonl.", show_default=False)
    ] = None,
    skip_bad: Annotated[bool, switch("--skip-bad", help="Leave out lines that cannot be read, and name them.")] = False,
) -> int:
    """Label new texts: reads one JSON object per line, or a table, with the task's text columns; writes the answers."""
    from engine.errors import UserError
    from engine.registry.records import RunState
    from scalearn_tui.children import child

    reader = look()
    found = reader.find(run)
    if found.state is not RunState.COMPLETED:
        raise UserError(f"run {found.id} is {found.state}; only completed runs predict")
    key = _task(found, task)
    if split is not None:
        if file != STDIN or format_ or skip_bad:
            raise UserError("--split reads no texts; leave out FILE, --format and --skip-bad, or --split")
        _write_own_answers(reader, found, key, split, output)
        return ExitCode.OK
    reader.close()
    form = format_ or _format_of(file, Format.JSONL)
    answer_form = _format_of(output.name, form) if output else form
    options = ["--home", str(reader.home.root), "--task", key, "--format", form, "--output-format", answer_form]
    options += [f"--name={'stdin' if file == STDIN else file}", *([f"--output={output}"] if output else [])]
    options += ["--skip-bad"] if skip_bad else []
    descriptor = _opened(file)
    try:
        child.pass_through("engine.inference.predict", *options, found.id, stdin=descriptor, hear=say)
    finally:
        os.close(descriptor)
    if output:
        say(f"wrote {output}")
    return ExitCode.OK


def _format_of(name: str, otherwise: Format) -> Format:
    suffix = Path(name).suffix.lower().removeprefix(".")
    return Format(suffix) if suffix in list(Format) else otherwise


def _opened(file: str) -> int:
    """A descriptor of the input: a file, a pipe or the terminal. Raises UserError where there is nothing to read."""
    from engine.errors import UserError

    if file == STDIN:
        if os.isatty(0):
            say("reading from the terminal; Ctrl-D ends the texts")
        return os.dup(0)
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}; name a file of texts, or - for standard input") from None
    if Path(file).is_dir():
        os.close(descriptor)
        raise UserError(f"{file} is a folder; name a file of texts, or - for standard input")
    return descriptor


def _write_own_answers(reader: Reader, run: Run, key: str, split: str, output: Path | None) -> None:
    """One answer per example, from the run's evidence. Raises UserError where that is not kept."""
    import json

    from engine.files.answer_file import destination, writer
    from engine.reports.answers import answers
    from engine.reports.evidence import answered_task, evidence_of

    answered = answers(answered_task(run, key, home_catalog()), evidence_of(reader, run, key, split))
    if output is None:
        for answer in answered:
            print_line(json.dumps(answer))
        return
    with destination(output) as out:
        write = writer(out, _format_of(output.name, Format.JSONL), ())
        for answer in answered:
            write(answer)
    say(f"wrote {output}")


def _task(run: Run, name: str | None) -> str:
    """The key of the task to predict: the only one, or the one of a joint run that ``name`` is the key or the end of."""
    from engine.errors import UserError, did_you_mean

    if name is None and len(run.tasks) > 1:
        raise UserError(f"run {run.id} learned several tasks; name one with --task: {', '.join(run.tasks)}")
    fitting = [key for key in run.tasks if name is None or name.lower() in (key, key.partition("/")[2])]
    if len(fitting) != 1:
        wrong = "is ambiguous in" if fitting else "is no task of"
        close = "" if fitting else did_you_mean(name or "", [*(key.partition("/")[2] for key in run.tasks), *run.tasks])
        raise UserError(f"--task {name} {wrong} run {run.id}{close}: {', '.join(run.tasks)}")
    return fitting[0]
