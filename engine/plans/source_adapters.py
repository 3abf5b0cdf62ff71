"""Source adapters that a request names by their run: trained here or imported, used as they are."""

from __future__ import annotations

from collections.abc import Sequence

from engine.catalog.catalog import Catalog
from engine.catalog.method import MethodInfo
from engine.catalog.task import TaskInfo
from engine.errors import UserError
from engine.registry.records import Run, RunState
from engine.runs.request import Request

LIST = "`scalearn adapters ls` lists adapters"


def check_source(run: Run, target: TaskInfo, method: MethodInfo, request: Request) -> None:
    """Raises UserError unless ``method`` can combine the run's adapter to learn ``target``."""
    if run.method != method.source_method:
        raise UserError(
            f"the source {run.id} is a {run.method} run; {method.name} combines {method.source_method} runs: {LIST}"
        )
    if run.state != RunState.COMPLETED:
        raise UserError(f"the source {run.id} ({run.target}) is {run.state}, not completed; name its task to have it trained")
    drawn, requested = ((run.parsed.shots,), (run.seed,)), (request.shots, request.seeds)
    if request.shots and run.target == target.key and drawn != requested:
        counts = " and ".join(map(str, request.shots))
        raise UserError(
            f"the source {run.id} was trained on other examples of {target.key} than the {counts} of each "
            "requested seed; name the task instead"
        )


def check_backbone(runs: Sequence[Run], backbone: str, revision: str) -> None:
    """Raises UserError unless the adapters were trained on this backbone."""
    for run in runs:
        if run.parsed.backbone_revision != revision:
            trained_on = f"{run.backbone} at {run.parsed.backbone_revision[:19]}"
            raise UserError(
                f"the source {run.id} ({run.target}) was trained on {trained_on}, not on {backbone} at {revision[:19]}"
            )


def check_widths(source_method: MethodInfo, sources: Sequence[TaskInfo | Run]) -> None:
    """Raises UserError unless adapters named by their run are as wide as those that are going to be trained."""
    default = source_method.own["reduction"].default
    reductions = {
        source.id if isinstance(source, Run) else source.key: (
            source.parsed.hyperparameters["reduction"] if isinstance(source, Run) else default
        )
        for source in sources
    }
    if len(set(reductions.values())) > 1:
        listed = ", ".join(f"{name} {value}" for name, value in reductions.items())
        raise UserError(f"all sources must have the same reduction, these have: {listed}; name others with --sources")


def compared_task(run: Run, catalog: Catalog) -> TaskInfo:
    """The run's task, whose texts are compared with the target's. Raises UserError where the catalog lacks it."""
    task = run.parsed.known_task(run.target, catalog)
    if task is None:
        raise UserError(
            f"adaptersoup compares the texts of its sources with the target's, and those of {run.target} are not on this "
            "machine; choose another method for this adapter"
        )
    return task
