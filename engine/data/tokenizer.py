"""Text to token ids with a backbone's own tokenizer, each distinct text once.

A passage stands in front of all its questions and candidates (60 sequences per MultiRC paragraph), so texts are tokenized alone
and the pairs are put together here: the truncation and the special tokens are the tokenizer's own, as a test shows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from engine.data.ragged import offsets_of, places
from engine.errors import UserError

TEXTS_AT_ONCE = 4096
SEQUENCES_AT_ONCE = 65_536


class BackboneTokenizer:
    """The fast tokenizer in a backbone's folder, without the truncation and padding that some files carry."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def digest(self) -> str:
        """sha256 of what defines it, without loading it where that is one file."""
        file = self.folder / "tokenizer.json"
        definition = file.read_bytes() if file.is_file() else self.tokenizer.to_str().encode()
        return hashlib.sha256(definition).hexdigest()

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Raises UserError if the folder has none."""
        file = self.folder / "tokenizer.json"
        tokenizer = Tokenizer.from_file(str(file)) if file.is_file() else self._converted()
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def _converted(self) -> Tokenizer:
        from transformers import AutoTokenizer

        try:
            return AutoTokenizer.from_pretrained(self.folder, local_files_only=True).backend_tokenizer
        except (OSError, ValueError, AttributeError, ImportError) as error:
            first = str(error).strip().partition("\n")[0]
            raise UserError(f"{self.folder} has no tokenizer that can be read: {first}") from None

    def encode(
        self, sequences: list[tuple[str, str | None]], max_length: int, truncate: str, file: Path
    ) -> dict[str, np.ndarray]:
        """Token ids of all sequences, end to end, into the ``.npy`` file ``file`` (int32); no sequence exceeds ``max_length``.

        ``truncate`` is ``longest`` (the longer text first) or ``first`` (the first text only). Returns ``offsets`` (int64
        ``[sequences + 1]``) and ``second`` (int32 ``[sequences]``: where within its sequence the second text begins, or
        its length).
        """
        seconds = [text for _, text in sequences if text is not None]
        paired = bool(seconds)
        before, between, after = self._special_tokens(paired)
        numbers: dict[str, int] = {}
        first = np.array([numbers.setdefault(text, len(numbers)) for text, _ in sequences])
        second = np.array([numbers.setdefault(text, len(numbers)) for text in seconds]) if paired else None
        flat, starts = self._tokens_of(list(numbers))
        room = max_length - len(before) - len(between) - len(after)
        sizes = np.diff(starts)
        size_1 = sizes[first]
        size_2 = np.zeros_like(size_1) if second is None else sizes[second]
        size_1, size_2 = _truncated(size_1, size_2, room, truncate)
        offsets = offsets_of(len(before) + size_1 + len(between) + size_2 + len(after))
        tokens = np.lib.format.open_memmap(file, mode="w+", dtype=np.int32, shape=(int(offsets[-1]),))
        for part in _parts(len(sequences)):
            begin = offsets[part]
            end = offsets[1:][part]
            text_2 = begin + len(before) + size_1[part] + len(between)
            tokens[places(begin + len(before), size_1[part])] = flat[places(starts[first[part]], size_1[part])]
            if second is not None:
                tokens[places(text_2, size_2[part])] = flat[places(starts[second[part]], size_2[part])]
            for place, special in ((begin, before), (text_2 - len(between), between), (end - len(after), after)):
                for step, token in enumerate(special):
                    tokens[place + step] = token
        tokens.flush()
        begins = len(before) + size_1 + len(between) if paired else np.diff(offsets)
        return {"offsets": offsets, "second": begins.astype(np.int32)}

    def _special_tokens(self, paired: bool) -> tuple[list[int], list[int], list[int]]:
        """Ids before the first text, between the texts and after the last, as the post-processor sets them.

        Raises UserError if it sets none before the first text.
        """
        probe = self.tokenizer.encode("a", "b" if paired else None)
        places_1 = [place for place, number in enumerate(probe.sequence_ids) if number == 0]
        places_2 = [place for place, number in enumerate(probe.sequence_ids) if number == 1]
        if places_1[0] == 0:
            raise UserError(f"the tokenizer in {self.folder} puts no special token first, which is the one that heads read")
        last = (places_2 or places_1)[-1]
        between = probe.ids[places_1[-1] + 1 : places_2[0]] if paired else []
        return probe.ids[: places_1[0]], between, probe.ids[last + 1 :]

    def _tokens_of(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Ids of the texts without special tokens, end to end (int32), and where each begins (int64, the total at the end)."""
        pieces: list[np.ndarray] = []
        sizes: list[int] = []
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            ids = [
                one.ids
                for one in self.tokenizer.encode_batch_fast(texts[start : start + TEXTS_AT_ONCE], add_special_tokens=False)
            ]
            sizes += map(len, ids)
            pieces.append(np.fromiter((token for one in ids for token in one), dtype=np.int32, count=sum(map(len, ids))))
        return np.concatenate(pieces), offsets_of(np.array(sizes, dtype=np.int64))


def _truncated(size_1: np.ndarray, size_2: np.ndarray, room: int, truncate: str) -> tuple[np.ndarray, np.ndarray]:
    """Sizes that remain of two texts when both must fit into ``room`` tokens, as the ``tokenizers`` library cuts them."""
    if truncate == "first":
        size_2 = np.minimum(size_2, room)
        return np.minimum(size_1, room - size_2), size_2
    shorter, longer = np.minimum(size_1, size_2), np.maximum(size_1, size_2)
    longer = np.minimum(longer, np.maximum(shorter, room - shorter))
    too_long = shorter + longer > room
    shorter = np.where(too_long, room // 2, shorter)
    longer = np.where(too_long, room - room // 2, longer)
    swapped = size_1 > size_2
    return np.where(swapped, longer, shorter), np.where(swapped, shorter, longer)


def _parts(count: int) -> Iterator[slice]:
    for start in range(0, count, SEQUENCES_AT_ONCE):
        yield slice(start, min(start + SEQUENCES_AT_ONCE, count))
