"""The README's table of real runs is that of the page of our own results."""

from __future__ import annotations

import re

from tests.docs.pages import ROOT

VERDICT = re.compile(r" [=↑↓](?= \|)")


def rows(page: str) -> list[str]:
    text = (ROOT / page).read_text()
    return re.findall(r"^\| (?:Adapter|AdapterFusion|ScaLearn|ScaLearn\+\+) \| [\d.]+.*$", text, re.MULTILINE)


def test_the_readme_shows_rows_of_the_page() -> None:
    (of_readme, of_page) = (rows(page) for page in ("README.md", "docs/results.md"))
    assert len(of_readme) == 4
    assert of_readme == [VERDICT.sub("", row) for row in of_page[:4]]
