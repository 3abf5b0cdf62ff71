"""The page about an exported adapter, as the hub shows it: a README whose front matter programs read.

Everything on it is in the adapter's own card or in the registry; what is known of neither is said to be unknown.
"""

from __future__ import annotations

import re
import shlex
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.adapters.card import AdapterCard, TaskCard
from engine.adapters.card_facts import (
    code,
    dataset_of,
    key_of,
    known_task,
    numbers,
    official_splits,
    one_line,
    row_counts,
    title_of,
)
from engine.adapters.front_matter import front_matter
from engine.catalog.backbones import BACKBONES
from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.reports.run_results import incomplete
from engine.reports.sinks import markdown
from engine.runs.deviations import deviations
from engine.runs.spec import RUN_ID_LENGTH

PAPER = re.compile(r"(?P<authors>.+?),? (?P<year>\d{4}), (?P<title>.+?)(?: \(.*\))?")
"""Of the catalog's strings: ``Frohmann et al. 2024, ScaLearn: Simple ...``; a remark may follow in brackets."""


CONDITIONS = ("device", "precision", "micro_batch", "threads")
"""Parts of the provenance that belong to the course of a training."""


@dataclass(frozen=True)
class AboutExport:
    """What a model card says beside the adapter's own card."""

    file: str
    """Name of the adapter's file."""
    seeds: Mapping[int, Mapping[str, Mapping[str, float]]]
    """By seed, the results (split, metric, fraction) of all runs here that differ in nothing else, this one among them."""
    conditions: Mapping[str, str]
    """What differs between these runs beside the seed, in words (``engine.reports.conditions``)."""
    license: str | None = None
    """The hub's name of one, ``apache-2.0``, as whoever exports it says."""


def model_card(card: AdapterCard, about: AboutExport) -> str:
    """Markdown with YAML in front. No text of a task, label or setting takes effect in either."""
    parts = [
        f"---\n{front_matter(card, about.file.removesuffix('.safetensors'), about.license)}\n---",
        _introduction(card),
        f"## Use\n\n{_commands(card, about)}",
        f"## Scores\n\n{_scores(card, about)}",
        f"## Data\n\n{_data(card)}",
        f"## Training\n\n{_training(card)}",
        f"## Limits\n\n{_limits(card, about)}",
        f"## License and citation\n\n{_license(about)}\n\n{_citation(card)}",
    ]
    return "\n\n".join(parts) + "\n"


def _introduction(card: AdapterCard) -> str:
    spec, method = card.spec, METHODS[card.spec.method]
    backbone = BACKBONES.get(spec.backbone)
    name = f"{backbone.title} ({code(backbone.hub_id or spec.backbone)})" if backbone else code(spec.backbone)
    size = f"{card.training.transfer:,} parameters" if card.training.transfer else "its parameters"
    return (
        f"# {markdown(title_of(card))}: an adapter for {name}\n\n"
        f"A source adapter ({markdown(method.title)}; {markdown(method.paper)}) and its head, trained on {code(key_of(card))}."
        f" It is no model of its own: {size} are added to the frozen backbone at revision {code(spec.backbone_revision)}."
        " Methods such as AdapterFusion and ScaLearn combine it with others for a new task."
    )


def _commands(card: AdapterCard, about: AboutExport) -> str:
    run, backbone = card.fingerprint[:RUN_ID_LENGTH], card.spec.backbone
    named = shlex.quote(one_line(backbone)) if backbone in BACKBONES or "/" in backbone else "FOLDER"
    return (
        f"With scalearn-tui {markdown(card.version)} or later:\n\n"
        f"```sh\nscalearn adapters import {shlex.quote(one_line(about.file))}\n"
        f"scalearn predict {run} texts.jsonl   # one JSON object per line with the task's columns\n"
        f"scalearn run --method scalearn++ --target TASK --sources {run},TASK --backbone {named}\n```"
    )


def _scores(card: AdapterCard, about: AboutExport) -> str:
    """This adapter's numbers, and where runs of other seeds are here, their mean and standard deviation."""
    seeds = ", ".join(map(str, sorted(about.seeds)))
    rows = []
    for split, metric, value in numbers(card.results[key_of(card)]):
        every = [of_seed[split][metric] for of_seed in about.seeds.values() if metric in of_seed.get(split, {})]
        spread = f"{_points(statistics.fmean(every))} ± {_points(statistics.stdev(every))}" if len(every) > 1 else "–"
        rows.append((split, metric, _points(value), spread, str(len(every))))
    official = ", ".join(f"{ours} is the official split {code(theirs)}" for ours, theirs in official_splits(card).items())
    chosen = f"Dev chose the epoch by its {markdown(card.spec.select_by)}" + (f"; {official}" if official else "")
    table = _table(("split", "metric", f"this adapter (seed {card.spec.seed})", "mean ± std over seeds", "seeds"), rows)
    return f"In points, metric times 100. {chosen}. Seeds: {seeds or card.spec.seed}.\n\n{table}"


def _data(card: AdapterCard) -> str:
    rows = [(split, f"{count:,}") for split, count in row_counts(card, "splits").items()]
    repo = dataset_of(card)
    source = f"{code(repo.repo)} on the hub" if repo else "a benchmark of its authors, which is not part of this file"
    lines = [f"{code(key_of(card))}: {source}; identity of the rows {code(card.spec.data[key_of(card)])}."]
    lines += [_table(("split", "rows used"), rows)] if rows else []
    labels = ", ".join(code(label) for label in TaskCard(**card.task).labels)
    return "\n\n".join([*lines, *([f"Labels, in the order of the head's outputs: {labels}."] if labels else [])])


def _training(card: AdapterCard) -> str:
    spec, training, provenance = card.spec, card.training, card.provenance.model_dump()
    changed = deviations(spec, BUILT_IN)
    settings = [
        (name, f"{value}{' (not the default)' if name in changed else ''}") for name, value in spec.hyperparameters.items()
    ]
    course = [
        ("epochs", f"{training.epoch} of {training.epochs}, selected {training.best_epoch}"),
        ("steps", f"{training.step:,}"),
        ("time", f"{training.seconds:,.0f} s"),
        ("trainable parameters", f"{training.trainable:,}, heads included" if training.trainable else "unknown"),
        *((name, provenance[name]) for name in CONDITIONS if name in provenance),
    ]
    versions = list(card.provenance.versions.items())
    tables = {("setting", "value"): settings, ("course", ""): course, ("package", "version"): versions}
    return "\n\n".join(_table(headings, rows) for headings, rows in tables.items() if rows)


def _limits(card: AdapterCard, about: AboutExport) -> str:
    spec, known = card.spec, known_task(card)
    cut = incomplete(known, row_counts(card, "rows")) if known else ""
    limits = ", ".join(f"{markdown(split)} {count:,}" for split, count in spec.limits.items())
    lines = [
        f"Few-shot: trained on {spec.shots} examples." if spec.shots else "",
        f"Rows were limited ({limits}): scores are not comparable with those of whole splits." if limits else "",
        f"Of the dataset, only a part was read: {markdown(cut)}." if cut else "",
        "One seed: how much the scores vary between trainings is not known." if len(about.seeds) < 2 else "",
        *(f"§ The runs behind the mean differ in {name}: {markdown(text)}." for name, text in about.conditions.items()),
        "Nothing but the splits above was tested: no other domain or language, no robustness, fairness or safety.",
        "The backbone's license and limits, and those of the data, hold for it as well.",
    ]
    return "\n".join(f"- {text}" for text in lines if text)


def _license(about: AboutExport) -> str:
    return f"License: {code(about.license)}." if about.license else "Its authors have not stated a license: ask them."


def _citation(card: AdapterCard) -> str:
    """BibTeX of the method's paper as far as the catalog knows it."""
    paper = METHODS[card.spec.method].paper
    parts = PAPER.fullmatch(paper)
    if parts is None:
        return f"Cite {markdown(paper)}."
    authors = parts["authors"].replace(" et al.", " and others").replace(" & ", " and ")
    key = re.sub(r"\W", "", authors.partition(" ")[0]).lower() + parts["year"]
    fields = f"  author = {{{authors}}},\n  title = {{{{{parts['title']}}}}},\n  year = {{{parts['year']}}}\n"
    return f"```bibtex\n@misc{{{key},\n{fields}}}\n```"


def _points(fraction: float) -> str:
    return f"{100 * fraction:.2f}"


def _table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Cells may be foreign text."""
    lines = [headings, ["---"] * len(headings), *([markdown(str(cell)) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
