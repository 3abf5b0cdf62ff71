"""Makes ``docs/results.md`` and its figures from the committed bundles of runs: ``python docs/results.py`` from the root.

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
BUNDLE, REST_BUNDLE, SHOTS_BUNDLE = (RESULTS / name for name in ("results.zip", "rest.zip", "shots.zip"))
BUGS = RESULTS / "bugs.txt"
"""What ``benchmarks/released_bugs.py`` printed; it trains, so its numbers are kept."""
SWEEP, ALL, SHOTS = "sweep:results-tuned", "sweep:results-tuned,results-rest", "sweep:results-shots"
SHOTS_TASKS = ("glue/sst2", "glue/stsb")
UNION = ("--benchmark", "gsg")
"""One table for tasks of both benchmarks."""
BASELINES = ("adapter", "adapterfusion")
METHODS = ("scalearn", "scalearn++")
FIGURES = {
    "scales": ("method:scalearn", "Learned scales of ScaLearn: how much each layer takes of each source."),
    "efficiency": (
        "benchmark:glue",
        "On GLUE, score against the parameters that each method trains, with 95% intervals over seeds and examples.",
    ),
    "learning": ("target:stsb", "Learning curves on STS-B, tuned settings."),
}
TITLE = """\
# Our own results

Does ScaLearn beat Adapter and AdapterFusion on real tasks when all of them are tuned equally? {methods} methods, {tasks},
{seeds} seeds, MiniLM as the backbone, {rows} training rows and {epochs} epochs. Every number on this page is computed by
`python docs/results.py` from the runs and their answers, which `scalearn verify` checks: those of [the main
methods](results/results.zip) ({size} kB, root digest `{digest}`) and of [the others](results/rest.zip) ({rest_size} kB,
`{rest_digest}`).

```sh
scalearn verify docs/results/results.zip
scalearn verify docs/results/rest.zip
```

[sources.toml](results/sources.toml), [tuned.toml](results/tuned.toml) and [rest.toml](results/rest.toml) train the runs. The
rate of {tuned} is the best of {settings} on dev with a seed of its own; the
seeds of the table are others. The other methods are not tuned; their rates are higher than the papers', because a run is
{steps} steps long: {rates}.
Test is the official validation split, at most {test} rows of it. The sources of all two-stage methods are six adapters of
seed 0, one for each task, each trained on {rows} rows as well; QQP and QNLI are parts of the official files."""
SHOTS_TEXT = """\
## With {shots} shots

{shots} rows of the target, {epochs} epochs, the rates that were chosen on {rows} rows, and as sources the adapters of the other
five tasks: the target's own has seen {rows} of its rows ([shots.toml](results/shots.toml), [the runs](results/shots.zip))."""
BUGS_TEXT = """\
## What bugs of the released code do

The papers' released code has bugs that change scores ([all of them](deviations.md)). Three of them can be brought back, in runs
that are otherwise equal: `python benchmarks/released_bugs.py RUN...` trains runs of this page as they are, and with the
bug. *last omega*: the best epoch's head meets the last epoch's omega; *one sentence*: WiC without its second sentence;
*no penalty*: AdapterFusion without the penalty on its value map. In points on test:"""
LIMITS = """\
## What this does not show

- Only {tuned} are tuned; the order of the others may be that of their rates.
- On CoLA no method learns anything at this budget (Matthews correlations around 0), on WiC all learn little, and on QNLI
  most stay at chance: they part few methods.
- {rows} rows and {steps} steps are far from the papers' budgets, and MiniLM has six layers of 384 dimensions. Sources are as
  small as targets: the papers' sources have seen up to 393 thousand examples, which is what transfer lives on.
- All two-stage runs share the source adapters of seed 0; other source adapters may change the order of methods."""


def main() -> None:
    with TemporaryDirectory() as home:
        os.environ["SCALEARN_HOME"] = home
        for bundle in (BUNDLE, REST_BUNDLE, SHOTS_BUNDLE):
            scalearn("import", str(bundle))
        text = "\n\n".join(page(board(ALL)))
        draw_figures()
    (DOCS / "results.md").write_text(text + "\n", encoding="utf-8")


def board(*terms: str) -> dict[str, Any]:
    """The first table of the leaderboard, in JSON."""
    tables: list[dict[str, Any]] = json.loads(scalearn("leaderboard", *terms, *UNION, "--format", "json"))["tables"]
    return tables[0]


def page(table: dict[str, Any]) -> list[str]:
    """The page in paragraphs. ``table`` is that of all methods."""
    runs = json.loads(scalearn("ls", ALL, "--all", "--json"))["runs"]
    settings = runs[0]["settings"]
    measured = [row for row in table["rows"] if row["origin"] == "measured"]
    tuned = [row for row in measured if row["tuning"]]
    about = {
        "methods": len(measured),
        "rates": listed([f"{row['title']} {row['settings']['learning_rate']}" for row in measured if not row["tuning"]]),
        "tuned": listed([row["title"] for row in tuned]),
        "settings": tuned[0]["tuning"]["settings"],
        "steps": runs[0]["steps"],
        "test": settings["limit test"],
        "tasks": listed([column["title"] for column in table["columns"]]),
        "seeds": len({seed for row in table["rows"] for cell in row["cells"].values() for seed in cell["seeds"]}),
        "rows": settings["limit train"],
        "epochs": settings["epochs"],
        "size": kilobytes(BUNDLE),
        "digest": digest(BUNDLE),
        "rest_size": kilobytes(REST_BUNDLE),
        "rest_digest": digest(REST_BUNDLE),
    }
    return [
        TITLE.format(**about),
        "## The table",
        shown_table(ALL),
        "## Which differences are real",
        *(answer(method, baseline) for method in METHODS for baseline in BASELINES),
        "## What it costs",
        costs(table, runs),
        *(f"![{caption}](results/{kind}.svg)\n\n{caption}" for kind, (_, caption) in FIGURES.items()),
        *few_shots(about),
        BUGS_TEXT,
        f"```\n{BUGS.read_text(encoding='utf-8').rstrip()}\n```",
        LIMITS.format(**about),
    ]


def kilobytes(bundle: Path) -> str:
    return f"{bundle.stat().st_size / 1000:.0f}"


def digest(bundle: Path) -> str:
    return str(json.loads(scalearn("verify", str(bundle), "--json"))["digest"])[:16]


def few_shots(about: dict[str, Any]) -> list[str]:
    """The section about them."""
    runs = json.loads(scalearn("ls", SHOTS, "--all", "--json"))["runs"]
    settings = runs[0]["settings"]
    words = {"shots": settings["shots"], "epochs": settings["epochs"], "rows": about["rows"]}
    # The sources are others for each task, and so are the rows of two-stage methods.
    tables = (shown_table(SHOTS, f"target:{task}") for task in SHOTS_TASKS)
    return [SHOTS_TEXT.format(**words), *tables]


def shown_table(*terms: str) -> str:
    """The leaderboard with the methods' titles alone: which are tuned, and from which sources, is said above it."""
    table = board(*terms)
    text = scalearn("leaderboard", *terms, *UNION, "--format", "markdown", "--against", "adapter").partition("\n\n")[2].strip()
    # The day on which the page is made is no fact about the runs.
    text = "\n".join(line for line in text.splitlines() if not line.startswith("- date: "))
    for row in table["rows"]:
        text = text.replace(row["name"], row["title"])
    for column in table["columns"]:
        text = text.replace(column["heading"], column["title"])
    return text


def listed(words: list[str]) -> str:
    """``A, B and C``."""
    return f"{', '.join(words[:-1])} and {words[-1]}"


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
    """Parameters of each row, and the seconds of its fastest run: beside most others the machine did something else, too."""
    seconds = {run["id"]: run["seconds"] for run in runs}
    lines = ["| method | trained parameters | of these the method's | seconds of the fastest run |", "|:--|--:|--:|--:|"]
    for row in table["rows"]:
        if row["origin"] == "measured":
            spent = [seconds[run] for cell in row["cells"].values() for run in cell["runs"]]
            lines.append(f"| {row['title']} | {row['trainable'][1]:,} | {row['transfer'][1]:,} | {min(spent):.0f} |")
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
