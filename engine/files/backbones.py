"""Backbones: from a name of the catalog, a folder or a hub id to the folder of their files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from engine.catalog.architectures import ARCHITECTURES
from engine.catalog.backbones import BACKBONES, BackboneInfo
from engine.errors import UserError, did_you_mean
from engine.files.bounded import read_json
from engine.files.hub import NotDownloaded, Progress, cached, fetch

CONFIG, WEIGHTS = "config.json", "model.safetensors"
VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "sentencepiece.bpe.model")
"""Any of them is enough for a tokenizer."""
TOKENIZER_FILES = (*VOCABULARIES, "merges.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
BACKBONE_FILES = (CONFIG, WEIGHTS, *TOKENIZER_FILES)
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")


@dataclass(frozen=True)
class Snapshot:
    """A repository of the hub at a revision: the pinned commit, or the branch, tag or commit that the user gave."""

    repo: str
    revision: str


@dataclass(frozen=True)
class Backbone:
    """A backbone that the user named; its files are those of ``info.package``, of ``local`` or of ``hub``."""

    asked: str
    """As the user wrote it, for messages."""
    info: BackboneInfo | None = None
    """Its entry in the catalog."""
    local: Path | None = None
    hub: Snapshot | None = None

    @property
    def name(self) -> str:
        """Its name in run specifications: that of the catalog, the path of its folder, or the id of its repository."""
        if self.info:
            return self.info.name
        return self.hub.repo if self.hub else str(self.local)

    def path_at(self, revision: str) -> str | None:
        """A name for ``find_backbone`` that gives the same files: folder or ``org/name@commit``; None if in the catalog."""
        if self.info:
            return None
        return f"{self.hub.repo}@{revision}" if self.hub else str(self.local)

    def folder(self, download: bool = False, progress: Progress | None = None) -> Path:
        """The folder with ``config.json``, ``model.safetensors`` and the tokenizer.

        Args:
            download: fetch what is missing from the hub; files that are on this machine need no network.
            progress: called as bytes arrive.

        Raises:
            NotDownloaded: it would have to be downloaded (and ``download`` is false or the hub cannot be reached).
            UserError: files are missing, or the encoder does not understand them.
        """
        if self.hub:
            return self._hub_folder(self.hub, download, progress)
        if self.local:
            return self._checked(self.local)
        return self._package_folder()

    def fetch_config(self) -> None:
        """Fetch the configuration alone, which shows whether the weights are accessible; does nothing without the hub.

        Raises as ``fetch`` does, and UserError for an architecture that the encoder does not understand.
        """
        if self.hub:
            self._config_folder(self.hub)

    def _package_folder(self) -> Path:
        assert self.info is not None
        spec = find_spec(self.info.package or "")
        if spec is None or not spec.submodule_search_locations:
            raise UserError(f"{self.info.name} needs its files: pip install 'scalearn-tui[offline]'")
        return Path(spec.submodule_search_locations[0]) / (self.info.folder or "")

    def _hub_folder(self, hub: Snapshot, download: bool, progress: Progress | None) -> Path:
        files = {file: cached(hub.repo, file, hub.revision) for file in (CONFIG, WEIGHTS, *VOCABULARIES)}
        config, weights = files[CONFIG], files[WEIGHTS]
        if config and weights and any(files[file] for file in VOCABULARIES):
            return self._checked(config.parent)
        if not download:
            raise NotDownloaded(f"the backbone {self.asked} is not on this machine")
        snapshot = self._config_folder(hub)
        # The weights come last: where they exist, no download was interrupted.
        return self._checked(fetch(hub.repo, (CONFIG, *TOKENIZER_FILES, WEIGHTS), snapshot.name, progress=progress))

    def _config_folder(self, hub: Snapshot) -> Path:
        """The snapshot with the configuration, which is enough to check the architecture before the weights are downloaded."""
        folder = fetch(hub.repo, [CONFIG], hub.revision)
        self._check_architecture(folder)
        return folder

    def _checked(self, folder: Path) -> Path:
        self._check_architecture(folder)
        if not (folder / WEIGHTS).is_file():
            if (folder / "pytorch_model.bin").exists():
                raise UserError(
                    f"{self.asked} has its weights in pytorch_model.bin, a pickle, which can run code; "
                    f"save them as {WEIGHTS} first"
                )
            raise UserError(f"{self.asked} has no {WEIGHTS}; save the weights in that format first")
        if not any((folder / file).is_file() for file in VOCABULARIES):
            raise UserError(f"{self.asked} has no tokenizer; put its tokenizer.json beside {WEIGHTS}")
        return folder

    def _check_architecture(self, folder: Path) -> None:
        try:
            architecture = read_json(folder / CONFIG).get("model_type")
        except FileNotFoundError:
            raise UserError(f"{self.asked} has no {CONFIG}; a backbone is a folder in the format of the hub") from None
        except (ValueError, AttributeError):
            raise UserError(f"the {CONFIG} of {self.asked} is not a JSON object") from None
        if not isinstance(architecture, str) or architecture not in ARCHITECTURES:
            raise UserError(f"{self.asked} is a {architecture}; only {', '.join(ARCHITECTURES)} can be used")


def find_backbone(name: str) -> Backbone:
    """The backbone of this name: in the catalog (in any case), else a local folder, else a hub id.

    Hub ids are ``org/name`` or ``org/name@revision``. Whether their files are on this machine is not checked.

    Raises UserError for a name that is none of these.
    """
    info = BACKBONES.get(name.lower())
    if info:
        return Backbone(name, info, hub=Snapshot(info.hub_id, info.revision) if info.hub_id and info.revision else None)
    local = Path(name).expanduser()
    if local.is_dir():
        return Backbone(name, local=local.resolve())
    if HUB_ID.fullmatch(name):
        repo, _, revision = name.partition("@")
        return Backbone(name, hub=Snapshot(repo, revision or "main"))
    close = did_you_mean(name, BACKBONES)
    raise UserError(f"no backbone {name!r}{close}; give a folder, a hub id such as org/name, or {', '.join(BACKBONES)}")


def backbone_files(folder: Path) -> list[Path]:
    """The files in ``folder`` that belong to the backbone: configuration, weights, tokenizer."""
    return [folder / name for name in BACKBONE_FILES if (folder / name).is_file()]
