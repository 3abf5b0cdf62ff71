"""The log's tail, and following it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from engine.registry.records import RunState
from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.text.logs import BLOCK, collapse, read_on, tail

from ..reports.rows import queue, spec, start

RUN = spec("adapter", "toy/question")
pytestmark = pytest.mark.usefixtures("supervised")


def test_progress_bars_collapse_to_their_last_state() -> None:
    assert collapse("10%\r50%\r100%") == "100%"
    assert collapse("50%\r100%\r") == "100%"
    assert collapse("plain") == "plain"


@pytest.mark.parametrize("count", [0, 1, 7, 20_000])
def test_tail_of_a_long_file(tmp_path: Path, count: int) -> None:
    path = tmp_path / "log.txt"
    lines = [f"line {number} with some text" for number in range(10_000)]
    path.write_text("\n".join(lines) + "\nunfinished")
    assert path.stat().st_size > 3 * BLOCK
    texts, position = tail(path, count)
    assert texts == lines[len(lines) - min(count, len(lines)) :]
    assert read_on(path, position) == ([], position)
    assert read_on(path, position, to_the_end=True) == (["unfinished"], path.stat().st_size)


def test_tail_of_nothing(tmp_path: Path) -> None:
    assert tail(tmp_path / "none", 5) == ([], 0)
    (tmp_path / "empty").touch()
    assert tail(tmp_path / "empty", 5) == ([], 0)


def test_tail_survives_broken_text(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"\xff\xfe\nfine\n")
    assert tail(tmp_path / "log", 1)[0] == ["fine"]


def test_logs_prints_the_end(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    queue(store, RUN)
    assert main(["logs", RUN.run_id]) == ExitCode.OK
    assert "has written nothing yet" in capsys.readouterr().err
    path = store.home.log(RUN.run_id)
    path.parent.mkdir(parents=True)
    path.write_text("one\ntwo\n10%\r100%\nlast")
    assert main(["logs", "@1", "-n", "2"]) == ExitCode.OK
    assert capsys.readouterr().out == "two\n100%\nlast\n"


def test_follow_ends_with_the_run(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    attempt = start(store, RUN)
    path = store.home.log(RUN.run_id)
    path.parent.mkdir(parents=True)
    path.write_text("begin\n")

    def work() -> None:
        time.sleep(0.5)
        with path.open("a") as file:
            file.write("middle\nend")
        store.finish(RUN.run_id, attempt, RunState.COMPLETED)

    thread = threading.Thread(target=work)
    thread.start()
    assert main(["logs", "-f", RUN.run_id]) == ExitCode.OK
    thread.join()
    out, err = capsys.readouterr()
    assert out == "begin\nmiddle\nend\n"
    assert err == f"run {RUN.run_id} completed\n"
