"""Texts that a language network learns from: pieces cut from anywhere, and whole lines that are held out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from tenarai.errors import DataError, SettingsError
from tenarai.text.alphabet import Alphabet, default_alphabet
from tenarai.text.corpus import as_read, read_text
from tenarai.train.recipe import LanguageRecipe

LINE_END, UNKNOWN = 0, 1  # labels
UNKNOWN_CHARACTER = "\ufffd"
NOTHING = -1  # the label of what lies behind the end of a line in a batch
LONGEST = 200  # characters of a line that is validated on


@dataclass(frozen=True, slots=True)
class Pieces:
    """`inputs (length, batch) int64` and the labels that follow them, `targets (length, batch)`, NOTHING where a piece
    has ended. The first input is LINE_END where a line begins there, UNKNOWN where a piece is cut from anywhere."""

    inputs: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return self.inputs.shape[1]


def alphabet_of(lines: Sequence[str], least: int) -> Alphabet:
    """The characters of these lines, the commonest first, behind line end and unknown character; those that occur less
    than `least` times count as unknown. Raises DataError where too few are left."""
    counts = Counter(chain.from_iterable(lines))
    kept = sorted((c for c, count in counts.items() if count >= least), key=lambda c: (-counts[c], c))
    if not kept:
        raise DataError(f"No character of the texts occurs {least} times: a language is learnt from more text.")
    return Alphabet(("", UNKNOWN_CHARACTER, *(c for c in kept if c != UNKNOWN_CHARACTER)))


def stream_of(lines: Sequence[str], alphabet: Alphabet) -> NDArray[np.int64]:
    """Lines as one row of labels, LINE_END behind each: `(characters + lines,)`."""
    labels = {"\n": LINE_END} | {c: label for c, label in alphabet.labels.items() if c}
    return np.array([labels.get(c, UNKNOWN) for line in lines for c in (*line, "\n")], np.int64)


class PieceBatches(IterableDataset[Pieces]):
    """Exactly `steps` batches of one epoch for one device: every draw follows from (seed, epoch, rank, worker). Half
    of the pieces begin where their line begins."""

    def __init__(self, stream: NDArray[np.int64], key: tuple[int, int, int], steps: int, pieces: int, length: int):
        self.stream = np.resize(stream, max(len(stream), length + 1))  # a text too short for a piece is repeated
        self.starts = np.concatenate([[0], np.flatnonzero(self.stream == LINE_END)[:-1] + 1])
        self.key, self.steps, self.pieces, self.length = key, steps, pieces, length

    def __iter__(self) -> Iterator[Pieces]:
        worker = torch.utils.data.get_worker_info()
        index, count = (worker.id, worker.num_workers) if worker else (0, 1)
        rng = np.random.default_rng((*self.key, index))
        for _ in range(self.steps // count + (index < self.steps % count)):
            yield self._drawn(rng)

    def _drawn(self, rng: np.random.Generator) -> Pieces:
        at = rng.integers(len(self.stream) - self.length + 1, size=self.pieces)
        begins = rng.random(self.pieces) < 0.5
        lines = self.starts[np.searchsorted(self.starts, at, "right") - 1]
        targets = self.stream[np.where(begins, lines, at) + np.arange(self.length)[:, None]]
        first = np.where(begins, LINE_END, UNKNOWN)[None]
        return Pieces(torch.from_numpy(np.concatenate([first, targets[:-1]])), torch.from_numpy(targets))


class Texts(lightning.LightningDataModule):
    """The texts of a recipe: fresh pieces every epoch, the same held-out lines always."""

    def __init__(self, recipe: LanguageRecipe, corpora: Path) -> None:
        super().__init__()
        data = recipe.data
        known = frozenset(default_alphabet().characters)
        if not data.texts:
            raise SettingsError("A language is learnt from texts: name them in data.texts of the recipe.")
        texts, held = (
            {path: [as_read(line, known) for line in read_text(corpora / path)] for path in paths}
            for paths in (data.texts, data.validation)
        )
        if not held:
            held = {path: lines[:: data.held_out] for path, lines in texts.items() if len(lines) > data.held_out}
            texts |= {path: [x for i, x in enumerate(texts[path]) if i % data.held_out] for path in held}
        lines = [line for path in data.texts for line in texts[path]]
        if not any(map(str.strip, lines)):
            raise DataError(f"{', '.join(data.texts)}: there is no text to learn a language from.")
        self.recipe = recipe
        self.alphabet = alphabet_of(lines, data.least)
        self.stream = stream_of(lines, self.alphabet)
        self.held = {Path(path).name.partition(".")[0]: rows for path, rows in held.items() if rows}

    @property
    def groups(self) -> tuple[str, ...]:
        """The texts that lines are held out of, in the order of their loaders."""
        return tuple(self.held)

    def train_dataloader(self) -> DataLoader[Pieces]:
        run, data, trainer = self.recipe.run, self.recipe.data, self.trainer
        if trainer is None:
            raise SettingsError("Pieces are drawn for a trainer: use them through train.run.fit.")
        key = (run.seed, trainer.current_epoch, trainer.global_rank)
        batches = PieceBatches(self.stream, key, run.steps_an_epoch, data.pieces, data.length)
        return DataLoader(batches, batch_size=None, num_workers=run.workers)

    def val_dataloader(self) -> list[DataLoader[Pieces]]:
        return [DataLoader(self._validation(rows), batch_size=None) for rows in self.held.values()]  # type: ignore[arg-type]

    def _validation(self, rows: Sequence[str]) -> list[Pieces]:
        """Held-out lines spread over a text, those of like length together."""
        count = min(self.recipe.run.validation_lines, len(rows))
        chosen = sorted((rows[i][:LONGEST] for i in np.linspace(0, len(rows) - 1, count).astype(int)), key=len)
        size = self.recipe.data.pieces
        return [_whole(chosen[i : i + size], self.alphabet) for i in range(0, count, size)]


def _whole(lines: Sequence[str], alphabet: Alphabet) -> Pieces:
    """Whole lines with their ends, padded to the longest."""
    targets = np.full((max(map(len, lines)) + 1, len(lines)), NOTHING)
    for column, line in enumerate(lines):
        targets[: len(line) + 1, column] = stream_of([line], alphabet)
    inputs = np.concatenate([np.full((1, len(lines)), LINE_END), np.maximum(targets[:-1], LINE_END)])
    return Pieces(torch.from_numpy(inputs), torch.from_numpy(targets))
