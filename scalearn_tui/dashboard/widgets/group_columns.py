"""The columns of the list in groups: what each says of a group, and of a run that is listed below its group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from scalearn_tui.dashboard.model.groups import Group, GroupLine, Spread
from scalearn_tui.dashboard.model.orders import dev_value
from scalearn_tui.dashboard.widgets.lines import Column
from scalearn_tui.dashboard.widgets.run_columns import ID_LENGTH, cause_text, epoch_text
from scalearn_tui.text.formatting import NOTHING, count, duration, score
from scalearn_tui.text.glyphs import state_glyph, state_word
from scalearn_tui.text.names import method_title

if TYPE_CHECKING:
    from engine.registry.listing import ListedRun


def spread_text(spread: Spread | None, settings: int) -> str:
    """``78.91 ± 0.70``, of a single number only that, times 100; of several settings ``70.00…84.50``, from least to most."""
    if spread is None:
        return NOTHING
    if settings > 1 and spread.deviation is not None:
        return f"{score(spread.least)}…{score(spread.most)}"
    return score(spread.mean) + (f" ± {score(spread.deviation)}" if spread.deviation is not None else "")


def of_line(group: Callable[[Group], str], run: Callable[[ListedRun], str]) -> Callable[[GroupLine], str]:
    """One function of two."""
    return lambda line: group(line) if isinstance(line, Group) else run(line)


def shared(group: Group, name: str) -> str:
    """What all runs of a group have, or how many different ones they have."""
    values = dict.fromkeys(getattr(run, name) for run in group.runs)
    return str(next(iter(values))) if len(values) == 1 else f"{len(values)} of them"


def seeds_text(seeds: Sequence[int]) -> str:
    """``0-4``, ``0,2,5``: as ``--seed`` takes them."""
    if len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1:
        return f"{seeds[0]}-{seeds[-1]}"
    return ",".join(map(str, seeds))


def states_text(group: Group) -> str:
    """``✓3 ●1 ◷1``."""
    return " ".join(f"{state_glyph(state)}{number}" for state, number in group.states.items())


def _look(line: GroupLine) -> str:
    if isinstance(line, Group):
        return next(iter(line.states)) if len(line.states) == 1 else "plain"
    return line.state.value


def _method(group: Group) -> str:
    return method_title(shared(group, "method"))


def _dev(group: Group) -> str:
    return spread_text(group.dev, group.settings)


def _test(group: Group) -> str:
    return spread_text(group.test, group.settings)


def _name_look(line: GroupLine) -> str:
    return "strong" if isinstance(line, Group) else "dim"


def _cause(group: Group) -> str:
    causes = list(dict.fromkeys(run.cause for run in group.runs if run.cause))
    why = causes[0] if len(causes) == 1 else f"{len(causes)} causes" if causes else ""
    return "; ".join(filter(None, (f"{group.settings} settings" if group.settings > 1 else "", why)))


def _column(
    key: str,
    title: str,
    width: int,
    rank: int,
    group: Callable[[Group], str],
    run: Callable[[ListedRun], str] = lambda run: "",
    look: str | Callable[[GroupLine], str] = "plain",
    **others: Any,
) -> Column[GroupLine]:
    return Column(key, title, width, rank, of_line(group, run), look, **others)


GROUP_COLUMNS: tuple[Column[GroupLine], ...] = (
    _column("fold", "", 1, 0, lambda group: "▾" if group.open else "▸", look="dim", gap=0),
    _column("method", "method", 20, 1, _method, lambda run: f"  {run.id[:ID_LENGTH]}", _name_look, gap=1, least=12),
    _column("target", "target", 18, 1, lambda group: shared(group, "target"), least=12),
    _column("backbone", "backbone", 14, 9, lambda group: shared(group, "backbone"), least=8),
    _column("seed", "seeds", 7, 3, lambda group: seeds_text(group.seeds), lambda run: str(run.seed), right=True),
    _column("state", "state", 13, 2, states_text, lambda run: f"{state_glyph(run.state)} {state_word(run)}", _look, least=11),
    _column("epoch", "epoch", 6, 10, lambda group: "", epoch_text, right=True),
    _column("metric", "dev", 14, 1, _dev, lambda run: score(dev_value(run)), "strong", right=True, least=13),
    _column("test", "test", 14, 4, _test, lambda run: score(run.test), "strong", right=True, least=13),
    _column("trainable", "params", 6, 8, lambda group: count(group.runs[0].trainable), look="dim", right=True),
    _column("time", "time", 7, 7, lambda group: duration(group.seconds or None), lambda run: duration(run.seconds or None),
            right=True),
    _column("cause", "cause", 200, 6, _cause, cause_text, "dim", least=12),
)  # fmt: skip
