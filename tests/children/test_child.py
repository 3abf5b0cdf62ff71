"""How a child of the terminal ends, and the exit code and line that this becomes. The children are real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.errors import UserError
from scalearn_tui.children import child
from scalearn_tui.cli.exits import ExitCode

Module = Callable[[str], str]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Module:
    """A module of this code that a child can run; what children leave in the temporary folder goes to ``tmp_path``."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def write(code: str) -> str:
        (tmp_path / "talker.py").write_text(code)
        return "talker"

    return write


def left_behind(folder: Path) -> list[Path]:
    return list(folder.glob("*.log"))


def test_a_document_goes_in_and_comes_out(module: Module, tmp_path: Path) -> None:
    name = module("import json, sys; print(json.dumps([sys.argv[1:], len(sys.stdin.read())]))")
    assert child.document(name, "a", "--b", stdin="x" * 1_000_000) == [["a", "--b"], 1_000_000]
    assert left_behind(tmp_path) == []


def test_events_come_one_by_one(module: Module) -> None:
    """The second is asked for after the first was read: the child waits for a file that only then is written."""
    code = """
import pathlib, time
print('{"event": 1}', flush=True)
while not pathlib.Path(__file__).with_name("go").exists():
    time.sleep(0.01)
print('{"event": 2}', flush=True)
"""
    stream = child.events(module(code))
    assert next(stream) == {"event": 1}
    Path(tempfile.gettempdir(), "go").touch()
    assert list(stream) == [{"event": 2}]


def test_a_refusal_keeps_its_line_and_its_code(module: Module, tmp_path: Path) -> None:
    name = module("""
import sys
from engine.child_main import exit_code_of
from engine.errors import UserError
def work():
    print("a warning", file=sys.stderr)
    raise UserError("nothing\\nmatches", 3)
sys.exit(exit_code_of(work))
""")
    with pytest.raises(UserError, match=r"^nothing matches$") as refusal:
        child.document(name)
    assert refusal.value.exit_code == ExitCode.NOTHING_MATCHED
    assert left_behind(tmp_path) == []


def test_a_crash_is_not_bad_input_and_keeps_its_traceback(module: Module, tmp_path: Path) -> None:
    name = module("{}['where']")
    with pytest.raises(UserError, match=r"^talker crashed \(KeyError: 'where'\); details in ") as crash:
        child.document(name)
    (details,) = left_behind(tmp_path)
    assert str(details) in str(crash.value)
    assert crash.value.exit_code == ExitCode.FAILURE and "Traceback" in details.read_text()


@pytest.mark.parametrize(("number", "guess"), [(signal.SIGKILL, " (out of memory?)"), (signal.SIGTERM, "")])
def test_a_child_killed_by_a_signal(module: Module, tmp_path: Path, number: int, guess: str) -> None:
    name = module(f"import os; print('{{}}', flush=True); os.kill(os.getpid(), {int(number)})")
    with pytest.raises(UserError) as end:
        list(child.events(name))
    assert str(end.value) == f"talker was killed by signal {int(number)}{guess}"
    assert end.value.exit_code == ExitCode.FAILURE
    assert left_behind(tmp_path) == []


def test_a_megabyte_on_standard_error_blocks_nothing(module: Module) -> None:
    name = module("import sys; sys.stderr.write('warning\\n' * 125_000); print('{}', flush=True); sys.exit('why')")
    stream = child.events(name)
    assert next(stream) == {}
    with pytest.raises(UserError, match=r"^why$") as end:
        next(stream)
    assert end.value.exit_code == ExitCode.FAILURE


@pytest.mark.parametrize(("code", "line"), [("exit(7)", "exit code 7 and no message"), ("print('no')", "other than JSON: 'no")])
def test_a_failure_without_a_message_and_an_answer_that_is_not_json(module: Module, code: str, line: str) -> None:
    with pytest.raises(UserError, match=line):
        child.document(module(code))


def test_a_stream_that_is_abandoned_ends_its_child(module: Module) -> None:
    stream = child.events(module("import os, time; print(os.getpid(), flush=True); time.sleep(60)"))
    pid = next(stream)
    stream.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


PARENT = """
import signal
import sys
import typer
# SIGINT is ignored from the start where the tests themselves run in a shell's background.
signal.signal(signal.SIGINT, signal.default_int_handler)
from scalearn_tui.children import child
from scalearn_tui.cli import app
app.app.command("listen")(lambda: child.pass_through("talker", stdin=0, hear=print) or 0)
sys.exit(app.main(["listen"]))
"""


@pytest.fixture
def listening(module: Module) -> Iterator[subprocess.Popen[str]]:
    """A command whose child has started: its process id is the first line."""
    module("import os, time; print(os.getpid(), flush=True); time.sleep(60)")
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True) as parent:
        yield parent
        parent.kill()


@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["the command alone", "all of the terminal"])
def test_ctrl_c_is_130_and_ends_the_child(listening: subprocess.Popen[str], send: Callable[[int, int], None]) -> None:
    assert listening.stdout is not None
    pid = int(listening.stdout.readline())
    began = time.monotonic()
    send(listening.pid, signal.SIGINT)
    _, complaints = listening.communicate(timeout=20)
    assert (listening.returncode, complaints.strip()) == (ExitCode.INTERRUPTED, "")
    assert time.monotonic() - began < child.GRACE
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
