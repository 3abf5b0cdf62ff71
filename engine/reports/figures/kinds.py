"""All kinds of figures by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from engine.reports.figures import (
    budget,
    efficiency,
    few_shot,
    fusion,
    learning,
    probing,
    scales,
    similarity,
    soup,
    sums,
    transfer,
)
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
    weighs: bool = False
    """Whether it reads the weights of sources, which have to be there for all runs (``weighed.unweighed``)."""


KINDS: dict[str, Kind] = {
    "learning": Kind("the headline metric on dev over the steps of training", learning.gather),
    "scales": Kind("learned scales of source adapters by layer", scales.gather, weighs=True),
    "sums": Kind("sums of the learned scales over the sources, by layer", sums.gather, weighs=True),
    "fusion": Kind("attention of AdapterFusion to source adapters", fusion.gather, weighs=True),
    "soup": Kind("weights of source adapters in an AdapterSoup", soup.gather, weighs=True),
    "transfer": Kind("points that targets gain from sources", transfer.gather),
    "similarity": Kind("similarity of texts and learned scale", similarity.gather, weighs=True),
    "efficiency": Kind("the average on test over the number of trained parameters", efficiency.gather),
    "few-shot": Kind("the headline metric on test over the number of training examples", few_shot.gather),
    "budget": Kind("the expected result of the best of n settings that a sweep has tried", budget.gather),
    "probing": Kind("the headline metric on test over the scale of one frozen adapter, or of two", probing.gather),
}
