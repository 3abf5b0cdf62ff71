"""What can be done with a sweep: each is asked first, and written as a request that is read back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from scalearn_tui.dashboard.model.sweeps import KnownSweep
from scalearn_tui.dashboard.requests import Request
from scalearn_tui.dashboard.screens.action_screen import ActionScreen
from scalearn_tui.dashboard.screens.confirm import ConfirmScreen
from scalearn_tui.dashboard.services import Services
from scalearn_tui.text.errors import one_line
from scalearn_tui.text.sweeps import words

if TYPE_CHECKING:
    from engine.registry.listing import ListedRun
    from engine.registry.records import Run
    from engine.registry.store import Store
    from engine.sweeps.cells import Cell
    from engine.sweeps.rest import Rest
    from engine.sweeps.stopping import Stoppable

Runs = Sequence["ListedRun"]
MOST_NAMED = 3


class SweepActions(ActionScreen):
    """A screen about one sweep at a time."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._planning = False

    def sweep_at_hand(self) -> KnownSweep | None:
        raise NotImplementedError

    def cells_at_hand(self) -> Sequence[Cell]:
        """Those of the sweep, or of a part of it that the cursor is on."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """Show what takes a while; nothing when it is done."""
        raise NotImplementedError

    def do_run(self, _: Runs) -> None:
        """Plan what is left of the cells at hand, and ask whether to queue it."""
        known, cells, reader = self.sweep_at_hand(), self.cells_at_hand(), self.services.reader
        if known is None or reader is None:
            self._refuse("there is no sweep")
            return
        if self._planning or (why := self._nothing_left(cells)):
            self._refuse("a plan is being made" if self._planning else why)
            return

        def work() -> tuple[Rest, list[str]]:
            from scalearn_tui.dashboard.sweep_work import plan_rest

            return plan_rest(known.sweep, cells, reader)

        def planned(found: tuple[Rest, list[str]]) -> None:
            self._plans(False)
            # Otherwise its user went elsewhere in the meantime.
            if self.is_current:
                self._ask_to_queue(known.name, *found)

        def failed(error: BaseException) -> None:
            self._plans(False)
            self._refuse(one_line(error))

        self._plans(True)
        self.services.background(work, planned, failed)

    def _plans(self, planning: bool) -> None:
        self._planning = planning
        self.say("planning…" if planning else "")

    def _nothing_left(self, cells: Sequence[Cell]) -> str:
        """Why none of the cells can be queued; empty if one may be."""
        if not cells:
            return "no cell is here"
        runs = [self.services.index.get(cell.run) for cell in cells]
        if any(run is None or run.state.over for run in runs):
            return ""
        which = "the run is" if len(cells) == 1 else f"all {len(cells)} runs are"
        return f"nothing is missing: {which} completed or under way"

    def _ask_to_queue(self, name: str, rest: Rest, notes: Sequence[str]) -> None:
        waits = f"{_counted(rest.undecided, 'cell waits', 'cells wait')} until tuning has chosen" if rest.undecided else ""
        if not rest.runs:
            self._refuse(f"nothing can be queued: {waits or 'settings that diverged are not tried again'}")
            return
        number, sources = len(rest.runs), len(rest.sources)
        counts = Counter("missing" if run.existing is None else str(run.existing.state) for run in rest.runs)
        first = f"{_counted(sources, 'source adapter is', 'source adapters are')} trained first" if sources else ""
        request = Request(
            f"queuing {_counted(number, 'run')} of {name}",
            f"{_counted(number, 'run')} of {name} {'is' if number == 1 else 'are'} queued",
            tuple(run.run_id for run in rest.runs),
            partial(_queue, rest),
            lambda run: run is not None and not run.state.over,
        )
        title = f"Queue {_counted(number, 'run')} of {name}?"
        self._ask(title, words(counts), "\n".join(filter(None, [first, waits, *notes])), "Queue", request)

    def do_stop(self, _: Runs) -> None:
        """Look which runs only this sweep asks for, and ask whether to stop them."""
        known, reader = self.sweep_at_hand(), self.services.reader
        if known is None or reader is None:
            self._refuse("there is no sweep")
            return

        def work() -> Stoppable:
            from engine.sweeps.stopping import stoppable

            return stoppable(known.name, reader)

        self.services.background(work, lambda found: self._ask_to_stop(known.name, found))

    def _ask_to_stop(self, name: str, found: Stoppable) -> None:
        number, shared = len(found.alone), found.shared
        which = f"{_counted(len(shared), 'run stays', 'runs stay')}, because another sweep asks for"
        stay = f"{which} {'it' if len(shared) == 1 else 'them'} too: {_named(shared)}." if shared else ""
        if not number:
            self._refuse(stay or f"no run of {name} is going on or queued")
            return
        request = Request(
            f"stopping {name}",
            f"{_counted(number, 'run')} of {name} {'was' if number == 1 else 'were'} asked to stop",
            tuple(run.id for run in found.alone),
            partial(_stop, name),
            lambda run: run is None or run.stop_requested or not run.state.active,
        )
        consequence = "Those that wait leave the queue; those that train save and end. M queues them again."
        subject = words(Counter(str(run.state) for run in found.alone))
        self._ask(f"Stop {_counted(number, 'run')} of {name}?", subject, f"{consequence}\n{stay}".rstrip(), "Stop", request)

    def do_forget(self, _: Runs) -> None:
        """Ask, then forget the sweep."""
        known = self.sweep_at_hand()
        if known is None:
            self._refuse("there is no sweep")
            return
        name = known.name
        request = Request(
            f"forgetting {name}", f"{name} is forgotten", (), lambda store: store.forget_sweep(name), lambda _: True
        )
        consequence = "Its runs stay, and go on if they are under way. Its file is left alone."
        self._ask(f"Forget the sweep {name}?", _counted(len(known.cells), "cell"), consequence, "Forget", request)

    def _ask(self, title: str, subject: str, consequence: str, verb: str, request: Request) -> None:
        def decided(yes: bool | None) -> None:
            if yes:
                self.services.requests.send(request)

        self.app.push_screen(ConfirmScreen(title, subject, consequence, verb), decided)

    def _refuse(self, why: str) -> None:
        self.notify(why, severity="warning", markup=False)


def _queue(rest: Rest, store: Store) -> None:
    from engine.sweeps.rest import queue_rest

    queue_rest(rest, store)


def _stop(name: str, store: Store) -> None:
    from engine.sweeps.stopping import stop_sweep

    stop_sweep(name, store)


def _counted(number: int, one: str, several: str = "") -> str:
    return f"{number} {one if number == 1 else several or one + 's'}"


def _named(runs: Sequence[Run]) -> str:
    """``3f9a01c (adapter on glue/rte)``, the first few of them."""
    names = [f"{run.id[:7]} ({run.method} on {run.target})" for run in runs[:MOST_NAMED]]
    return ", ".join([*names, f"{len(runs) - MOST_NAMED} more"] if len(runs) > MOST_NAMED else names)
