"""The command that asks for one run again."""

from __future__ import annotations

from engine.registry.records import Run
from engine.runs.request import Request
from scalearn_tui.text.options import Value, command_line


def repeating_command(run: Run) -> str:
    """``scalearn run ...`` for this run and its sources alone; the command that asked for it where no request was kept."""
    if not run.request:
        return run.command
    asked, spec = Request(**run.request), run.parsed
    # Settings are of the methods that were asked for, not of the source adapters that these needed.
    settings = asked.settings if run.method in asked.methods else {}
    values: dict[str, Value] = {
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
    return command_line(values)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
