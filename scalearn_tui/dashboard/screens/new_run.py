"""The form that queues runs: the same options, the same request and the same plan as ``scalearn run``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from scalearn_tui.dashboard.estimator import Estimator, Taken
from scalearn_tui.dashboard.model.choices import LISTED, SINGLE, Choice, choices_of, with_choices
from scalearn_tui.dashboard.model.form_settings import SettingLine, settings_at_hand
from scalearn_tui.dashboard.screens.picker import PickerScreen
from scalearn_tui.dashboard.services import Services
from scalearn_tui.dashboard.widgets.colours import DIM, Part
from scalearn_tui.dashboard.widgets.option_field import OptionField, OptionLabel
from scalearn_tui.dashboard.widgets.plan_lines import NOTHING_TO_QUEUE, in_words, plan_lines, queued, taken_line
from scalearn_tui.dashboard.widgets.setting_lines import setting_in_full, setting_lines
from scalearn_tui.text.errors import one_line
from scalearn_tui.text.options import LAUNCH_OPTIONS, command_line, parse_request, words

if TYPE_CHECKING:
    from engine.plans.planner import Plan

REST = 0.3
"""Seconds without a key before the plan is made anew."""
ESTIMATING = Content.styled("estimating what they take ...", DIM)
OF_SETTINGS = ("method", "target", "benchmark", "set", "epochs", "shots")
"""Options that settings, their defaults and what is wrong with them hang on."""


class NewRunScreen(ModalScreen[None]):
    """Fields, what they mean, the settings, the plan that they ask for with what it takes, and the equal command.

    Each answer from the background carries the number of the change that it is for; only those for the newest count.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close", id="form.close", tooltip="what is typed stays for the next time"),
        Binding("f2,ctrl+down,ctrl+@", "list", "list", id="form.list", tooltip="the values of the field, to choose from"),
        Binding("down", "app.focus_next", "next field", show=False, id="form.next"),
        Binding("up", "app.focus_previous", "previous field", show=False, id="form.previous"),
    ]

    def __init__(self, services: Services, values: dict[str, str] | None = None) -> None:
        """``values`` fill the fields; by default those that were left in them."""
        super().__init__()
        self._services = services
        self._values = services.draft if values is None else values
        self._asked = 0
        self._plan: Plan | None = None
        """The one that is shown."""
        self._submitting = False
        self._settings: list[SettingLine] = []
        self._settings_of: tuple[str | None, ...] = ()
        self._estimator = Estimator(services, self._estimated, self._unreadable)

    def compose(self) -> ComposeResult:
        catalog = self._services.reload_catalog()
        with Vertical(id="form") as form:
            form.border_title, form.border_subtitle = "New run", "F2 list  tab complete  esc keep and close"
            with Horizontal(id="columns"):
                with VerticalScroll(id="fields", can_focus=False):
                    for option in LAUNCH_OPTIONS:
                        yield OptionField(option, catalog, self._values.get(option.name))
                with VerticalScroll(id="settings", can_focus=False):
                    yield Static(id="setting-lines")
            yield Static(id="hint")
            yield Static(id="plan")
            yield Static(id="command")
            with Horizontal(id="form-buttons"):
                yield Button("Queue", id="queue", variant="primary", disabled=True)
                yield Button("Copy command", id="copy")
                yield Button("Cancel", id="cancel")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Input))
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
        """Show what follows at once; plan again once the keys rest."""
        self._asked += 1
        asked = self._asked
        values = self.values
        self.query_one("#command", Static).update(Content.assemble(("$ ", DIM), command_line(values)))
        self._show_settings(values)
        self._explain()
        if wrong := next((line.error for line in self._settings if line.error), ""):
            self._refuse(wrong)
        else:
            self.set_timer(REST, lambda: self._make_plan(asked))

    def _show_settings(self, values: dict[str, str]) -> None:
        of = tuple(values.get(name) for name in OF_SETTINGS)
        if of != self._settings_of:
            self._settings_of, self._settings = of, settings_at_hand(values, self._services.catalog)
            self.query_one("#setting-lines", Static).update(setting_lines(self._settings))

    def _explain(self) -> None:
        """What the focused field takes, and which known values go on from what is typed."""
        for field in self.query(OptionField):
            field.set_class(field.has_focus_within, "-current")
            if field.has_focus_within:
                self.query_one("#hint", Static).update(self._hint(field))

    def _hint(self, field: OptionField) -> Content:
        name, begun = field.option.name, field.begun
        parts: list[Part] = [field.option.help]
        if name == "set":
            setting = begun.partition("=")[0].replace("-", "_")
            if line := next((line for line in self._settings if line.name == setting), None):
                return setting_in_full(line)
        elif name in LISTED and begun:
            meant = (choice for choice in choices_of(name, self.values, self._services.catalog) if choice.is_meant(begun))
            parts += [f"\n{choice.name}: {choice.facts}" for choice in meant]
        if matching := field.matching():
            parts += ["\n", ("  ".join(matching), "$text-accent")]
        return Content.assemble(*parts)

    @on(OptionLabel.Clicked)
    def _label_clicked(self, event: OptionLabel.Clicked) -> None:
        self.set_focus(self.query_one(f"#option-{event.option}", Input))
        self.call_after_refresh(self.action_list)

    def action_list(self) -> None:
        """Choose the focused field's values from a list."""
        field = next((field for field in self.query(OptionField) if field.has_focus_within), None)
        if field is None or (name := field.option.name) not in LISTED:
            self.notify("this field takes what is typed" if field else "no field has the focus", severity="warning")
            return
        choices = choices_of(name, self.values, self._services.catalog)
        typed = words(field.value)
        meant = [choice for choice in choices if any(map(choice.is_meant, typed))]

        def take(chosen: list[Choice] | None) -> None:
            if chosen is not None:
                # A chosen setting comes to those that stand in the field, where alone they are taken away.
                field.put(with_choices(typed, choices, [*meant, *chosen] if name == "set" else chosen))

        marked = [] if name == "set" else meant
        self.app.push_screen(PickerScreen(field.option.label, choices, marked, name not in SINGLE), take)

    def _make_plan(self, asked: int) -> None:
        values, registry, catalog = self.values, self._services.reader, self._services.catalog
        if asked != self._asked or registry is None or not self.is_attached:
            return

        def work() -> Plan:
            from engine.plans.planner import make_plan

            return make_plan(parse_request(values), registry, catalog)

        def planned(plan: Plan) -> None:
            if asked == self._asked:
                self._show(plan, ESTIMATING)
                self._estimator.ask(plan)

        self._services.background(work, planned, lambda error: self._refused(asked, error))

    def _estimated(self, plan: Plan, taken: Taken) -> None:
        if plan is self._plan:
            self._show(plan, Content.styled(taken, DIM) if isinstance(taken, str) else taken_line(plan, taken))

    def _unreadable(self, plan: Plan, error: BaseException) -> None:
        if plan is self._plan:
            self._refuse(one_line(error))

    def _show(self, plan: Plan, taken: Content) -> None:
        """The plan, which may be queued if there is something new in it."""
        if self.is_attached:
            self._plan = plan
            self._allow("" if queued(plan) else NOTHING_TO_QUEUE)
            self.query_one("#plan", Static).update(plan_lines(plan, taken))

    def _refused(self, asked: int, error: BaseException) -> None:
        """The error where the plan stands: a field that is not filled yet is no reason for a notice."""
        if asked == self._asked:
            self._refuse(one_line(error))

    def _refuse(self, why: str) -> None:
        if self.is_attached:
            self._plan = None
            self._allow(why)
            self.query_one("#plan", Static).update(Content.styled(why, "$text-error"))

    def _allow(self, why_not: str) -> None:
        """Let the plan be queued, or say why it cannot be."""
        button = self.query_one("#queue", Button)
        button.disabled = bool(why_not) or self._submitting
        button.tooltip = why_not or None

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
        # No plan that is being made for the same values makes the button active again.
        self._asked += 1

        def work() -> tuple[Plan, list[str]]:
            from engine.plans.planner import make_plan, submit
            from engine.registry.store import open_store
            from scalearn_tui.children.data_files import incomplete_notes, open_files

            plan = make_plan(parse_request(values), registry, catalog)
            notes = incomplete_notes(plan, open_files(plan, services.home))
            submit(plan, open_store(services.home))
            services.launch(services.home)
            return plan, notes

        services.background(work, lambda result: self._queued(*result), self._not_queued)

    def _queued(self, plan: Plan, notes: list[str]) -> None:
        self._services.draft = {}
        if self.is_current:
            self.dismiss()
        already = f"; {len(plan.done) + len(plan.active)} are done or under way" if plan.done or plan.active else ""
        for text in (f"queued {in_words(queued(plan))}{already}", *notes):
            self.app.notify(text)
        self._services.poller.look()

    def _not_queued(self, error: BaseException) -> None:
        self._submitting = False
        self._refuse(one_line(error))
