"""All kinds of figures by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from engine.reports.figures import budget, efficiency, few_shot, learning, probing
from engine.reports.figures.selected import Selected

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Drawing(Protocol):
    """The data of one figure; a frozen dataclass, whose fields are what ``--format json`` prints."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def caption(self) -> str:
        """What is shown, in sentences: the metric, the split, the number of values behind a point and the spread."""

    def draw(self, figure: Figure) -> None:
        """Fill an empty matplotlib figure of the right size."""

    def text(self, width: int) -> str:
        """Lines of at most ``width`` columns, not yet harmless."""


@dataclass(frozen=True)
class Kind:
    """A kind of figure."""

    shows: str
    gather: Callable[[Selected], Drawing]
    """Raises UserError where there is nothing to draw."""


KINDS: dict[str, Kind] = {
    "learning": Kind("the headline metric on dev over the steps of training", learning.gather),
    "efficiency": Kind("the average on test over the number of trained parameters", efficiency.gather),
    "few-shot": Kind("the headline metric on test over the number of training examples", few_shot.gather),
    "budget": Kind("the expected result of the best of n settings that a sweep has tried", budget.gather),
    "probing": Kind("the headline metric on test over the scale of one frozen adapter, or of two", probing.gather),
}
