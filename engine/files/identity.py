"""Identity of files' contents, independent of names and paths: a hub commit, or a digest."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine.catalog.benchmarks import GENERATOR_VERSION
from engine.catalog.task import HubData, OwnData, TaskInfo
from engine.files.backbones import CONFIG, Backbone, backbone_files
from engine.files.disk import files_digest
from engine.files.hub import NotDownloaded, cached, fetch
from engine.files.saved_dataset import saved_digest
from engine.files.task_files import task_files


def backbone_revision(backbone: Backbone, download: bool = False) -> str:
    """Identity of weights and tokenizer: the hub's commit, or ``sha256:<digest>`` of the files for those without one.

    For a hub id, ``download`` fetches the configuration alone. Raises what ``Backbone.folder`` raises.
    """
    if backbone.info and backbone.info.revision:
        return backbone.info.revision
    if hub := backbone.hub:
        config = cached(hub.repo, CONFIG, hub.revision)
        if not config and not download:
            raise NotDownloaded(f"the backbone {backbone.asked} is not on this machine")
        return config.parent.name if config else fetch(hub.repo, [CONFIG], hub.revision).name
    folder = backbone.folder()
    if backbone.info and backbone.info.sha256:
        return f"sha256:{backbone.info.sha256}"
    return f"sha256:{files_digest(backbone_files(folder))}"


def data_identity(task: TaskInfo, data_dir: Path | None) -> str:
    """Identity of the rows: generator version, hub commit, or ``sha256:<digest>`` of the user's files or saved dataset.

    Raises UserError when one of those is missing.
    """
    if task.data is None:
        return GENERATOR_VERSION
    if isinstance(task.data, HubData) and data_dir is None:
        return task.data.revision
    if isinstance(task.data, OwnData) and (dataset := task.data.dataset):
        if dataset.on_hub:
            return dataset.revision
        digests = [saved_digest(folder) for folder in task_files(task, None).values()]
        return f"sha256:{hashlib.sha256(''.join(digests).encode()).hexdigest()}"
    return f"sha256:{files_digest(task_files(task, data_dir).values())}"
