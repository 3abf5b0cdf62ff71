"""Following a log file."""

from __future__ import annotations

from pathlib import Path

from scalearn_tui.dashboard.tail import WINDOW, Tail


def test_reads_only_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    tail = Tail(path)
    first = tail.read()
    assert first is not None and first.fresh and first.lines == ()
    assert tail.read() is None
    path.write_text("one\ntw")
    new = tail.read()
    assert new.lines == ("one",) and new.open_line == "tw"
    with path.open("a") as file:
        file.write("o\nthree\n")
    new = tail.read()
    assert not new.fresh and new.lines == ("two", "three") and new.open_line == ""
    assert tail.read() is None


def test_progress_bars_collapse(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"start\n\r 10%|#\r 20%|##")
    tail = Tail(path)
    assert tail.read().open_line == " 20%|##"
    with path.open("ab") as file:
        file.write(b"\r 30%|###\r100%\r\nend\x1b[31m red\x1b[0m\n")
    assert tail.read().lines == ("100%", "end red")
    for percent in range(1000):
        with path.open("ab") as file:
            file.write(b"\r%d%%" % percent)
        assert tail.read().open_line == f"{percent}%"
    assert len(tail._pending) < 20


def test_long_files_are_read_from_their_end(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("".join(f"line {number}\n" for number in range(100_000)))
    new = Tail(path).read()
    assert new.skipped and new.lines[-1] == "line 99999"
    assert sum(len(line) + 1 for line in new.lines) <= WINDOW


def test_a_replaced_file_starts_again(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("old and long\n")
    tail = Tail(path)
    tail.read()
    path.write_text("new\n")
    new = tail.read()
    assert new.fresh and new.lines == ("new",)


def test_broken_characters_do_not_break_it(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes("wörter ".encode()[:-1] + b"\xff\n\t|\n")
    assert Tail(path).read().lines == ("wörter�", "    |")
