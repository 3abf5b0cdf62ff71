"""The pages that people read, and the commands that stand in them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "cli.md"
RESULTS = ROOT / "docs" / "results.md"
"""Made from runs, whose digests it shows."""
GUIDE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(set((ROOT / "docs").glob("*.md")) - {REFERENCE, RESULTS})]
FENCE = re.compile(r"^```.*?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONTROL = {"|", ">", "<", ";", "&", "&&", "||", ">>"}


def commands(text: str) -> list[str]:
    """Every ``scalearn ...`` command of a page, in blocks and in running text, each once; pipes and redirections are cut."""
    lines = [line for block in FENCE.findall(text) for line in block.splitlines()]
    pieces = [*lines, *re.findall(r"`([^`\n]+)`", FENCE.sub("", text)), *re.findall(r"`([^`\n]+)`", "\n".join(lines))]
    simple = [words for piece in pieces for words in _simple_commands(piece) if words[0] == "scalearn" and len(words) > 1]
    return list(dict.fromkeys(map(shlex.join, simple)))


def _simple_commands(line: str) -> list[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split, lexer.commenters = True, "#"
    try:
        words = list(lexer)
    except ValueError:
        # Running text or another language: a quote that is not closed.
        return []
    parts: list[list[str]] = [[]]
    for word in words:
        if word in CONTROL:
            parts.append([])
        else:
            parts[-1].append(word)
    return [part for part in parts if part]
