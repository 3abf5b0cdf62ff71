"""Every relative link of the documents leads to a file, and to a heading of it where it names one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import FENCE, GUIDE, REFERENCE, ROOT

LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """The anchors that a code host gives the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*GUIDE, REFERENCE, ROOT / "CHANGELOG.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(FENCE.sub("", page.read_text())):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists() and linked.is_relative_to(ROOT), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors(linked), f"{page.name} links to {target}, which has no such heading"


def test_the_readme_or_contributing_leads_to_every_page() -> None:
    entry = "".join((ROOT / name).read_text() for name in ("README.md", "CONTRIBUTING.md"))
    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"(docs/{page.name})" not in entry] == []


@pytest.mark.parametrize("page", [ROOT / "CONTRIBUTING.md", ROOT / "docs" / "architecture.md"], ids=lambda page: page.name)
def test_paths_named_in_the_text_exist(page: Path) -> None:
    named = re.findall(r"`((?:engine|scalearn_tui|tests|docs)/[\w./+-]+)`", page.read_text())
    assert len(named) > 5
    # NAME stands for what the reader adds.
    assert [path for path in named if "NAME" not in path and not (ROOT / path).exists()] == []
