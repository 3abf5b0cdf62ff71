"""Text to token ids with a backbone's own tokenizer, each distinct text once.

A passage stands in front of all its questions and candidates (60 sequences per MultiRC paragraph), so texts are tokenized alone
and the pairs are put together here: the truncation and the special tokens are the tokenizer's own, as a test shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from importlib.metadata import version
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.data.ragged import GrowableArray, flat_indices, offsets_of
from engine.errors import UserError
from engine.files.backbones import TOKENIZER_FILES, VOCABULARIES
from engine.files.disk import file_digest

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TEXTS_AT_ONCE = 4096
SEQUENCES_AT_ONCE = 16_384
MOST_CHARACTERS = 64_000_000
"""Of the texts whose tokens are kept in memory: enough for all of MNLI, a few hundred MB."""


class BackboneTokenizer:
    """The fast tokenizer in a backbone's folder, without the truncation and padding that some files carry."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def digest(self) -> str:
        """sha256 of the files that define it, without loading it. Raises UserError if the folder has none."""
        file = self.folder / "tokenizer.json"
        if file.is_file():
            return file_digest(file)
        parts = [self.folder / name for name in TOKENIZER_FILES if (self.folder / name).is_file()]
        if not any(part.name in VOCABULARIES for part in parts):
            raise UserError(f"{self.folder} has no tokenizer; put its tokenizer.json there")
        # A library converts several files, and its conversion may change with its version.
        definition = [version("transformers"), *((part.name, file_digest(part)) for part in parts)]
        return hashlib.sha256(json.dumps(definition).encode()).hexdigest()

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Raises UserError if the folder has none."""
        from tokenizers import Tokenizer

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

    @cached_property
    def _texts(self) -> TokenizedTexts:
        return TokenizedTexts(self.tokenizer)

    def forget(self) -> None:
        """Free the memory of the texts seen so far, which will not recur."""
        self.__dict__.pop("_texts", None)

    def encode(self, sequences: list[tuple[str, str | None]], max_length: int, truncate: str) -> dict[str, np.ndarray]:
        """Token ids of all sequences, none longer than ``max_length``; texts that recur, also in later calls, are encoded once.

        ``truncate`` is ``longest`` (the longer text first) or ``first`` (the first text only). Returns ``tokens`` (int32
        ``[total]``, the sequences end to end), ``lengths`` (int64 ``[sequences]``) and ``second`` (int32 ``[sequences]``: where
        within its sequence the second text begins, or its length).
        """
        seconds = [text for _, text in sequences if text is not None]
        paired = bool(seconds)
        before, between, after = self._special_tokens(paired)
        first, second = self._texts.numbers([text for text, _ in sequences], seconds)
        flat, starts = self._texts.tokens, self._texts.starts
        room = max_length - len(before) - len(between) - len(after)
        sizes = np.diff(starts)
        size_1 = sizes[first]
        size_2 = sizes[second] if paired else np.zeros_like(size_1)
        size_1, size_2 = _truncated(size_1, size_2, room, truncate)
        lengths = len(before) + size_1 + len(between) + size_2 + len(after)
        offsets = offsets_of(lengths)
        tokens = np.empty(int(offsets[-1]), dtype=np.int32)
        for part in _parts(len(sequences)):
            begin = offsets[part]
            end = offsets[1:][part]
            text_2 = begin + len(before) + size_1[part] + len(between)
            tokens[flat_indices(begin + len(before), size_1[part])] = flat[flat_indices(starts[first[part]], size_1[part])]
            if paired:
                tokens[flat_indices(text_2, size_2[part])] = flat[flat_indices(starts[second[part]], size_2[part])]
            for start, special in ((begin, before), (text_2 - len(between), between), (end - len(after), after)):
                for offset, token in enumerate(special):
                    tokens[start + offset] = token
        begins = len(before) + size_1 + len(between) if paired else lengths
        return {"tokens": tokens, "lengths": lengths, "second": begins.astype(np.int32)}

    def _special_tokens(self, paired: bool) -> tuple[list[int], list[int], list[int]]:
        """Ids before the first text, between the texts and after the last, as the post-processor sets them.

        Raises UserError if it sets none before the first text.
        """
        probe = self.tokenizer.encode("a", "b" if paired else None)
        text_1 = [index for index, sequence in enumerate(probe.sequence_ids) if sequence == 0]
        text_2 = [index for index, sequence in enumerate(probe.sequence_ids) if sequence == 1]
        if text_1[0] == 0:
            raise UserError(f"the tokenizer in {self.folder} puts no special token first, which is the one that heads read")
        last = (text_2 or text_1)[-1]
        between = probe.ids[text_1[-1] + 1 : text_2[0]] if paired else []
        return probe.ids[: text_1[0]], between, probe.ids[last + 1 :]


class TokenizedTexts:
    """Distinct texts, numbered in the order of their appearance, and their token ids without special tokens."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._forget()

    def _forget(self) -> None:
        self._numbers: dict[str, int] = {}
        self._characters = 0
        self._tokens = GrowableArray(np.int32)
        self._starts = GrowableArray(np.int64)
        self._starts.append(np.zeros(1, dtype=np.int64))

    @property
    def tokens(self) -> np.ndarray:
        """int32 ``[total]``: the texts end to end."""
        return self._tokens.array

    @property
    def starts(self) -> np.ndarray:
        """int64 ``[texts + 1]``: where each text begins, and at the end the total."""
        return self._starts.array

    def numbers(self, *columns: list[str]) -> list[np.ndarray]:
        """The numbers of the texts of each column, int64 ``[len(column)]``; those not seen before are tokenized.

        Numbers and tokens of earlier calls are no longer valid.
        """
        if self._characters > MOST_CHARACTERS:
            self._forget()
        known, seen = self._numbers, len(self._numbers)
        numbers = [np.array([known.setdefault(text, len(known)) for text in column], dtype=np.int64) for column in columns]
        self._tokenize(list(islice(known, seen, None)))
        return numbers

    def _tokenize(self, texts: list[str]) -> None:
        self._characters += sum(map(len, texts))
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            encoded = self._tokenizer.encode_batch_fast(texts[start : start + TEXTS_AT_ONCE], add_special_tokens=False)
            texts_ids = [encoding.ids for encoding in encoded]
            sizes = np.array([len(ids) for ids in texts_ids], dtype=np.int64)
            self._starts.append(len(self._tokens) + np.cumsum(sizes))
            self._tokens.append(np.fromiter(chain.from_iterable(texts_ids), dtype=np.int32, count=int(sizes.sum())))


def check_vocabulary(tokens: np.ndarray, vocab_size: int, folder: Path) -> None:
    """Raises UserError when ``tokens`` of the tokenizer in ``folder`` have ids for which the backbone has no embedding."""
    largest = int(tokens.max())
    if largest >= vocab_size:
        raise UserError(
            f"the tokenizer in {folder} gives the id {largest}, but the weights have {vocab_size} embeddings; "
            "take files that belong together"
        )


def _truncated(size_1: np.ndarray, size_2: np.ndarray, room: int, truncate: str) -> tuple[np.ndarray, np.ndarray]:
    """Sizes of two texts after cutting both to ``room`` tokens, as the ``tokenizers`` library truncates them.

    ``size_1`` and ``size_2`` are int64 ``[sequences]``, as are the results.
    """
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
