"""HumSet: excerpts of humanitarian reports in English, French and Spanish, tagged in five ways (Fekih et al., 2022).

The labels are those of the data's card, sorted; their order is that of a head's outputs. The released joint code takes the
order from a Python set, built anew for every split, so that its training, dev and test labels disagree.
"""

from __future__ import annotations

from dataclasses import replace

from engine.catalog.methods import SCALEARN_PAPER
from engine.catalog.task import BenchmarkInfo, HubData, PublishedTable, TaskInfo

HUMSET_DATA = HubData(
    "nlp-thedeep/humset",
    "f7ff4f6997d6b269816478e3f558204ace7c96bc",
    "humset",
    "data/{split}.jsonl",
    "{split}.jsonl",
    labels_stay=True,
)
"""Version 1.0.0 of the data, the one of the papers; all tasks read the same files."""

SECTORS = (
    "Agriculture", "Cross", "Education", "Food Security", "Health", "Livelihoods", "Logistics", "Nutrition", "Protection",
    "Shelter", "WASH",
)  # fmt: skip
PILLARS_1D = {
    "Casualties": ("Dead", "Injured", "Missing"),
    "Context": (
        "Demography", "Economy", "Environment", "Legal & Policy", "Politics", "Security & Stability", "Socio Cultural",
    ),
    "Covid-19": (
        "Cases", "Contact Tracing", "Deaths", "Hospitalization & Care", "Restriction Measures", "Testing", "Vaccination",
    ),
    "Displacement": ("Intentions", "Local Integration", "Pull Factors", "Push Factors", "Type/Numbers/Movements"),
    "Humanitarian Access": (
        "Number Of People Facing Humanitarian Access Constraints/Humanitarian Access Gaps", "Physical Constraints",
        "Population To Relief", "Relief To Population",
    ),
    "Information And Communication": (
        "Communication Means And Preferences", "Information Challenges And Barriers", "Knowledge And Info Gaps (Hum)",
        "Knowledge And Info Gaps (Pop)",
    ),
    "Shock/Event": ("Hazard & Threats", "Type And Characteristics", "Underlying/Aggravating Factors"),
}  # fmt: skip
"""Pillars and their subpillars."""
PILLARS_2D = {
    "At Risk": ("Number Of People At Risk", "Risk And Vulnerabilities"),
    "Capacities & Response": (
        "International Response", "Local Response", "National Response", "Number Of People Reached/Response Gaps",
    ),
    "Humanitarian Conditions": (
        "Coping Mechanisms", "Living Standards", "Number Of People In Need", "Physical And Mental Well Being",
    ),
    "Impact": (
        "Driver/Aggravating Factors", "Impact On People", "Impact On Systems, Services And Networks",
        "Number Of People Affected",
    ),
    "Priority Interventions": ("Expressed By Humanitarian Staff", "Expressed By Population"),
    "Priority Needs": ("Expressed By Humanitarian Staff", "Expressed By Population"),
}  # fmt: skip


def _below(pillars: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """``Casualties->Dead`` and so on, as the data spells subpillars."""
    return tuple(f"{pillar}->{name}" for pillar, names in pillars.items() for name in names)


_HUMSET = TaskInfo(
    "humset", "", "", "multilabel", "plain", ("excerpt",), ("macro_f1", "micro_f1"), data=HUMSET_DATA,
    sizes=(117_435, 15_147), dev_size=16_039, stratify=False, select_by="metric", dev="validation", tests=(("test", "test"),),
)  # fmt: skip
HUMSET = BenchmarkInfo(
    "humset",
    "HumSet",
    tuple(
        replace(_HUMSET, name=name, title=title, label_column=name, labels=labels)
        for name, title, labels in (
            ("sectors", "Sectors", SECTORS),
            ("pillars_1d", "Pillars 1D", tuple(PILLARS_1D)),
            ("subpillars_1d", "Subpillars 1D", _below(PILLARS_1D)),
            ("pillars_2d", "Pillars 2D", tuple(PILLARS_2D)),
            ("subpillars_2d", "Subpillars 2D", _below(PILLARS_2D)),
        )
    ),
    published=(PublishedTable("humset_xlm-roberta-base.csv", "xlm-roberta-base", SCALEARN_PAPER),),
)
