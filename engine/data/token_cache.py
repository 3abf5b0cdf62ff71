"""The token cache: the official splits of a task, tokenized once per tokenizer and read back through the page cache.

A folder of the cache is named by a hash of all that determines its content, appears by one rename and never changes. It holds
official rows in official order; train and dev are views by row number, so no rule of splitting is part of the cache.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from engine.catalog.task import TaskInfo
from engine.data.cache_entry import CARD, LAYOUT_VERSION, Hold, definition_of, hold_entry
from engine.data.tokenizer import BackboneTokenizer
from engine.errors import UserError
from engine.files.identity import data_identity


def cached_tokens(
    task: TaskInfo, tokenizer: BackboneTokenizer, cache: Path, data_dir: Path | None, identity: str
) -> tuple[Path, Hold]:
    """The folder with a folder for each official split, tokenized now unless it is in ``cache``, and what keeps it there.

    ``identity`` is what ``data_identity`` gave for the task's files; after reading them they are hashed again. Raises UserError
    for missing or wrong files, and for files that changed while they were read.
    """
    card = {"version": LAYOUT_VERSION, "tokenizer": tokenizer.digest, "rows": identity, "task": definition_of(task)}
    key = hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest()
    folder = cache / f"{task.benchmark}-{task.name}-{key[:20]}"

    def build(unfinished: Path) -> None:
        # With them come pyarrow and the tokenizers, which a worker does without once the entry exists.
        from engine.data.build_tokens import tokenize
        from engine.data.loading import load_rows

        tables = load_rows(task, data_dir)
        sizes = {split: tokenize(task, tokenizer, table, unfinished / split) for split, table in tables.items()}
        if data_identity(task, data_dir) != identity:
            raise UserError(f"the files of {task.key} changed while they were read; start again")
        about = {**card, "backbone": str(tokenizer.folder), "splits": sizes}
        (unfinished / CARD).write_text(json.dumps(about, indent=1))

    return folder, hold_entry(folder, build)
