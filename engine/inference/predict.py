"""Labels for new texts: ``python -m engine.inference.predict RUN_ID --task KEY --home FOLDER`` reads them from standard input.

All lines are checked before the model is loaded, so that a bad one ends the command at once. Then they are answered in order,
sorted by length within a window of some thousand lines, so that a file of any length needs the same memory.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, TextIO

from engine.child_main import exit_code_of
from engine.data.new_texts import CheckedTexts
from engine.errors import UserError
from engine.files.answer_file import destination, writer
from engine.files.home import Home
from engine.plugins.home_catalog import load_catalog
from engine.registry.opening import open_reader


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.inference.predict", description="Label new texts.")
    parser.add_argument("run_id")
    parser.add_argument("--task", required=True, help="key of one of the run's tasks")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--name", default="stdin", help="what messages call the input")
    parser.add_argument("--format", default="jsonl", help="of the input: jsonl, csv or tsv")
    parser.add_argument("--output", type=Path, help="file to write to, by default standard output")
    parser.add_argument("--output-format", default="jsonl", help="jsonl, csv or tsv")
    parser.add_argument("--skip-bad", action="store_true", help="go on after lines that cannot be read")
    parser.add_argument("--notices", type=int, default=2, help="file descriptor for what is said of lines left out")
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: _label(options))


def _label(options: argparse.Namespace) -> None:
    try:
        with (
            open(options.notices, "w", errors="replace", closefd=False) as notices,
            destination(options.output) as out,
        ):
            _write_answers(options, out, notices)
    except BrokenPipeError:
        # The reader closed the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write_answers(options: argparse.Namespace, out: BinaryIO, notices: TextIO) -> None:
    reader = open_reader(Home(options.home))
    run, catalog = reader.find(options.run_id), load_catalog(reader.home)
    task = run.parsed.known_task(options.task, catalog)
    if task is None:
        raise UserError(f"the task {options.task} of run {run.id} is not in the catalog; add its benchmark first")
    tell = partial(print, file=notices, flush=True)
    texts = CheckedTexts(sys.stdin.buffer, options.name, options.format, task, tell if options.skip_bad else None)

    # Loads torch, which takes longer than to check most files.
    from engine.inference.answers import answers
    from engine.inference.load import load_trained
    from engine.training.device import is_out_of_memory

    try:
        trained = load_trained(reader, run, catalog)
        write = writer(out, options.output_format, (*(("line",) if options.skip_bad else ()), *texts.ids))
        for answer in answers(trained, trained.spec.task(options.task), texts, name_lines=options.skip_bad):
            write(answer)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        message = "out of memory; end other processes on this machine, or hide the GPU with CUDA_VISIBLE_DEVICES="
        raise UserError(message, exit_code=1) from None
    if texts.skipped:
        tell(f"{texts.skipped:,} of {texts.skipped + texts.count:,} rows are left out; the others are answered")


if __name__ == "__main__":
    # Ends like Ctrl-C: an unfinished file is removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
