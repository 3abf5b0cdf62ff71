"""The form that queues runs: the same options, the same request and the same plan as ``scalearn run``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static

from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.widgets.colours import DIM, Part
from scalearn_tui.dashboard.widgets.option_field import OptionField
from scalearn_tui.text.errors import one_line
from scalearn_tui.text.options import LAUNCH_OPTIONS, command_line, parse_request

if TYPE_CHECKING:
    from engine.plans.planner import Plan

REST = 0.3
"""Seconds without a key before the plan is made anew."""


class NewRunScreen(ModalScreen[None]):
    """Fields, what they mean, the plan that they ask for, and the equal command."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close", id="form.close", tooltip="what is typed stays for the next time"),
        Binding("down", "app.focus_next", "next field", show=False, id="form.next"),
        Binding("up", "app.focus_previous", "previous field", show=False, id="form.previous"),
    ]

    def __init__(self, services: Services, values: dict[str, str] | None = None) -> None:
        """``values`` fill the fields; by default those that were left in them."""
        super().__init__()
        self._services = services
        self._values = services.draft if values is None else values
        self._asked = 0
        self._submitting = False

    def compose(self) -> ComposeResult:
        catalog = self._services.reload_catalog()
        with Vertical(id="form"):
            yield Label("New run", id="form-title")
            with VerticalScroll(id="fields", can_focus=False):
                for option in LAUNCH_OPTIONS:
                    yield OptionField(option, catalog, self._values.get(option.name))
            yield Static(id="hint")
            yield Static(id="plan")
            yield Static(id="command")
            with Horizontal(id="form-buttons"):
                yield Button("Cancel", id="cancel")
                yield Button("Copy command", id="copy")
                yield Button("Queue", id="queue", variant="primary")

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._changed()
        for line in self._services.catalog.left_out:
            self.notify(line, severity="warning")

    @property
    def values(self) -> dict[str, str]:
        """What stands in the fields, empty ones left out."""
        return {field.option.name: field.value for field in self.query(OptionField) if field.value}

    @on(events.DescendantFocus)
    def _focused(self) -> None:
        self._explain()

    @on(Input.Changed)
    def _changed(self) -> None:
        """Plan again once the keys rest."""
        self._asked += 1
        asked = self._asked
        self.query_one("#command", Static).update(Content.assemble(("$ ", DIM), command_line(self.values)))
        self.query_one("#queue", Button).disabled = self._submitting
        self._explain()
        self.set_timer(REST, lambda: self._plan(asked))

    def _explain(self) -> None:
        """What the focused field takes, and which known values go on from what is typed."""
        for field in self.query(OptionField):
            field.set_class(field.has_focus_within, "-current")
            if not field.has_focus_within:
                continue
            parts: list[Part] = [field.option.help]
            if matching := field.matching():
                parts += ["\n", ("  ".join(matching), "$text-accent")]
            self.query_one("#hint", Static).update(Content.assemble(*parts))

    def _plan(self, asked: int) -> None:
        values, registry, catalog = self.values, self._services.reader, self._services.catalog
        if asked != self._asked or registry is None or not self.is_attached:
            return

        def work() -> Plan:
            from engine.plans.planner import make_plan

            return make_plan(parse_request(values), registry, catalog)

        self._services.background(work, lambda plan: self._planned(asked, plan), lambda error: self._refused(asked, error))

    def _planned(self, asked: int, plan: Plan) -> None:
        if asked == self._asked and self.is_attached:
            self.query_one("#queue", Button).disabled = not (plan.new or plan.over)
            self._say(describe(plan))

    def _refused(self, asked: int, error: BaseException) -> None:
        """The error where the plan stands: a field that is not filled yet is no reason for a notice."""
        if asked == self._asked and self.is_attached:
            self._submitting = False
            self.query_one("#queue", Button).disabled = True
            self._say(Content.styled(one_line(error), "$text-error"))

    def _say(self, content: Content) -> None:
        self.query_one("#plan", Static).update(content)

    @on(Input.Submitted)
    def _next(self) -> None:
        self.focus_next()

    @on(Button.Pressed, "#cancel")
    def action_close(self) -> None:
        """Leave; the next form starts from what stands in this one."""
        self._services.draft = self.values
        self.dismiss()

    @on(Button.Pressed, "#copy")
    def _copy(self) -> None:
        self.app.copy_to_clipboard(command_line(self.values))
        self.notify("copied the command")

    @on(Button.Pressed, "#queue")
    def _queue(self) -> None:
        """Plan, open the files of rows and submit in a thread, then wake the supervisor."""
        services, values = self._services, self.values
        registry, catalog = services.reader, services.catalog
        if registry is None or self._submitting:
            return
        self._submitting = True
        self.query_one("#queue", Button).disabled = True
        self._asked += 1
        asked = self._asked

        def work() -> tuple[Plan, list[str]]:
            from engine.plans.planner import make_plan, submit
            from engine.registry.store import open_store
            from scalearn_tui.children.data_files import incomplete_notes, open_files

            plan = make_plan(parse_request(values), registry, catalog)
            notes = incomplete_notes(plan, open_files(plan, services.home))
            submit(plan, open_store(services.home))
            services.launch(services.home)
            return plan, notes

        services.background(work, lambda result: self._queued(*result), lambda error: self._refused(asked, error))

    def _queued(self, plan: Plan, notes: list[str]) -> None:
        self._services.draft = {}
        if self.is_current:
            self.dismiss()
        queued = len(plan.new) + len(plan.over)
        already = f"; {len(plan.done) + len(plan.active)} are done or under way" if plan.done or plan.active else ""
        for text in (f"queued {_runs(queued)}{already}", *notes):
            self.app.notify(text)
        self._services.poller.look()


def describe(plan: Plan) -> Content:
    """``9 runs: 2 new, 7 done and reused`` and what was decided for the user."""
    counts = ((plan.new, "new"), (plan.over, "resumed"), (plan.active, "under way"), (plan.done, "done and reused"))
    parts: list[Part] = [(_runs(len(plan.runs)), "bold $text-success"), ": "]
    parts.append(", ".join(f"{len(runs)} {word}" for runs, word in counts if runs))
    sources = sum(planned.role == "source" for planned in plan.runs)
    if sources:
        parts.append((f"  ({sources} source adapters first)", DIM))
    for note in plan.notes:
        parts.append((f"\n{note}", DIM))
    return Content.assemble(*parts)


def _runs(number: int) -> str:
    return "1 run" if number == 1 else f"{number} runs"
