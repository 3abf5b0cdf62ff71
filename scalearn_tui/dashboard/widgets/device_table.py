"""The devices, a line for each: how busy it is, and which runs are on it."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widgets import Static

from scalearn_tui.dashboard.model.queue import Device
from scalearn_tui.dashboard.widgets.colours import DIM, Part
from scalearn_tui.dashboard.widgets.lines import Column, fit
from scalearn_tui.text.formatting import NOTHING

BAR = 8
GIB = 2**30


def bar(share: float | None) -> str:
    """Full and empty cells, which differ in ASCII too."""
    filled = round(BAR * min(1.0, share or 0.0))
    return "" if share is None else "▇" * filled + "·" * (BAR - filled)


def percent(share: float | None) -> str:
    return NOTHING if share is None else f"{100 * share:.0f}%"


def memory(device: Device) -> str:
    """``71/139 GiB``."""
    if device.used is None or device.total is None:
        return NOTHING
    return f"{device.used / GIB:.0f}/{device.total / GIB:.0f} GiB"


def _look(device: Device) -> str:
    return "$text-warning" if device.busy else ""


class DeviceTable(Static):
    """Written anew when something on it is another, or its width is."""

    def __init__(self, named: Callable[[str], str], id: str | None = None) -> None:
        """``named`` says in a few words which run an id is."""
        super().__init__(id=id)
        self._devices: tuple[Device, ...] = ()
        self._text = Content()
        self._columns: tuple[Column[Device], ...] = (
            Column("name", "device", 6, 0, lambda device: device.name, "bold", gap=0),
            Column("model", "", 24, 4, lambda device: device.model, DIM, least=11, gap=1),
            Column("slots", "slots", 5, 1, lambda device: f"{len(device.run_ids)}/{device.slots}", right=True),
            Column("bar", "", BAR, 5, lambda device: bar(device.utilization), "$text-accent"),
            Column("use", "use", 4, 2, lambda device: percent(device.utilization), right=True, gap=1),
            Column("memory", "memory", 11, 3, memory, right=True),
            Column("watts", "W", 4, 6, lambda device: NOTHING if device.watts is None else str(device.watts), DIM, right=True),
            Column("runs", "runs", 300, 1, lambda device: self._runs(device), _look, least=23),
        )
        self._named = named

    def show(self, devices: tuple[Device, ...]) -> None:
        """Of the same ones too the runs may have become known."""
        self._devices = devices
        self._write()

    def on_resize(self) -> None:
        self._write()

    def _runs(self, device: Device) -> str:
        runs = ", ".join(map(self._named, device.run_ids))
        if not device.slots and runs:
            return f"{runs}; takes no more runs"
        return "; ".join(filter(None, (runs, f"busy: {device.busy}" if device.busy else "")))

    def _write(self) -> None:
        # GPUs alone tell how busy they are.
        telling = any(device.total is not None for device in self._devices)
        shown = [column for column in self._columns if telling or column.key in ("name", "slots", "runs")]
        layout = fit(shown, self.size.width)
        heading: list[Part] = []
        for column, cells in layout:
            title = column.title.rjust(cells) if column.right else column.title.ljust(cells)
            heading.append((" " * column.gap + title, DIM))
        lines = [Content.assemble(*heading)]
        for device in self._devices:
            parts = [(" " * column.gap + column.cell(device, cells), column.look_of(device)) for column, cells in layout]
            lines.append(Content.assemble(*parts))
        text = Content("\n").join(lines) if self._devices else Content()
        if text != self._text:
            more = text.plain.count("\n") != self._text.plain.count("\n")
            self._text = text
            self.update(text, layout=more or not self.size.height)
