"""Everything that keys do: the one list from which bindings, the line of keys, help, palette, the menu and keymaps are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType

if TYPE_CHECKING:
    from engine.registry.listing import ListedRun

Runs = Sequence["ListedRun"]
Possible = Callable[[Runs], str]
"""Why an action is impossible for these runs, in a few words; empty where it is possible."""


def always(_: Runs) -> str:
    """Of what needs no run."""
    return ""


def some(runs: Runs) -> str:
    """Of what needs a run."""
    return "" if runs else "there is no run"


def one(runs: Runs) -> str:
    """Of what is about one run."""
    return some(runs) or ("" if len(runs) == 1 else f"{len(runs)} runs are marked; escape unmarks them")


def stoppable(runs: Runs) -> str:
    """Queued and live runs that were not asked yet."""
    if any(run.state.active and not run.stop_requested for run in runs):
        return ""
    if any(run.stop_requested and run.state.live for run in runs):
        return "it was asked to stop; it ends after saving"
    return _only(runs, "only queued and live runs can be stopped")


def resumable(runs: Runs) -> str:
    """Runs that ended without success."""
    return "" if any(run.state.over for run in runs) else _only(runs, "only failed, stopped and lost runs can be resumed")


def queued(runs: Runs) -> str:
    """Runs that wait to start."""
    return "" if any(run.state == "queued" for run in runs) else _only(runs, "only queued runs can be moved")


def deletable(runs: Runs) -> str:
    """Runs without a process."""
    live = [run for run in runs if run.state.live]
    return some(runs) or (f"{live[0].id[:7]} is {live[0].state}; stop it first" if live else "")


def several_groups(runs: Runs) -> str:
    """Runs that differ in more than the seed."""
    return "" if len({run.group_id for run in runs}) > 1 else "this is one group; mark several with space in the list (1)"


def comparable(runs: Runs) -> str:
    """At least two runs."""
    return "" if len(runs) > 1 else "mark two or more runs or groups with space"


def _only(runs: Runs, rule: str) -> str:
    return some(runs) or (f"{runs[0].id[:7]} is {runs[0].state}; {rule}" if len(runs) == 1 else rule)


@dataclass(frozen=True)
class Action:
    """Screens that have its area carry it out in ``do_<name>(runs)``."""

    id: str
    """``area.name``; what keymaps call it."""
    key: str
    """Keys with commas between them, as Textual names them."""
    title: str
    help: str
    possible: Possible = always
    shown: bool = True
    """Whether the line of keys has it."""
    display: str = ""
    """How its key is written, where Textual would write it otherwise."""
    writes: bool = False
    """Whether it changes the home or starts a program: impossible where one may only look."""

    def shown_key(self, keymap: Mapping[str, str]) -> str:
        """How the first of its keys is written, where a keymap may give it another one."""
        if self.id in keymap:
            return keymap[self.id].partition(",")[0]
        return self.display or self.key

    @property
    def area(self) -> str:
        return self.id.partition(".")[0]

    @property
    def method(self) -> str:
        """Name of the screen's method."""
        return "do_" + self.id.partition(".")[2].replace("-", "_")


AREAS = {
    "run": "The runs at hand: those marked, else the one under the cursor",
    "runs": "The list",
    "log": "The log",
    "board": "The board",
    "sweep": "The sweep at hand",
    "queue": "The queue",
    "compare": "The comparison",
    "transfer": "What is taken from sources",
    "view": "View",
    "go": "Screens",
    "app": "Everywhere",
}
"""Title by area, in the order of the help."""
ACTIONS: tuple[Action, ...] = (
    Action("runs.new", "n", "new", "plan and queue runs, as `scalearn run` does", writes=True),
    Action(
        "runs.filter", "slash", "filter", "terms as in `scalearn ls`: state:failed target:rte 'dev>80', or words", display="/"
    ),
    Action("runs.sort", "s", "sort", "the next order of the list"),
    Action("runs.group", "g", "group", "by seeds, then by method and target, then not"),
    Action("runs.diff", "d", "compare", "marked runs or groups beside each other: what differs, curves, the test", comparable),
    Action("log.search", "slash", "search", "any case, unless a capital is typed", display="/"),
    Action("log.next-error", "e", "next error", "the next line that tells of one"),
    Action("log.wrap", "w", "wrap", "long lines in several rows"),
    Action("log.pager", "O", "pager", "open the file in $PAGER", shown=False, writes=True),
    Action("run.log", "l", "log", "its log on the whole screen", one),
    Action("run.stop", "T", "stop", "save, then end; asks first", stoppable, writes=True),
    Action("run.resume", "R", "resume", "queue failed, stopped or lost runs again", resumable, writes=True),
    Action("run.clone", "C", "clone", "the form, filled with what asked for the run", one, writes=True),
    Action("run.delete", "D", "delete", "with everything that belongs to them; asks first", deletable, writes=True),
    Action("run.tag", "t", "tag", "give runs tags, or take them away", some, writes=True),
    Action("run.open", "o", "open", "the run on the whole screen, as enter does", one, shown=False),
    Action("run.sources", "u", "sources", "list the runs whose adapters it takes", one, shown=False),
    Action("run.copy-id", "y", "copy id", "to the clipboard", some, shown=False),
    Action("runs.columns", "c", "columns", "which columns the list has; remembered", shown=False),
    Action("runs.reverse", "S", "reverse", "the order of the list", shown=False),
    Action("runs.refresh", "r", "read again", "the whole registry", shown=False),
    Action("board.filter", "slash", "select", "only these runs count; terms as in `scalearn ls`", display="/"),
    Action("board.against", "d", "against", "test all rows against the one at hand, or none"),
    Action("board.split", "m", "split", "test, or dev at the selected epoch"),
    Action("board.metrics", "e", "every metric", "each metric of the tasks, or the first alone", shown=False),
    Action("board.table", "b", "table", "the next benchmark or backbone"),
    Action("board.export", "w", "export", "write a file, as `scalearn leaderboard -o` does", writes=True),
    Action("board.refresh", "r", "compute again", "from the registry as it is", shown=False),
    Action("sweep.run", "M", "run missing", "queue what is missing, failed or stopped, of the sweep or the cell at hand; asks",
           writes=True),
    Action("sweep.stop", "T", "stop", "the runs that only this sweep asks for; asks first", stoppable, writes=True),
    Action("sweep.forget", "D", "forget", "its name and what it asks for; its runs stay; asks first", writes=True),
    Action("sweep.by", "b", "rows, columns", "two of method, target, seed, setting, shots and backbone"),
    Action("sweep.tuning", "m", "settings", "those that tuning tried, in place of the cells"),
    Action("compare.keys", "u", "all keys", "all that may differ, or what differs"),
    Action("compare.export", "w", "export", "write the test to a file, as `scalearn compare` prints it", writes=True),
    Action("compare.copy", "y", "copy command", "the command that tests the same"),
    Action("transfer.numbers", "m", "numbers", "the next of its maps: scales and their spread, shares and similarities"),
    Action("transfer.group", "b", "next group", "of those that were chosen", several_groups),
    Action("transfer.copy", "y", "copy command", "the command that prints the same"),
    Action("transfer.refresh", "r", "read again", "the files of the runs", shown=False),
    Action("queue.pause", "p", "pause", "let nothing start while runs go on, or let queued runs start again", writes=True),
    Action("queue.earlier", "less_than_sign", "earlier", "start before the run in front; sources come with it", queued,
           display="<", writes=True),
    Action("queue.later", "greater_than_sign", "later", "start after the next run; what waits for it comes with it", queued,
           display=">", writes=True),
    Action("view.chart", "m", "chart", "the next chart: loss, metric, machine"),
    Action("go.runs", "1", "runs", "all runs, live", shown=False),
    Action("go.board", "2", "board", "the leaderboard: methods against targets", shown=False),
    Action("go.sweeps", "3", "sweeps", "declared experiments: what is done of them and what is missing", shown=False),
    Action("go.queue", "4", "queue", "devices, what runs on them, and what waits", shown=False),
    Action("go.compare", "6", "compare", "marked runs or groups beside each other", shown=False),
    Action("go.transfer", "7", "transfer", "what the runs at hand take from each source", shown=False),
    Action("app.menu", "x", "actions", "all that can be done here, and why not"),
)  # fmt: skip
SCREENS = tuple(action for action in ACTIONS if action.area == "go")
"""Those that lead to another screen; the rest of their id is its name."""
BY_ID = {action.id: action for action in ACTIONS}


def actions_of(areas: Iterable[str], without: Iterable[str] = ()) -> list[Action]:
    """Those of some areas."""
    left_out = set(without)
    return [action for action in ACTIONS if action.area in areas and action.id not in left_out]


def bindings(actions: Iterable[Action]) -> list[BindingType]:
    """Keys of a screen that performs these actions."""
    return [
        Binding(
            action.key, f"perform({action.id!r})", action.title, show=False, key_display=action.display or None,
            id=action.id, tooltip=action.help,
        )
        for action in actions
    ]  # fmt: skip
