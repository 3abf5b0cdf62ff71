"""The command that asks for one run again."""

from __future__ import annotations

from engine.registry.records import Run
from engine.runs.request import Request
from scalearn_tui.text.options import Value, command_line


def repeating_command(run: Run) -> str:
    """``scalearn run ...`` for this run and its sources alone; the command that asked for it where no request was kept."""
    return command_line(repeating_values(run)) if run.request else run.command


def repeated_values(run: Run) -> dict[str, str]:
    """The same as the fields of a form have it; of a run without a request what its specification says."""
    values = repeating_values(run) if run.request else _specified(run)
    return {name: value if isinstance(value, str) else " ".join(value or ()) for name, value in values.items() if value}


def _specified(run: Run) -> dict[str, Value]:
    spec = run.parsed
    return {"method": [run.method], "target": list(spec.targets), "backbone": run.backbone, "seed": str(run.seed)}


def repeating_values(run: Run) -> dict[str, Value]:
    """The options of ``scalearn run`` that ask for this run, which has a request."""
    asked, spec = Request(**run.request), run.parsed
    # Settings are of the methods that were asked for, not of the source adapters that these needed.
    settings = asked.settings if run.method in asked.methods else {}
    return {
        "method": [run.method],
        "target": list(asked.targets) if spec.joint else [run.target],
        "benchmark": asked.benchmark or "",
        "sources": ",".join(asked.sources or ()) if spec.sources else "",
        "backbone": asked.backbone,
        "seed": str(run.seed),
        "set": [f"{name}={_text(spec.hyperparameters[name])}" for name in settings if name in spec.hyperparameters],
        "epochs": "" if asked.epochs is None else str(asked.epochs),
        "shots": [str(spec.shots)] if spec.shots else [],
        "limit": [f"{split}={count}" for split, count in asked.limits.items()],
        "data_dir": str(asked.data_dir or ""),
    }


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
