"""A model card says what the adapter's own card says, for people and for the hub, whatever its texts hold."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard

from engine.adapters.card import AdapterCard
from engine.adapters.exporting import export_adapter
from engine.adapters.model_card import AboutExport, model_card
from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.catalog.task import HubData
from engine.errors import UserError
from engine.registry.store import Store
from engine.runs.definition import definition_of
from tests.adapters.artefacts import foreign, parts_of, signed
from tests.reports.rows import REVISIONS


def written(card: dict[str, Any], **about: Any) -> tuple[dict[str, Any], str]:
    """Front matter and text of the card of an adapter."""
    seeds = {card["spec"]["seed"]: card["results"][card["task"]["key"]]}
    page = model_card(AdapterCard(**card), AboutExport(**{"file": "a.safetensors", "seeds": seeds, "conditions": {}, **about}))
    _, front, text = re.split(r"^---\n", page, maxsplit=2, flags=re.MULTILINE)
    return yaml.safe_load(front), text


@pytest.fixture
def rte(artefact: Path) -> dict[str, Any]:
    """The card as that of an adapter of a built-in task and backbone."""
    card = copy.deepcopy(parts_of(artefact)[1])
    task = BUILT_IN.tasks["glue/rte"]
    assert isinstance(task.data, HubData)
    card["task"] = dict(definition_of(task))
    card["spec"] |= {"targets": ["glue/rte"], "data": {"glue/rte": task.data.revision}, "limits": {"train": 100}}
    card["spec"] |= {"backbone": "roberta-base", "backbone_revision": REVISIONS["roberta-base"]}
    card["results"] = {"glue/rte": {"dev": {"accuracy": 0.7, "loss": 0.5}, "test": {"accuracy": 0.625, "loss": 0.6}}}
    card["provenance"]["rows"] = {"glue/rte": {"train": 2000, "validation": 277}}
    card["provenance"]["splits"] = {"glue/rte": {"train": 100, "dev": 50, "test": 277}}
    return signed(card)


def test_the_front_matter_is_what_the_hub_reads(rte: dict[str, Any]) -> None:
    front, text = written(rte, license="cc-by-4.0")
    assert front["license"] == "cc-by-4.0" and front["base_model"] == "FacebookAI/roberta-base"
    assert front["base_model_relation"] == "adapter" and front["datasets"] == ["nyu-mll/glue"]
    data = ModelCard(f"---\n{yaml.safe_dump(front)}---\n{text}").data
    (result,) = data.eval_results
    assert (result.metric_type, result.metric_value, result.dataset_type) == ("accuracy", 0.625, "nyu-mll/glue")
    assert (result.dataset_config, result.dataset_split) == ("rte", "validation")


def test_scores_stand_with_split_seeds_and_number(rte: dict[str, Any]) -> None:
    seeds = {seed: {"test": {"accuracy": 0.625 + seed / 100}} for seed in (0, 1, 2)}
    _, text = written(rte, seeds=seeds, conditions={"precision": "float32 and bfloat16"})
    assert "| test | accuracy | 62.50 | 63.50 ± 1.00 | 3 |" in text and "Seeds: 0, 1, 2." in text
    assert "test is the official split `validation`" in text and "how much the scores vary" not in text
    assert "§ The runs behind the mean differ in precision: float32 and bfloat16." in text
    _, alone = written(rte)
    assert "| test | accuracy | 62.50 | – | 1 |" in alone and "how much the scores vary between trainings is not known" in alone


def test_limits_data_settings_and_versions_are_said(rte: dict[str, Any]) -> None:
    _, text = written(rte)
    assert "Rows were limited (train 100)" in text and "a part was read: train 2,000 of 2,490 rows" in text
    assert "| test | 277 |" in text and f"| epochs | {rte['spec']['hyperparameters']['epochs']} (not the default) |" in text
    assert "`entailment`, `not\\_entailment`" in text or "`entailment`, `not_entailment`" in text
    assert f"| torch | {rte['provenance']['versions']['torch']} |" in text
    assert "have not stated a license" in text and "title = {{AdapterFusion: Non-Destructive Task Composition" in text


def test_every_paper_that_could_be_cited_becomes_an_entry(rte: dict[str, Any]) -> None:
    from engine.adapters.model_card import PAPER

    papers = {info.paper for info in METHODS.values() if info.group != "joint"}
    assert len(papers) > 5 and all(PAPER.fullmatch(paper) for paper in papers)


def test_foreign_text_takes_effect_nowhere(artefact: Path) -> None:
    _, card = foreign(parts_of(artefact))
    nasty = ["yes`<img src=x>`", "no\n---\nlicense: mit\n", "# a | b", "[click](http://x)"]
    card["task"]["labels"] = nasty
    card["spec"]["hyperparameters"]["select_by"] = "loss\n\n# Free\n| <script>"
    card["provenance"] |= {"splits": ["no counts"], "rows": {"lab/own-task": {"train": "many"}}}
    card["provenance"]["versions"] = {"torch\n---": "1 | <b>2</b>"}
    card["results"]["lab/own-task"]["test"] = {"accuracy": 0.5}
    front, text = written(card, file="a';rm -rf ~\n```.safetensors")
    assert set(front) == {"library_name", "metrics", "tags", "model-index"} and front["model-index"][0]["results"]
    lines = text.splitlines()
    assert "---" not in lines and not [line for line in lines if line.startswith(("# Free", "license:"))]
    outside = re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    assert "<" not in outside.replace("\\<", "") and len(re.findall("^# ", outside, re.MULTILINE)) == 1
    assert lines.count("```") == 2, "two blocks, as ever"
    assert "scalearn adapters import 'a'\"'\"';rm -rf ~ ```.safetensors'" in text


def test_a_task_that_has_only_the_key_of_a_built_in_one_has_none_of_its_data(rte: dict[str, Any]) -> None:
    rte["task"] |= {"columns": ["other"], "tests": 5}
    front, text = written(signed(rte))
    assert "datasets" not in front and "nyu-mll" not in text and "official split" not in text


def test_a_folder_gets_one_readme_and_then_cards_by_name(trainer: Store, tmp_path: Path) -> None:
    first = export_adapter(trainer, "@1", tmp_path / "out", "apache-2.0")
    assert Path(first["card"]) == tmp_path / "out" / "README.md" and "license: apache-2.0" in Path(first["card"]).read_text()
    Path(first["file"]).unlink()
    second = export_adapter(trainer, "@1", tmp_path / "out")
    assert Path(second["card"]) == Path(second["file"]).with_suffix(".md")
    named = export_adapter(trainer, "@1", tmp_path / "named.safetensors")
    assert Path(named["card"]) == tmp_path / "named.md"
    with pytest.raises(UserError, match="is no name of a license"):
        export_adapter(trainer, "@1", tmp_path / "other", "MIT\n---")
    (tmp_path / "taken.md").touch()
    with pytest.raises(UserError, match=r"taken\.md exists; name another file"):
        export_adapter(trainer, "@1", tmp_path / "taken.safetensors")
