"""What the page on bundles says of their members, fields and limits is what the program writes."""

from __future__ import annotations

import re

from engine.bundles import container, strict_json
from engine.bundles.manifest import SCHEMA, Manifest
from engine.bundles.records import EvidenceRecord, RunRecord
from engine.bundles.rerun_verdicts import CLOSE, WORST
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "bundles.md").read_text()


def test_every_field_of_a_line_is_named() -> None:
    told = set(re.findall(r"`(\w+)`", PAGE.partition("A line of `runs.jsonl`")[2]))
    others = {"epochs", "steps", "loss", "metric", "value", "samples_per_second", "tokens_per_second"}
    assert set(RunRecord.model_fields) - others <= told
    assert set(EvidenceRecord.model_fields) <= told


def test_the_manifest_is_described() -> None:
    assert f"Schema {SCHEMA}:" in PAGE
    assert all(field.removesuffix("_") in PAGE for field in Manifest.model_fields)


def test_limits_and_verdicts() -> None:
    assert (
        f"{container.MOST_MEMBERS:,} members, {container.MOST_BYTES >> 20} MiB each and {container.MOST_TOTAL >> 30} GiB"
        in PAGE
    )
    assert f"{container.MOST_RATIO} times" in PAGE and f"{strict_json.MOST_BYTES >> 20} MiB for a JSON document" in PAGE
    assert f"more than {CLOSE:.0e}".replace("e-0", "e-") in PAGE
    assert all(word in PAGE for word in WORST)
