"""What the runs of a plan take, in the background: one plan after another, and of those that came meanwhile only the newest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.errors import UserError
from scalearn_tui.dashboard.services import Services

if TYPE_CHECKING:
    from engine.plans.estimates import Estimate
    from engine.plans.planner import Plan
    from scalearn_tui.children.data_files import Rows

Taken = dict[str, "Estimate"] | str
"""By the id of the run; or why there is no estimate."""


class Estimator:
    """Opens the files of a plan's rows and estimates its runs, in children where that needs them.

    Calls ``then(plan, taken)``, or ``failed(plan, error)`` where a file is not what it should be: its runs cannot be queued.
    """

    def __init__(
        self, services: Services, then: Callable[[Plan, Taken], None], failed: Callable[[Plan, BaseException], None]
    ) -> None:
        self._services, self._then, self._failed = services, then, failed
        self._busy = False
        self._next: Plan | None = None
        self._opened: dict[frozenset[tuple[str, str]], Rows] = {}

    def ask(self, plan: Plan) -> None:
        """Estimate ``plan`` now, or when the one before is done, unless another is asked for until then."""
        if self._busy:
            self._next = plan
            return
        self._busy = True
        self._services.background(
            lambda: self._estimated(plan),
            lambda taken: self._done(lambda: self._then(plan, taken)),
            lambda error: self._done(lambda: self._failed(plan, error)),
        )

    def _done(self, tell: Callable[[], None]) -> None:
        self._busy = False
        tell()
        if (plan := self._next) is not None:
            self._next = None
            self.ask(plan)

    def _estimated(self, plan: Plan) -> Taken:
        from scalearn_tui.children.estimates import estimated

        services = self._services
        assert services.reader is not None
        rows = self._rows(plan)
        try:
            return estimated(plan, services.reader, services.catalog, rows)
        except UserError as error:
            # The runs can be queued all the same.
            return f"no estimate: {error}"

    def _rows(self, plan: Plan) -> Rows:
        """Read once for the same rows: typing a seed opens no file again."""
        from scalearn_tui.children.data_files import open_files

        key = frozenset((task.key, plan.data.get(task.key, "")) for task in plan.unread)
        if key not in self._opened:
            self._opened[key] = open_files(plan, self._services.home)
        return self._opened[key]
