"""What one run is and how it does, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scalearn_tui.dashboard.detail import Detail, headline
from scalearn_tui.dashboard.model.index import RunIndex
from scalearn_tui.dashboard.widgets.colours import DIM, Part, state_style
from scalearn_tui.dashboard.widgets.fact_lines import FactLine
from scalearn_tui.text.formatting import count, duration, number, score
from scalearn_tui.text.glyphs import silence, state_glyph
from scalearn_tui.text.names import method_title
from scalearn_tui.text.results import declared_scores, joint_scores, shown_split

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.registry.records import Run

BAR = 16
BRIEF = ("learning_rate", "batch_size")
"""Settings that are always worth showing."""


def facts(run: Run, detail: Detail | None, runs: RunIndex, catalog: Catalog, brief: bool) -> list[FactLine]:
    """Identity, state with its cause, progress, settings and results; a line for each. ``brief`` leaves out the usual."""
    lines = [_identity(run), _what(run), _cause(run), _progress(run), _numbers(run), _pace(run, brief)]
    lines += [_results(run, detail, catalog), _sources(detail, runs), _settings(run, catalog, brief), _size(run, detail)]
    if not brief:
        lines.append(_asked(run))
    return [tuple(line) for line in lines if line]


def _identity(run: Run) -> list[Part]:
    state = f"{state_glyph(run.state)} {run.state}"
    parts: list[Part] = [(run.id, "bold"), "  ", (state, f"{state_style(run.state)} bold")]
    if run.stop_requested and run.state.live:
        parts.append(("  stopping", "$text-warning"))
    if quiet := silence(run):
        parts.append((f"  {quiet}", "$text-warning"))
    where = [run.device or "", f"attempt {run.attempt}" if run.attempt > 1 else ""]
    return [*parts, ("".join(f"  {word}" for word in where if word), DIM)]


def _what(run: Run) -> list[Part]:
    rest = f" · {run.backbone} · {run.target} · seed {run.seed}"
    return [(method_title(run.method), "bold $text-primary"), rest]


def _cause(run: Run) -> list[Part]:
    if not run.cause:
        return []
    return [(run.cause, "$text-error" if run.state in ("failed", "lost") else "$text-warning")]


def _progress(run: Run) -> list[Part]:
    if not run.steps:
        return []
    done = min(1.0, run.step / run.steps)
    filled = round(done * BAR)
    bar: list[Part] = [("━" * filled, state_style(run.state)), ("━" * (BAR - filled), "$foreground 15%")]
    return [*bar, f" {100 * done:.0f}%  ", (f"epoch {run.epoch}/{run.epochs}  step {count(run.step)}/{count(run.steps)}", DIM)]


def _numbers(run: Run) -> list[Part]:
    if run.loss is None and run.value is None:
        return []
    parts: list[Part] = [("loss ", DIM), number(run.loss, 3), (f"  {headline(run)} ", DIM), score(run.value)]
    if run.best_epoch is not None:
        parts += [("  best ", DIM), (score(run.best), "bold"), (f" epoch {run.best_epoch}", DIM)]
    return parts


def _pace(run: Run, brief: bool) -> list[Part]:
    if not run.seconds:
        return []
    parts: list[Part] = [("time ", DIM), duration(run.seconds)]
    if run.state.live and run.seconds_left is not None:
        parts += [("  left ", DIM), duration(run.seconds_left)]
    if run.samples_per_second:
        parts += ["  ", count(round(run.samples_per_second)), (" samples/s", DIM)]
    if run.tokens_per_second and not brief:
        parts += ["  ", count(round(run.tokens_per_second)), (" tokens/s", DIM)]
    return parts


def _results(run: Run, detail: Detail | None, catalog: Catalog) -> list[Part]:
    """All of a single task's numbers; of a joint run the mean on test, then each task's headline metric."""
    if detail is None or not detail.results:
        return []
    parts: list[Part] = []
    if len(run.tasks) > 1:
        for task, value in joint_scores(run, detail.results, catalog).items():
            parts += ["  " if parts else "", (f"{task.rpartition('/')[2]} ", DIM), (score(value), "bold $text-success")]
        return [(f"{shown_split(run)} ", DIM), *parts]
    for split, values in declared_scores(run, detail.results, catalog).items():
        parts += ["  " if parts else "", (split, DIM)]
        for metric, value in values.items():
            parts += [(f" {metric} ", DIM), (score(value), "bold $text-success")]
    return parts


def _sources(detail: Detail | None, runs: RunIndex) -> list[Part]:
    if detail is None or not detail.sources:
        return []
    parts: list[Part] = [("sources", DIM)]
    for task, run_id in detail.sources:
        source = runs.get(run_id)
        parts += [" ", (state_glyph(source.state), state_style(source.state)) if source else ("?", DIM), " "]
        parts.append(task.rpartition("/")[2])
    return parts


def _settings(run: Run, catalog: Catalog, brief: bool) -> list[Part]:
    """Settings, shots and limits, those off the defaults first and bold; ``brief`` shows those and the usual ones."""
    from engine.catalog.method import setting_text
    from engine.runs.deviations import deviations, settings_of

    chosen, special = settings_of(run.parsed), deviations(run.parsed, catalog)
    parts: list[Part] = []
    for name in sorted(chosen, key=lambda name: name not in special):
        if not brief or name in special or name in BRIEF:
            text, style = setting_text(chosen[name]), "bold $text-accent" if name in special else ""
            parts += ["  " if parts else "", (f"{name} ", DIM), (text, style)]
    return parts


def _size(run: Run, detail: Detail | None) -> list[Part]:
    """Trained parameters and the checkpoints that are kept."""
    parts: list[Part] = []
    if run.trainable is not None:
        parts += [count(run.trainable), (" trained  ", DIM)]
    if run.transfer is not None:
        parts += [count(run.transfer), (" without heads  ", DIM)]
    if detail and detail.checkpoints:
        parts += [", ".join(sorted(detail.checkpoints)), (" kept", DIM)]
    return parts


def _asked(run: Run) -> list[Part]:
    """Who asked and when."""
    parts: list[Part] = [(f"queued {run.created_at.astimezone():%Y-%m-%d %H:%M}", DIM)]
    return [*parts, ("  by ", DIM), run.command] if run.command else parts
