"""Tables for papers, in a real pdflatex."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from engine.registry.store import Store
from engine.reports.formats.latex import to_latex
from engine.reports.latex_sink import latex
from engine.reports.query import Query
from engine.reports.table import Leaderboard
from tests.long.boards import glue

pytestmark = pytest.mark.skipif(
    not (shutil.which("pdflatex") and shutil.which("pdftotext")),
    reason="pdflatex or pdftotext is not installed (texlive-latex-recommended, lmodern, poppler-utils)",
)
HEAD = r"\documentclass[11pt,twocolumn]{article}\usepackage[a4paper,textwidth=16cm,textheight=24cm]{geometry}"
FONTS = r"\usepackage[T1]{fontenc}\usepackage{lmodern}"
ALPHABETS = [
    (0x20, 0x7E), (0x00, 0x1F), (0x7F, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x45F), (0x5D0, 0x5EA), (0x2000, 0x22FF),
    (0x3040, 0x30FF), (0x4E00, 0x4E80), (0x1F600, 0x1F640), (0xD800, 0xD810), (0xFEF0, 0xFEFF),
]  # fmt: skip
NASTY = [
    "--- -- << >> ?` !` ``x'' ''' [x] \\input{x} \\\\ % # $x$ a_b^c {x} } { ~ & \"quoted\"", "\\end{tabular}", "[1]", "*",
    "é ü ç š ő",
    "α ≤ β − γ ≥ Ω ∞ ± ×", "日本語 Привет שלום 🙂", "\u200bzero\u200dwidth\ufeff \u202e", "e\u0301 x\u0301 \u0301", "\ud800",
]  # fmt: skip


def compiled(folder: Path, fragment: str, fonts: str = FONTS) -> str:
    """The log of a page with the fragment. Fails unless it compiles without an error."""
    (folder / "table.tex").write_text(fragment, encoding="ascii")
    page = rf"{HEAD}{fonts}\usepackage{{booktabs}}\begin{{document}}\input{{table}}\end{{document}}"
    (folder / "page.tex").write_text(page, encoding="ascii")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "page.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120)
    log = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0 and (folder / "page.pdf").exists(), log[-3000:]
    return log


def overfull(log: str) -> list[float]:
    """Points by which lines are too wide."""
    return [float(points) for points in re.findall(r"Overfull \\hbox \((\d+\.\d+)pt", log)]


@pytest.mark.parametrize("metric", [None, "all"], ids=["headline", "all"])
def test_a_table_of_glue_compiles_and_fits_the_page(metric: str | None, store: Store, tmp_path: Path) -> None:
    log = compiled(tmp_path, to_latex(glue(store, Query(metric=metric))))
    assert not overfull(log), overfull(log)
    assert "Missing character" not in log
    text = subprocess.run(
        ["pdftotext", "-layout", "page.pdf", "-"], cwd=tmp_path, capture_output=True, check=True, text=True
    ).stdout
    assert (
        "Table 1: GLUE, roberta-base" in text
        and re.search(r"ScaLearn\+\+ .*86\.00", text)
        and "bold: not significantly" in text
    )


def test_without_packages_for_fonts_it_compiles_too(store: Store, tmp_path: Path) -> None:
    compiled(tmp_path, to_latex(glue(store, Query(), seeds=1, methods=("adapter", "lora"))), fonts="")


def test_foreign_text_compiles_wherever_it_stands(store: Store, tmp_path: Path) -> None:
    board = glue(store, Query(), seeds=1, methods=("adapter", "lora"))
    random.seed(12)
    drawn = ["".join(chr(random.randint(*random.choice(ALPHABETS))) for _ in range(12)) for _ in range(60)]
    fragments = [to_latex(with_text(board, text)) for text in NASTY]
    fragments.append("\n\n".join(latex(text) for text in drawn))
    for fragment in fragments:
        for fonts in (FONTS, ""):
            compiled(tmp_path, fragment, fonts)


def with_text(board: Leaderboard, text: str) -> Leaderboard:
    """The board with ``text`` as every name."""
    (table, *_) = board.tables
    rows = tuple(replace(row, title=text, settings={text: text}) for row in table.rows)
    columns = tuple(replace(column, title=text, version=text) for column in table.columns)
    changed = replace(
        table, title=text, benchmark=text, rows=rows, columns=columns, provenance={text: [text], f"† {text}": [text]}
    )
    return replace(board, tables=(changed,))
