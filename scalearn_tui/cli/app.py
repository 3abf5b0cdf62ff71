"""The command ``scalearn``: its commands, and how every error becomes one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Annotated

import typer

from engine.errors import UserError, database_trouble
from scalearn_tui import __version__
from scalearn_tui.cli import (
    adapters,
    annotate,
    benchmarks,
    bundle,
    catalog,
    compare,
    config,
    control,
    data,
    db,
    doctor,
    figure,
    gc,
    leaderboard,
    logs,
    predict,
    queue,
    reproduce,
    results,
    run,
    runs,
    serve,
    sweep,
    wait,
)
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.output import complain, say
from scalearn_tui.cli.usage import Commands, usage_message
from scalearn_tui.text.suggestions import FIRST_RUN

SHORT_HELP = f"""\
usage: scalearn COMMAND [OPTIONS]
  {FIRST_RUN}
                                      train, offline: source adapters first, then the transfer
  scalearn ls | show RUN | logs RUN   look at runs
  scalearn leaderboard                compare methods
  scalearn-tui                        the dashboard
`scalearn --help` lists all commands."""

TRAIN, COMPARE, EXISTS = "Train", "Look and compare", "What exists"
app = Commands(
    help="Train and compare parameter-efficient transfer methods.",
    epilog="RUN is an id, the beginning of one, or @1 for the newest run, @2 for the one before it. "
    "Exit codes: 0 ok, 1 failure, 2 bad input, 3 nothing matched, 4 a run did not succeed, 130 interrupted.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_show_locals=False,
)
app.command("run", rich_help_panel=TRAIN)(run.run)
app.command("wait", rich_help_panel=TRAIN)(wait.wait)
app.add_typer(sweep.app, name="sweep", rich_help_panel=TRAIN)
app.add_typer(queue.app, name="queue", rich_help_panel=TRAIN)
app.command("reproduce", rich_help_panel=TRAIN)(reproduce.reproduce)
app.command("stop", rich_help_panel=TRAIN)(control.stop)
app.command("resume", rich_help_panel=TRAIN)(control.resume)
app.command("delete", rich_help_panel=TRAIN)(control.delete)
app.command("gc", rich_help_panel=TRAIN)(gc.gc)
app.command("ls", rich_help_panel=COMPARE)(runs.ls)
app.command("show", rich_help_panel=COMPARE)(runs.show)
app.command("logs", rich_help_panel=COMPARE)(logs.logs)
app.command("tag", rich_help_panel=COMPARE)(annotate.tag)
app.command("note", rich_help_panel=COMPARE)(annotate.note)
app.command("leaderboard", rich_help_panel=COMPARE)(leaderboard.leaderboard)
app.command("serve", rich_help_panel=COMPARE)(serve.serve)
app.command("results", rich_help_panel=COMPARE)(results.results)
app.command("figure", rich_help_panel=COMPARE)(figure.figure)
app.command("compare", rich_help_panel=COMPARE)(compare.compare)
app.command("predict", rich_help_panel=COMPARE)(predict.predict)
app.command("bundle", rich_help_panel=COMPARE)(bundle.bundle)
app.command("import", rich_help_panel=COMPARE)(bundle.import_)
app.command("verify", rich_help_panel=COMPARE)(bundle.verify)
app.add_typer(adapters.app, name="adapters", rich_help_panel=COMPARE)
app.command("methods", rich_help_panel=EXISTS)(catalog.methods)
app.command("tasks", rich_help_panel=EXISTS)(catalog.tasks)
own = Commands(help="List benchmarks; add and remove your own, which are a TOML file and tables.")
own.callback(invoke_without_command=True)(benchmarks.listed)
own.command("add")(benchmarks.add)
own.command("ls")(benchmarks.ls)
own.command("remove")(benchmarks.remove)
app.add_typer(own, name="benchmarks", rich_help_panel=EXISTS)
app.command("backbones", rich_help_panel=EXISTS)(catalog.backbones)
app.add_typer(data.app, name="data", rich_help_panel=EXISTS)
app.add_typer(config.app, name="config", rich_help_panel=EXISTS)
app.add_typer(db.app, name="db", rich_help_panel=EXISTS)
app.command("doctor", rich_help_panel=EXISTS)(doctor.doctor)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"scalearn {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", metavar="", callback=_print_version, is_eager=True, help="Print it.")
    ] = False,
) -> int:
    """Train and compare parameter-efficient transfer methods."""
    if context.invoked_subcommand is not None:
        return ExitCode.OK
    if sys.stdin.isatty() and sys.stdout.isatty():
        from scalearn_tui.dashboard.__main__ import main as dashboard

        dashboard()
        return ExitCode.OK
    say(SHORT_HELP)
    return ExitCode.USAGE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line, by default ``sys.argv``, and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal that cannot display a glyph must not abort the command.
            stream.reconfigure(errors="replace")
    try:
        code = app(args=arguments, prog_name="scalearn", standalone_mode=False)
        sys.stdout.flush()
        return int(code or ExitCode.OK)
    except UserError as error:
        complain(str(error))
        return error.exit_code
    except typer.TyperException as error:
        # A group called without a command has printed its help and has no message.
        if message := usage_message(error):
            complain(message)
        return error.exit_code
    except typer.Abort:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except SystemExit as end:
        # Typer turns a pipe that closes while a command writes into this.
        if isinstance(end.__context__, BrokenPipeError):
            return ExitCode.OK
        raise
    except OSError as error:
        complain((error.strerror or str(error)).partition("\n")[0] + (f": {error.filename}" if error.filename else ""))
        return ExitCode.FAILURE
    except Exception as error:
        if (why := database_trouble(error)) is None:
            raise
        complain(why)
        return ExitCode.FAILURE
