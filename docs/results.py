"""Makes ``docs/results.md`` and its figures from the committed bundle of runs: ``python docs/results.py`` from the root.

The text is kept here; every number in it is computed by the commands that a user has. Nothing is trained.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

DOCS = Path(__file__).resolve().parent
RESULTS = DOCS / "results"
BUNDLE = RESULTS / "results.zip"
SWEEP = "sweep:results-tuned"
BASELINES = ("adapter", "adapterfusion")
METHODS = ("scalearn", "scalearn++")
FIGURES = {
    "scales": ("method:scalearn", "Learned scales of ScaLearn: how much each layer takes of each source."),
    "efficiency": ("", "Score against the parameters that each method trains, with 95% intervals over seeds and examples."),
    "learning": ("target:stsb", "Learning curves on STS-B, tuned settings."),
}
TITLE = """\
# Our own results

Does ScaLearn beat Adapter and AdapterFusion on real tasks when all of them are tuned equally? {methods} methods, {tasks},
{seeds} seeds, MiniLM as the backbone, {rows} training rows and {epochs} epochs. Every number on this page is computed by
`python docs/results.py` from [the runs and their answers](results/results.zip) ({size} kB, root digest `{digest}`), which
`scalearn verify` checks:

```sh
scalearn verify docs/results/results.zip
```

[sources.toml](results/sources.toml) and [tuned.toml](results/tuned.toml) train the runs. The rate of each method is the best of
{settings} on dev with a seed of its own; the seeds of the table are others. Test is the official validation split, at most
{test} rows of it. The sources of all two-stage methods are six adapters of seed 0, of SST-2, STS-B, CoLA, WiC, and of parts
of QQP and QNLI, each trained on {rows} rows as well."""
LIMITS = """\
## What this does not show

- These are {tasks} and the methods of the main question. The table of ten methods on six tasks, 32 shots, and what the
  released bugs do to scores (`benchmarks/released_bugs.py`) are still to be trained.
- {rows} rows and {steps} steps are far from the papers' budgets, and MiniLM has six layers of 384 dimensions. Sources are as
  small as targets: the papers' sources have seen up to 393 thousand examples, which is what transfer lives on.
- All two-stage runs share the source adapters of seed 0; other source adapters may change the order of methods."""


def main() -> None:
    with TemporaryDirectory() as home:
        os.environ["SCALEARN_HOME"] = home
        scalearn("import", str(BUNDLE))
        text = "\n\n".join(page(json.loads(scalearn("leaderboard", SWEEP, "--format", "json"))))
        draw_figures()
    (DOCS / "results.md").write_text(text + "\n", encoding="utf-8")


def page(board: dict[str, Any]) -> list[str]:
    """The page in paragraphs. ``board`` is the leaderboard in JSON."""
    table = board["tables"][0]
    runs = json.loads(scalearn("ls", SWEEP, "--all", "--json"))["runs"]
    settings = runs[0]["settings"]
    measured = [row for row in table["rows"] if row["origin"] == "measured"]
    about = {
        "methods": len(measured),
        "settings": measured[0]["tuning"]["settings"],
        "steps": runs[0]["steps"],
        "test": settings["limit test"],
        "tasks": " and ".join(column["title"] for column in table["columns"]),
        "seeds": len({seed for row in table["rows"] for cell in row["cells"].values() for seed in cell["seeds"]}),
        "rows": settings["limit train"],
        "epochs": settings["epochs"],
        "size": f"{BUNDLE.stat().st_size / 1000:.0f}",
        "digest": json.loads(scalearn("verify", str(BUNDLE), "--json"))["digest"][:16],
    }
    return [
        TITLE.format(**about),
        "## The table",
        shown_table(table),
        "## Which differences are real",
        *(answer(method, baseline) for method in METHODS for baseline in BASELINES),
        "## What it costs",
        costs(table, runs),
        *(f"![{caption}](results/{kind}.svg)\n\n{caption}" for kind, (_, caption) in FIGURES.items()),
        LIMITS.format(**about),
    ]


def shown_table(table: dict[str, Any]) -> str:
    """The leaderboard with the methods' titles alone: that all are tuned, and from which sources, is said above it."""
    text = scalearn("leaderboard", SWEEP, "--format", "markdown", "--against", "adapter").partition("\n\n")[2].strip()
    # The day on which the page is made is no fact about the runs.
    text = "\n".join(line for line in text.splitlines() if not line.startswith("- date: "))
    for row in table["rows"]:
        text = text.replace(row["name"], row["title"])
    return text


def answer(method: str, baseline: str) -> str:
    """In a sentence whether a method is better, and what ``compare`` prints."""
    sides = [f"method:{name} {SWEEP}" for name in (method, baseline)]
    average = json.loads(scalearn("compare", *sides, "--json"))["average"]
    found = average["difference"]
    verdict = {"better": "is better than", "worse": "is worse than", "tied": "is not shown to differ from"}[found["verdict"]]
    interval = f"{found['difference']:+.2f} points [{found['low']:.2f}, {found['high']:.2f}], p = {found['p']:.3f}"
    printed = scalearn("compare", *sides).rstrip()
    return f"**`{method}` {verdict} `{baseline}`** on average: {interval}.\n\n```\n{printed}\n```"


def costs(table: dict[str, Any], runs: list[dict[str, Any]]) -> str:
    """Parameters and seconds of each row."""
    seconds = {run["id"]: run["seconds"] for run in runs}
    lines = ["| method | trained parameters | of these the method's | seconds a run |", "|:--|--:|--:|--:|"]
    for row in table["rows"]:
        if row["origin"] == "measured":
            spent = [seconds[run] for cell in row["cells"].values() for run in cell["runs"]]
            lines.append(
                f"| {row['title']} | {row['trainable'][1]:,} | {row['transfer'][1]:,} | {sum(spent) / len(spent):.0f} |"
            )
    return "\n".join(lines)


def draw_figures() -> None:
    for kind, (terms, _) in FIGURES.items():
        scalearn("figure", kind, SWEEP, *terms.split(), "-o", str(RESULTS / f"{kind}.svg"))


def scalearn(*arguments: str) -> str:
    """What a command prints; its refusal ends the script."""
    command = [sys.executable, "-m", "scalearn_tui", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"scalearn {' '.join(arguments)} ended with {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    main()
