"""The front matter of a model card: YAML that the hub and its programs read."""

from __future__ import annotations

from huggingface_hub import EvalResult, ModelCardData

from engine.adapters.card import AdapterCard, TaskCard
from engine.adapters.card_facts import LIBRARY, dataset_of, key_of, known_task, numbers, official_splits
from engine.catalog.backbones import BACKBONES

OF_TASKS = {"regression": "text-classification", "classification": "text-classification", "multiple_choice": "multiple-choice"}
"""By kind of task, the hub's name of it; others have none there."""


def front_matter(card: AdapterCard, name: str, license: str | None) -> str:
    """Base model, data and scores on the reported splits, as fractions (``model-index``); what is unknown is left out."""
    backbone, known, repo = BACKBONES.get(card.spec.backbone), known_task(card), dataset_of(card)
    results = [
        EvalResult(
            task_type=OF_TASKS.get(TaskCard(**card.task).kind, "other"),
            dataset_type=repo.repo if repo else key_of(card),
            dataset_name=key_of(card),
            dataset_config=(known.config if known else None) or key_of(card).partition("/")[2],
            dataset_split=official_splits(card).get(split, split),
            metric_type=metric,
            metric_value=value,
            metric_name=f"{metric} on {split}",
        )
        for split, metric, value in numbers(card.results[key_of(card)])
        if split != "dev"
    ]
    fields = ModelCardData(
        license=license,
        library_name=LIBRARY,
        base_model=backbone.hub_id if backbone else None,
        base_model_relation="adapter" if backbone and backbone.hub_id else None,
        datasets=[repo.repo] if repo else None,
        metrics=sorted({result.metric_type for result in results}) or None,
        tags=[LIBRARY, "adapter", "parameter-efficient", card.spec.method],
        model_name=name,
        eval_results=results or None,
    )
    return fields.to_yaml()
