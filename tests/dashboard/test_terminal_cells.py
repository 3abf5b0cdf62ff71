"""Only cells that differ are written, and what the terminal shows in the end is the same as if all had been."""

from __future__ import annotations

import re
from random import Random

import pytest
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from engine.files.home import Home
from scalearn_tui.dashboard.app import Dashboard
from scalearn_tui.dashboard.terminal_cells import Cells, _Difference
from tests.dashboard.conftest import settled, until

WIDTH, HEIGHT = 24, 4
STYLES = [
    Style.parse(style) for style in ("", "red", "bold red on blue", "#102030 on #405060", "underline on blue", "dim reverse")
]
TEXTS = ["a", "bc", " ", "    ", "表", "é", "e\u0301", "👩\u200d🔬", "●", "⣿⣿"]
OUTPUT = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[([\d;]*)m|([^\x1b]+)")


class Screen:
    """A terminal that knows what this needs: the cursor's place, colours and attributes."""

    def __init__(self, width: int, height: int) -> None:
        self.cells = [[(" ", "")] * width for _ in range(height)]
        self._x = self._y = 0
        self._codes: dict[str, str] = {}

    def write(self, output: str) -> None:
        at = 0
        for found in OUTPUT.finditer(output):
            assert found.start() == at, f"unknown: {output[at : found.start()]!r}"
            at = found.end()
            y, x, codes, text = found.groups()
            if y:
                self._y, self._x = int(y) - 1, int(x) - 1
            elif codes is not None:
                self._style(codes)
            else:
                self._put(text)
        assert at == len(output)

    def _style(self, codes: str) -> None:
        numbers = iter(codes.split(";") if codes else ["0"])
        for number in numbers:
            if number == "0":
                self._codes = {}
            elif number in ("38", "48"):
                kind = next(numbers)
                self._codes[number] = ";".join([kind, *(next(numbers) for _ in range(3 if kind == "2" else 1))])
            elif number in ("39", "49"):
                self._codes.pop(f"{number[0]}8", None)
            elif len(number) > 1 and number[0] in "3491":
                self._codes["38" if number[0] in "39" else "48"] = number
            else:
                self._codes[f"attribute {number}"] = ""

    def _put(self, text: str) -> None:
        """Clusters as a terminal has them that goes by the same widths: what has none joins what is before it."""
        for character in text:
            row, width, before = self.cells[self._y], cell_len(character), self._x - 1
            while before > 0 and not row[before][0]:
                before -= 1
            if not width or (before >= 0 and row[before][0].endswith("\u200d")):
                row[before] = (row[before][0] + character, row[before][1])
                continue
            # The colour of a blank cannot be seen, nor whether it is bold.
            seen = {key: code for key, code in self._codes.items() if text_is_seen(character, key)}
            style = str(sorted(seen.items()))
            row[self._x : self._x + width] = [(character, style), *[("", style)] * (width - 1)]
            self._x += width


def text_is_seen(character: str, key: str) -> bool:
    return character != " " or key in ("48", "attribute 4", "attribute 7")


def random_strip(chance: Random, width: int) -> Strip:
    segments, left = [], width
    while left:
        text = chance.choice([text for text in TEXTS if cell_len(text) <= left])
        segments.append(Segment(text, chance.choice(STYLES)))
        left -= cell_len(text)
    return Strip(segments, width)


@pytest.mark.parametrize("seed", range(30))
def test_many_updates_show_what_one_would(seed: int) -> None:
    chance, cells, shown = Random(seed), Cells(), Screen(WIDTH, HEIGHT)
    shown.write(cells.written([(y, 0, random_strip(chance, WIDTH)) for y in range(HEIGHT)], ColorSystem.TRUECOLOR))
    for _ in range(40):
        # Parts of one width do not cut characters in half, which the compositor does not either.
        y, strip = chance.randrange(HEIGHT), random_strip(chance, WIDTH)
        shown.write(cells.written([(y, 0, strip)], ColorSystem.TRUECOLOR))
        whole = Screen(WIDTH, 1)
        whole.write(Cells().written([(0, 0, strip)], ColorSystem.TRUECOLOR))
        assert shown.cells[y] == whole.cells[0]
        assert cells.written([(y, 0, strip)], ColorSystem.TRUECOLOR) == ""


def test_what_differs_is_written_with_what_changes_of_its_style() -> None:
    cells, red, blue = Cells(), Style.parse("#ff0000 on #000000"), Style.parse("#0000ff on #000000")

    def written(*segments: tuple[str, Style], x: int = 0) -> str:
        return cells.written([(2, x, Strip([Segment(*segment) for segment in segments]))], ColorSystem.TRUECOLOR)

    first = written(("method", red), ("    ", red), ("seed 1", blue))
    assert first == "\x1b[3;1H\x1b[38;2;255;0;0;48;2;0;0;0mmethod    \x1b[38;2;0;0;255mseed 1\x1b[0m"
    assert written(("method", red), ("    ", blue), ("seed 2", blue)) == "\x1b[3;16H\x1b[38;2;0;0;255;48;2;0;0;0m2\x1b[0m"
    assert written(("seed 3", blue), x=10) == "\x1b[3;16H\x1b[38;2;0;0;255;48;2;0;0;0m3\x1b[0m"
    cells.fit(Size(80, 24))
    assert written(("seed 3", blue), x=10).count("seed 3") == 1, "of a terminal of another size nothing is known"


def test_characters_of_doubtful_width_are_written_with_all_that_is_beside_them() -> None:
    cells, style = Cells(), Style.parse("#ff0000")

    def written(text: str) -> str:
        return cells.written([(0, 4, Strip([Segment(text, style), Segment(" |end", style)]))], ColorSystem.TRUECOLOR)

    written("⚠️ check")
    assert written("⚠️ check") == ""
    again = written("⚠️ chalk")
    width = cell_len("⚠️ chalk")
    assert again.startswith(f"\x1b[1;5H\x1b[38;2;255;0;0m{' ' * width}\x1b[1;5H⚠️ chalk\x1b[1;{5 + width}H")
    assert again.endswith(" |end\x1b[0m"), "what is beside it stands where it belongs, whatever the terminal took for its width"
    assert written("plain" + " " * (width - 5)).endswith(" |end\x1b[0m")
    assert "|end" not in written("plait" + " " * (width - 5))


def test_of_a_terminal_with_few_colours() -> None:
    strip = Strip([Segment("a", Style.parse("bright_red on color(4)")), Segment("b", Style.parse("underline2 color(200)"))])
    few = Cells().written([(0, 0, strip)], ColorSystem.STANDARD)
    assert few == "\x1b[1;1H\x1b[91;44ma\x1b[0;21;35mb\x1b[0m"
    assert "38;5;200" in Cells().written([(0, 0, strip)], ColorSystem.EIGHT_BIT)


async def test_what_is_written_for_keys_shows_what_is_painted_and_is_short(busy: Home) -> None:
    app = Dashboard(busy, launch=lambda _: None)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.services.is_read)
        await settled(pilot, app)
        compositor, cells, shown = app.screen._compositor, Cells(), Screen(120, 40)
        shown.write(_Difference(compositor.render_full_update(), cells).render_segments(app.console))
        written: list[str] = []

        def partial() -> object:
            if (update := original()) is not None:
                written.append(_Difference(update, cells).render_segments(app.console))
                shown.write(written[-1])
            return update

        original, compositor.render_partial_update = compositor.render_partial_update, partial
        for key in ("j", "j", "s", "space", "k", "slash", "t", "o", "y", "escape", "escape", "g", "j"):
            written.clear()
            await pilot.press(key)
            await settled(pilot, app)
            assert key != "j" or 0 < sum(map(len, written)) < 4000
        whole = Screen(120, 40)
        whole.write(_Difference(compositor.render_full_update(), Cells()).render_segments(app.console))
        assert shown.cells == whole.cells
