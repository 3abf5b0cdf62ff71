"""What can be done with runs from every screen that is about some: each writes a request, and never the run itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from engine.errors import UserError
from scalearn_tui.dashboard.requests import Request
from scalearn_tui.dashboard.screens.action_screen import READ_ONLY, ActionScreen
from scalearn_tui.text.errors import one_line
from scalearn_tui.text.names import method_title

if TYPE_CHECKING:
    from engine.registry.listing import ListedRun
    from engine.registry.records import Run
    from engine.registry.store import Store

Runs = Sequence["ListedRun"]


class RunActions(ActionScreen):
    """A screen about runs."""

    def do_open(self, runs: Runs) -> None:
        self.app.push_screen(self.services.run_screen("detail", runs[0].id))

    def do_log(self, runs: Runs) -> None:
        self.app.push_screen(self.services.run_screen("log", runs[0].id))

    def do_stop(self, runs: Runs) -> None:
        """Ask, then request a stop."""
        chosen = [run for run in runs if run.state.active and not run.stop_requested]
        request = _request(
            "stopping", chosen, "asked to stop", lambda ids, store: store.request_stop(ids),
            lambda run: run is None or run.stop_requested or not run.state.active,
        )  # fmt: skip
        self._ask(f"Stop {_named(chosen)}?", chosen, what_survives(chosen), "Stop", request)

    def do_resume(self, runs: Runs) -> None:
        """Queue the runs again."""
        chosen = [run for run in runs if run.state.over]
        queued = _request(
            "resuming", chosen, "queued again", lambda ids, store: store.requeue(ids),
            lambda run: run is not None and not run.state.over,
        )  # fmt: skip
        self.services.requests.send(queued)

    def do_delete(self, runs: Runs) -> None:
        """Ask, then delete."""
        request = _request("deleting", runs, "deleted", lambda ids, store: store.delete(ids), lambda run: run is None)
        consequence = "Curves, results, checkpoints, logs and evidence go with them. This cannot be taken back."
        self._ask(f"Delete {_named(runs)}?", runs, consequence, "Delete", request)

    def do_tag(self, runs: Runs) -> None:
        """Ask for tags to add and to take away."""
        from scalearn_tui.dashboard.screens.prompt import PromptScreen

        tags = sorted({tag for run in runs for tag in run.tags})
        have = f"has {', '.join(tags)}" if tags else "no tags yet"

        def typed(text: str | None) -> None:
            if text:
                self._tag(runs, text)

        self.app.push_screen(PromptScreen(f"Tags of {_named(runs)}", have, "paper -draft: adds one, takes one away"), typed)

    def _tag(self, runs: Runs, text: str) -> None:
        from engine.runs.tags import check_tag

        try:
            add = [check_tag(word) for word in text.split() if not word.startswith("-")]
        except UserError as error:
            self.notify(one_line(error), severity="warning", markup=False)
            return
        remove = [word[1:] for word in text.split() if word.startswith("-")]
        self.services.requests.send(
            _request("tagging", runs, "tagged", lambda ids, store: store.tag(ids, add, remove), lambda run: run is not None)
        )

    def do_clone(self, runs: Runs) -> None:
        """The form, filled with what asked for the run."""
        reader, run_id = self.services.reader, runs[0].id
        if reader is not None:
            self.services.background(lambda: _asked(reader.find(run_id)), self._open_form)

    def do_new(self, _: Runs) -> None:
        """The form, with the draft that was left in it."""
        if self.services.reader is None:
            self.notify("the registry is not open yet", severity="warning")
            return
        self._open_form(None)

    def _open_form(self, values: dict[str, str] | None) -> None:
        if self.services.read_only:
            self.notify(READ_ONLY, severity="warning")
            return
        from scalearn_tui.dashboard.screens.new_run import NewRunScreen

        self.app.push_screen(NewRunScreen(self.services, values))

    def do_sources(self, runs: Runs) -> None:
        """Show in the list only the runs that this one takes adapters from."""
        reader, run_id = self.services.reader, runs[0].id

        def found(sources: list[str]) -> None:
            if not sources:
                self.notify(f"{run_id[:7]} takes adapters from no other run", severity="warning")
                return
            self.services.poller.choose(f"id:{','.join(sources)}")
            if self.is_current and len(self.app.screen_stack) > 1:
                self.app.pop_screen()
            self.app.switch_mode("runs")

        if reader is not None:
            self.services.background(lambda: [source.source_id for source in reader.sources(run_id)], found)

    def do_copy_id(self, runs: Runs) -> None:
        """Copy the runs' ids."""
        ids = " ".join(run.id for run in runs)
        self.app.copy_to_clipboard(ids)
        self.notify(f"copied {ids}" if len(runs) == 1 else f"copied {len(runs)} ids")

    def _ask(self, title: str, runs: Runs, consequence: str, verb: str, request: Request) -> None:
        from scalearn_tui.dashboard.screens.confirm import ConfirmScreen

        def decided(yes: bool | None) -> None:
            if yes:
                self.services.requests.send(request)

        self.app.push_screen(ConfirmScreen(title, _described(runs), consequence, verb), decided)


def _request(
    doing: str, runs: Runs, done: str, write: Callable[[list[str], Store], object], holds: Callable[[Run | None], bool]
) -> Request:
    ids = [run.id for run in runs]
    be = ("was" if len(ids) == 1 else "were") if done == "asked to stop" else ("is" if len(ids) == 1 else "are")
    return Request(f"{doing} {_named(runs)}", f"{_named(runs)} {be} {done}", tuple(ids), partial(write, ids), holds)


def _asked(run: Run) -> dict[str, str]:
    from scalearn_tui.text.repeating import repeated_values

    return repeated_values(run)


def _named(runs: Runs) -> str:
    return runs[0].id[:7] if len(runs) == 1 else f"{len(runs)} runs"


def _described(runs: Runs) -> str:
    """What the runs are, the first few of them."""
    lines = [f"{method_title(run.method)} on {run.target}, seed {run.seed}" for run in runs[:3]]
    return "\n".join([*lines, f"and {len(runs) - 3} more"] if len(runs) > 3 else lines)


def what_survives(runs: Runs) -> str:
    """What a stop leaves behind, in a sentence or two."""
    if len(runs) > 1:
        return "Those that wait leave the queue; those that train save and end. R goes on from there."
    run = runs[0]
    if run.state == "queued":
        return "It leaves the queue; nothing was trained yet in this attempt. R queues it again."
    best = f" and its best checkpoint (epoch {run.best_epoch})" if run.best_epoch is not None else ""
    return f"It saves step {run.step:,} and ends. Its curves, log{best} are kept; R goes on from there."
