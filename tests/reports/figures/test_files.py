"""Files of figures: equal byte by byte, of the sizes of a page, and the same whatever names of rows hold."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from engine.errors import UserError
from engine.reports.figures.lines import Axes, Point, Series, draw_lines
from engine.reports.figures.style import COLOURS, GREY, HEIGHT, WIDTHS, looks, save

FOREIGN = "_$x^{2$ \x1b[31m<b>&\\frac \u202e😀 漢字\n"
CURVE = Series("Adapter", tuple(Point(x, x**0.5, x**0.5 - 0.1, x**0.5 + 0.1, 3) for x in range(1, 6)))


def write(path: Path, width: str = "column", names: tuple[str, ...] = ("Adapter", "LoRA")) -> bytes:
    series = [Series(name, CURVE.points, reference=1.5) for name in names]
    save(lambda figure: draw_lines(figure, series, Axes("step", "dev accuracy")), path, width)
    return path.read_bytes()


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_two_files_are_equal_byte_by_byte(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = write(tmp_path / f"a.{suffix}")
    monkeypatch.setattr(time, "time", lambda: 1_000_000_000.0)
    assert write(tmp_path / f"b.{suffix}") == first


PROCESS = """
import sys
from pathlib import Path
from tests.reports.figures.test_files import write
write(Path(sys.argv[1]))
"""


def test_another_process_with_a_style_of_its_own_writes_the_same(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 20\nlines.linewidth: 9\nsavefig.dpi: 50\npdf.fonttype: 3\n")
    environment = {**os.environ, "MATPLOTLIBRC": str(tmp_path / "matplotlibrc"), "PYTHONHASHSEED": "7"}
    for suffix in ("svg", "pdf"):
        subprocess.run(
            [sys.executable, "-c", PROCESS, str(tmp_path / f"other.{suffix}")], env=environment, check=True, timeout=60
        )
        assert (tmp_path / f"other.{suffix}").read_bytes() == write(tmp_path / f"mine.{suffix}")


@pytest.mark.parametrize("width", WIDTHS)
def test_sizes_are_those_of_a_page(width: str, tmp_path: Path) -> None:
    write(tmp_path / "a.png", width)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (pytest.approx(300 * WIDTHS[width], abs=1), pytest.approx(300 * HEIGHT * WIDTHS[width], abs=1))
        assert "Software" not in picture.info


def test_a_pdf_embeds_fonts_that_publishers_take(tmp_path: Path) -> None:
    data = write(tmp_path / "a.pdf")
    assert b"/CIDFontType2" in data and b"/Type3" not in data and b"/CreationDate" not in data


def test_a_long_legend_makes_the_figure_higher_and_hides_nothing(tmp_path: Path) -> None:
    names = tuple(f"AdapterFusion (learning_rate=0.0001, sources=boolq,cb,copa,number{place})" for place in range(9))
    write(tmp_path / "a.png", names=names)
    with Image.open(tmp_path / "a.png") as picture:
        width, height = picture.size
        assert height > 1.5 * HEIGHT * width
        pixels = picture.convert("L")
        edge = pixels.crop((width - 6, 0, width, height // 2))
        assert edge.getextrema() == (255, 255), "a name reaches the right edge"


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_foreign_names_are_shown_and_not_obeyed(suffix: str, tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    data = write(tmp_path / f"a.{suffix}", names=(FOREIGN, f"{FOREIGN}2", "_hidden"))
    assert not [warning for warning in recwarn if "missing from font" in str(warning.message)]
    assert suffix == "png" or (b"\x1b[31m" not in data and b"<b>" not in data)


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a.jpg must end in .png, .svg, .pdf"):
        write(tmp_path / "a.jpg")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(UserError, match="cannot write"):
        write(tmp_path / "folder.png")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]


def test_up_to_seven_series_differ_in_colour_marker_and_dash() -> None:
    seven = looks([0.0] * 7)
    assert [look.colour for look in seven] == list(COLOURS)
    for one, other in itertools.combinations(seven, 2):
        assert one.marker != other.marker and one.dash != other.dash


def test_of_more_series_the_four_highest_are_in_colour() -> None:
    values = [3.0, 9.0, 1.0, 8.0, 7.0, 2.0, 6.0, 5.0]
    coloured = [value for value, look in zip(values, looks(values), strict=True) if look.colour != GREY]
    assert sorted(coloured) == [6.0, 7.0, 8.0, 9.0]
    assert len({look.marker for look in looks(values) if look.grey}) == 4
