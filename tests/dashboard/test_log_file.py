"""Lines of a log by number, and searching them, in real files."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from scalearn_tui.dashboard.log_file import BLOCK, LONGEST, LogFile
from scalearn_tui.dashboard.log_search import CHUNK, ERRORS, Query, Search


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.txt"


def add(path: Path, text: str | bytes) -> None:
    with path.open("ab") as file:
        file.write(text.encode() if isinstance(text, str) else text)


def test_follows_a_growing_file(path: Path) -> None:
    file = LogFile(path)
    assert file.page(None, 9).count == 0
    add(path, "one\ntw")
    page = file.page(None, 9)
    assert page.lines == ("one", "tw") and page.fresh
    add(path, "o\nthree\n")
    page = file.page(None, 2)
    assert (page.first, page.lines, page.count, page.fresh) == (1, ("two", "three"), 3, False)
    path.unlink()
    page = file.page(None, 2)
    assert page.count == 0 and page.fresh


def test_progress_bars_collapse(path: Path) -> None:
    add(path, b"start\n\r 10%|#\r 20%|##")
    file = LogFile(path)
    assert file.page(None, 9).lines[-1] == " 20%|##"
    add(path, b"\r 30%|###\r100%\r\nend\x1b[31m red\x1b[0m\n")
    assert file.page(None, 9).lines == ("start", "100%", "end red")
    add(path, b"".join(b"\r%7d%%" % percent for percent in range(20_000)))
    assert file.page(None, 1).lines == ("  19999%",), "also in a line of many kilobytes"


@pytest.mark.parametrize("whole", [False, True])
def test_every_line_of_a_long_file_is_found(path: Path, whole: bool) -> None:
    lines = [f"line {number} " + "x" * (number % 97) for number in range(20_000)]
    path.write_text("\n".join(lines))
    file = LogFile(path, whole)
    page = file.page(None, 100)
    assert page.lines == tuple(lines[-100:])
    above = len(lines) - page.count
    assert (above == 0) == whole
    known = lines[above:]
    for first in [0, 1, *range(2, page.count, 501)]:
        assert file.page(first, 7).lines == tuple(known[first : first + 7])
    total = LogFile(path, whole=True)
    total.page(0, 1)
    assert total.number_at(file.start) == above
    add(path, "\nnew\n")
    assert file.page(None, 1).lines == ("new",)


def test_line_ends_at_the_edges_of_blocks(path: Path) -> None:
    lines = ["a" * (BLOCK - 1), "b" * BLOCK, "", "", "c" * (BLOCK - 3), "end"]
    path.write_text("\n".join(lines) + "\n")
    file = LogFile(path, whole=True)
    assert [line for n in range(6) for line in file.page(n, 1).lines] == lines


@pytest.mark.parametrize("replace", ["shorter", "another"])
def test_a_replaced_file_starts_anew(path: Path, replace: str) -> None:
    path.write_text("old and long\n")
    file, search = LogFile(path), Search(path, Query.plain("n"))
    file.page(None, 9)
    search.read_on()
    if replace == "another":
        path.rename(path.with_name("kept"))
        path.write_text("new but longer than it was before\n")
    else:
        path.write_text("new\n")
    page = file.page(None, 9)
    search.read_on()
    assert page.fresh and page.lines == (path.read_text()[:-1],)
    assert list(search.lines) == [0]


def test_broken_characters_do_not_break_it(path: Path) -> None:
    path.write_bytes("wörter ".encode()[:-1] + b"\xff\n\t|\n\xe6\x97")
    assert LogFile(path).page(None, 9).lines == ("wörter\ufffd", "    |", "\ufffd")


@pytest.mark.parametrize("whole", [False, True])
def test_an_endless_line_costs_little(path: Path, whole: bool) -> None:
    add(path, "before\n")
    for _ in range(50):
        add(path, b"y" * 1_000_000)
    file, begun = LogFile(path, whole), time.process_time()
    page = file.page(None, 9)
    assert len(page.lines[-1]) == LONGEST + 1 and page.lines[-1].endswith("…")
    assert len(file._before) <= 1 + 50_000_007 // BLOCK
    assert time.process_time() - begun < 2
    search = Search(path, Query.plain("y"))
    search.read_on()
    assert list(search.lines) == [1]


def test_search(path: Path) -> None:
    lines = ["Loss 1", "loss 2", "none", "\x1b[31mlo\x1b[0mss\r", "loss\rgone", "ÄRGER", "a.b", "LOSS"]
    path.write_text("\n".join(lines))

    def found(text: str) -> list[int]:
        search = Search(path, Query.plain(text))
        search.read_on()
        return list(search.lines)

    assert found("loss") == [0, 1, 3, 7]
    assert found("Loss") == [0]
    assert found("ärger") == [5]
    assert found(".") == [6]
    assert found("nowhere") == []
    assert Query.plain("o").spans("Foo") == [(1, 2), (2, 3)]


def test_search_goes_on_where_it_stopped(path: Path) -> None:
    search = Search(path, Query.plain("hit"))
    search.read_on()
    path.write_text("x\n" * CHUNK + "a hit\nhi")
    search.read_on()
    assert list(search.lines) == [CHUNK]
    add(path, "t, another\n")
    search.read_on()
    search.read_on()
    assert list(search.lines) == [CHUNK, CHUNK + 1]
    assert [search.next(line, 1) for line in (0, CHUNK, CHUNK + 1)] == [0, 1, 0]
    assert [search.next(line, -1) for line in (CHUNK + 1, CHUNK)] == [0, 1]
    search.cancelled = True
    add(path, "hit\n")
    search.read_on()
    assert list(search.lines) == [CHUNK, CHUNK + 1]


def test_errors(path: Path) -> None:
    trouble = ["Traceback (most recent call last):", "12:00 ERROR disk", "ERROR", "ValueError: no", "torch.OutOfMemoryError"]
    fine = ["no errors", "ERRORS_SEEN 0", "MY_ERROR 1", "Traceback of nothing", "Errors: 0"]
    assert all(ERRORS.spans(line) for line in trouble) and not any(map(ERRORS.spans, fine))
    path.write_text("\n".join([*fine, *trouble]))
    search = Search(path, ERRORS)
    search.read_on()
    assert list(search.lines) == [5, 6, 7, 8, 9]
