"""Where one user's files lie on disk."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """The folder ``$SCALEARN_HOME``: the registry, run folders, caches and locks."""

    root: Path

    @classmethod
    def default(cls) -> Home:
        """``$SCALEARN_HOME``, else the platform's place for user data."""
        if configured := os.environ.get("SCALEARN_HOME"):
            return cls(Path(configured).expanduser().resolve())
        from platformdirs import user_data_path

        return cls(user_data_path("scalearn", appauthor=False))

    def make(self) -> None:
        """Make the folder unless it exists: its owner's alone, because logs, labels and requests may be confidential."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def umask(self) -> int:
        """For processes that fill it: what the folder's own mode denies to others, files in it deny too."""
        return 0o777 & ~self.root.stat().st_mode

    @property
    def database(self) -> Path:
        return self.root / "registry.sqlite"

    @property
    def config(self) -> Path:
        """What the user sets once for all runs."""
        return self.root / "config.toml"

    @property
    def benchmarks(self) -> Path:
        """The benchmarks that the user added."""
        return self.root / "benchmarks"

    @property
    def plugins(self) -> Path:
        """What installed packages add to the catalog, as it was found last."""
        return self.root / "plugins.json"

    @property
    def parameter_counts(self) -> Path:
        """Trainable parameters of planned runs, as they were counted."""
        return self.root / "parameter-counts.json"

    @property
    def datasets(self) -> Path:
        """The rows of datasets of the hub that the user's benchmarks read."""
        return self.root / "datasets"

    @property
    def tokens(self) -> Path:
        """The token cache, shared by all runs."""
        return self.root / "tokens"

    @property
    def embeddings(self) -> Path:
        """Mean sentence embeddings of tasks' training texts, shared by all runs."""
        return self.root / "embeddings"

    @property
    def slots(self) -> Path:
        """One lock file per device slot; the kernel frees it when the worker ends."""
        return self.root / "slots"

    @property
    def supervisor_lock(self) -> Path:
        return self.root / "supervisor.lock"

    @property
    def supervisor_stopped(self) -> Path:
        """There if a user ended the supervisor by a signal; removed when runs are asked for."""
        return self.root / "supervisor.stopped"

    @property
    def queue_paused(self) -> Path:
        """There while the user has paused the queue: nothing starts."""
        return self.root / "queue.paused"

    @property
    def remembered(self) -> Path:
        """What the dashboard remembers."""
        return self.root / "dashboard.json"

    @property
    def supervisor_log(self) -> Path:
        return self.root / "supervisor.log"

    @property
    def examples(self) -> Path:
        """The examples that evidence is about, one file a split."""
        return self.root / "evidence" / "rows"

    def evidence_rows(self, sha256: str) -> Path:
        """The examples of a split, shared by all runs that were evaluated on them."""
        return self.examples / f"{sha256}.safetensors"

    def evidence(self, run_id: str, task: str, split: str) -> Path:
        """What the selected epoch of a run answered on a split of a task (by key)."""
        return self.run(run_id) / "evidence" / f"{task}.{split}.safetensors"

    def source_weights(self, run_id: str) -> Path:
        """How much of each source adapter a completed run uses, as JSON."""
        return self.run(run_id) / "weights.json"

    def replicate(self, run_id: str, digest: str) -> Path:
        """The folder of what another outcome of a run answered; its files are named by the digests of their arrays."""
        return self.run(run_id) / "replicates" / digest

    @property
    def runs(self) -> Path:
        """A folder for each run."""
        return self.root / "runs"

    def run(self, run_id: str) -> Path:
        return self.runs / run_id

    def log(self, run_id: str) -> Path:
        """Standard output and error of all attempts of a run, one append-only file."""
        return self.run(run_id) / "log.txt"

    def exit_record(self, run_id: str, attempt: int) -> Path:
        """JSON that the shim around the worker writes by rename when the worker has ended: ``{"code": 0}``."""
        return self.run(run_id) / f"exit-{attempt}.json"

    def checkpoint(self, run_id: str, kind: str) -> Path:
        """``best`` or ``last``: one safetensors file whose header carries a JSON card, so that a rename replaces both."""
        return self.run(run_id) / f"{kind}.safetensors"
