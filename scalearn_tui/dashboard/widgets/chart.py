"""A chart of one or two curves over steps, drawn in braille."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from engine.reports.figures.raster import round_steps
from scalearn_tui.dashboard.curve import Stretch
from scalearn_tui.dashboard.widgets.braille import Canvas, value_range
from scalearn_tui.text.formatting import count

FEW = 3
"""Columns per point from which single points are marked."""
MINIMUM = (16, 5)
"""Smallest width and height at which a chart says more than a number."""


@dataclass(frozen=True)
class Line:
    """A named curve."""

    name: str
    stretches: tuple[Stretch, ...]


class Chart(Widget):
    """Draws ``Line`` objects: axis labels at round numbers, a legend with the newest values, spikes kept."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"chart--title", "chart--axis", "chart--first", "chart--second"}
    LOOKS = ("chart--first", "chart--second")
    MARKS = ("•", "◆")

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.title = ""
        self.lines: tuple[Line, ...] = ()
        self._drawn: list[list[tuple[str, str]]] = []
        self._drawn_for: tuple[object, ...] = ()

    def show(self, title: str, lines: Sequence[Line]) -> None:
        """Draw these lines; nothing is repainted when nothing changed."""
        lines = tuple(lines)
        if (title, lines) != (self.title, self.lines):
            self.title, self.lines = title, lines
            self.refresh()

    def render_line(self, y: int) -> Strip:
        size = self.size
        state = (size, self.title, self.lines)
        if self._drawn_for is not state and self._drawn_for != state:
            self._drawn, self._drawn_for = self._draw(size.width, size.height), state
        base = self.rich_style
        parts = self._drawn[y] if y < len(self._drawn) else []
        segments = [Segment(text, self.get_component_rich_style(look)) for text, look in parts]
        return Strip(segments).adjust_cell_length(size.width, base)

    def _draw(self, width: int, height: int) -> list[list[tuple[str, str]]]:
        """Lines of (text, component class)."""
        lines = [line for line in self.lines if line.stretches]
        rows = height - 3
        if not lines or width < MINIMUM[0] or height < MINIMUM[1]:
            return [[(self.title, "chart--title")], [("no points yet" if not lines else "", "chart--axis")]]
        values = value_range([line.stretches for line in lines])
        labels = _labels(*values, rows)
        margin = max(len(text) for text in labels.values()) + 1
        steps = (0, max(line.stretches[-1].end for line in lines))
        canvas = Canvas(width - margin, rows)
        for owner, line in enumerate(lines):
            canvas.curve(line.stretches, steps, values, owner)
        marked = self._marks(lines, canvas, steps, values)
        drawn = [self._legend(lines)]
        for y in range(rows):
            axis = labels.get(y, "").rjust(margin - 1) + ("┤" if y in labels else "│")
            drawn.append([(axis, "chart--axis"), *_runs(canvas, marked, y, self.LOOKS)])
        return [*drawn, *_step_axis(margin, canvas.width, steps)]

    def _legend(self, lines: Sequence[Line]) -> list[tuple[str, str]]:
        parts = [(f"{self.title}  ", "chart--title")]
        for owner, line in enumerate(lines):
            mark = self.MARKS[owner] if len(line.stretches) < 100 else "─"
            parts.append((f"{mark} {line.name} {_short(line.stretches[-1].last)}  ", self.LOOKS[owner]))
        return parts

    def _marks(
        self, lines: Sequence[Line], canvas: Canvas, steps: tuple[int, int], values: tuple[float, float]
    ) -> dict[tuple[int, int], tuple[str, int]]:
        """Single points as characters, by (row, column): a curve of few points differs from another in shape, too."""
        marked = {}
        for owner, line in enumerate(lines):
            if len(line.stretches) * FEW > canvas.width:
                continue
            for stretch in line.stretches:
                x = round(stretch.start / max(1, steps[1]) * (canvas.width * 2 - 1)) // 2
                y = round((values[1] - stretch.last) / (values[1] - values[0]) * (canvas.height * 4 - 1)) // 4
                marked[y, x] = (self.MARKS[owner], owner)
        return marked


def _runs(
    canvas: Canvas, marked: dict[tuple[int, int], tuple[str, int]], y: int, looks: Sequence[str]
) -> list[tuple[str, str]]:
    """One row of the canvas as (text, look), neighbours of one owner together."""
    parts: list[tuple[str, str]] = []
    for x in range(canvas.width):
        text, owner = marked.get((y, x), (canvas.text(y, x), canvas.owners[y][x]))
        look = looks[max(0, owner) % len(looks)]
        if parts and parts[-1][1] == look:
            parts[-1] = (parts[-1][0] + text, look)
        else:
            parts.append((text, look))
    return parts


def _labels(low: float, high: float, rows: int) -> dict[int, str]:
    """Text of the value axis by row."""
    numbers = round_steps(low, high, max(1, min(5, rows // 3)))
    size = max(abs(number) for number in numbers) or 1.0
    gap = abs(numbers[1] - numbers[0]) if len(numbers) > 1 else size
    digits = next((digits for digits in range(5) if abs(round(gap, digits) - gap) < gap * 1e-6), 4)
    dots_per_unit = (rows * 4 - 1) / (high - low)
    return {round((high - number) * dots_per_unit) // 4: f"{number:.{digits}f}" for number in numbers}


def _step_axis(margin: int, width: int, steps: tuple[int, int]) -> list[list[tuple[str, str]]]:
    """The line below the curves and the steps below the line."""
    ticks = {round((at - steps[0]) / max(1, steps[1] - steps[0]) * (width - 1)): count(round(at))
             for at in round_steps(*steps, max(1, min(6, width // 12)))}  # fmt: skip
    line = "".join("┴" if x in ticks else "─" for x in range(width))
    text = [" "] * (width + 1)
    for x, label in ticks.items():
        start = max(0, min(x - len(label) // 2, width - len(label)))
        text[start : start + len(label)] = label
    caption = "".join(text).rstrip()
    if len(caption) + len("  step") <= width:
        caption += "  step"
    return [
        [(" " * (margin - 1) + "└" + line, "chart--axis")],
        [(" " * margin + caption, "chart--axis")],
    ]


def _short(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else count(value)
