"""Training lines in batches of like width capped by pixels; the same seed gives the same batches."""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import lightning
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from tenarai.errors import SettingsError
from tenarai.image.standard import Standard
from tenarai.text.alphabet import Alphabet
from tenarai.train.maker import LineMaker, TrainingLine
from tenarai.train.recipe import Recipe

VALIDATION_SEED = 1_000_003
LIKE = 1.15  # lines in a batch differ in width by no more than this factor


@dataclass(frozen=True, slots=True)
class Batch:
    """`pictures (batch, 1, height, width) float32`; the labels of all lines in one row and how many each line has;
    the `widths` in pixels that each line fills, padding counted."""

    pictures: Tensor
    labels: Tensor
    lengths: Tensor
    widths: Tensor

    def __len__(self) -> int:
        return len(self.pictures)


def collate(lines: list[TrainingLine], alphabet: Alphabet, standard: Standard) -> Batch:
    """Lines padded with paper to the widest."""
    widths = [standard.padded_width(line.picture.shape[1]) for line in lines]
    pictures = np.stack([standard.line(line.picture, max(widths)) for line in lines])
    labels = [alphabet.encode(line.text) for line in lines]
    return Batch(
        torch.from_numpy(pictures),
        torch.tensor([label for row in labels for label in row], dtype=torch.long),
        torch.tensor([len(row) for row in labels], dtype=torch.long),
        torch.tensor(widths, dtype=torch.long),
    )


def bucketed(lines: Iterable[TrainingLine], standard: Standard, pixels: int) -> Iterator[list[TrainingLine]]:
    """Batches of lines of like width, none above so many pixels with its padding. A batch comes when it is full: a
    stream of lines is drawn little by little, so that the processes of a run never wait long for each other. What is
    left at the end of the lines comes last."""
    buckets: dict[int, list[TrainingLine]] = {}
    for line in lines:
        width = standard.padded_width(line.picture.shape[1])
        bucket = int(math.log(width) / math.log(LIKE))
        waiting = buckets.setdefault(bucket, [])
        widest = max(width, *(standard.padded_width(other.picture.shape[1]) for other in waiting), 0)
        if waiting and widest * standard.height * (len(waiting) + 1) > pixels:
            yield waiting
            waiting = buckets[bucket] = []
        waiting.append(line)
    yield from (waiting for waiting in buckets.values() if waiting)


class LineBatches(IterableDataset[Batch]):
    """Exactly `steps` batches of one epoch for one device: every draw follows from (seed, epoch, rank, worker)."""

    def __init__(
        self, maker: LineMaker, standard: Standard, *, seed: int, epoch: int, rank: int, steps: int, pixels: int
    ) -> None:
        self.maker, self.standard = maker, standard
        self.key = (seed, epoch, rank)
        self.steps, self.pixels = steps, pixels

    def __iter__(self) -> Iterator[Batch]:
        worker = torch.utils.data.get_worker_info()
        index, count = (worker.id, worker.num_workers) if worker else (0, 1)
        rng = np.random.default_rng((*self.key, index))
        steps = self.steps // count + (index < self.steps % count)
        drawn = (self.maker.draw(rng) for _ in itertools.count())
        for batch in itertools.islice(bucketed(drawn, self.standard, self.pixels), steps):
            yield collate(batch, self.maker.alphabet, self.standard)


class Lines(lightning.LightningDataModule):
    """Fresh training lines every epoch, and the same validation lines always."""

    def __init__(self, recipe: Recipe, alphabet: Alphabet, standard: Standard, corpora: Path) -> None:
        super().__init__()
        self.recipe, self.alphabet, self.standard, self.corpora = recipe, alphabet, standard, corpora
        self.maker = LineMaker(recipe.data, alphabet, standard.height, corpora)
        self.validation: list[list[Batch]] = []

    def train_dataloader(self) -> DataLoader[Batch]:
        run, trainer = self.recipe.run, self.trainer
        if trainer is None:
            raise SettingsError("Training lines are drawn for a trainer: use them through train.run.fit.")
        lines = LineBatches(
            self.maker,
            self.standard,
            seed=run.seed,
            epoch=trainer.current_epoch,
            rank=trainer.global_rank,
            steps=run.steps_an_epoch,
            pixels=run.pixels,
        )
        return DataLoader(lines, batch_size=None, num_workers=run.workers)

    def val_dataloader(self) -> list[DataLoader[Batch]]:
        """One loader of composed lines and, where there are held-out writers, one of real lines."""
        if not self.validation:
            self.validation = [self._batched(lines) for lines in self._validation_lines()]
        return [DataLoader(batches, batch_size=None) for batches in self.validation]  # type: ignore[arg-type]

    def _batched(self, lines: list[TrainingLine]) -> list[Batch]:
        batches = bucketed(lines, self.standard, self.recipe.run.pixels)
        return [collate(batch, self.alphabet, self.standard) for batch in batches]

    def _validation_lines(self) -> list[list[TrainingLine]]:
        """Composed lines of held-out fonts (of any where none is held out), and real lines of held-out writers."""
        data, count = self.recipe.data, self.recipe.run.validation_lines
        latin = float(data.latin == 1)  # Latin is validated on real lines, unless there is nothing else
        font = 1.0 if data.validation_fonts else data.font
        changes = {"latin": latin, "real": 0.0, "real_japanese": 0.0, "font": font}
        composed = data.model_copy(update=changes)
        maker = LineMaker(composed, self.alphabet, self.standard.height, self.corpora, validation=True)
        rng = np.random.default_rng(VALIDATION_SEED)
        sets = [[maker.draw(rng) for _ in range(count)]]
        if maker.real:
            chosen = np.linspace(0, len(maker.real) - 1, min(count, len(maker.real))).astype(int)
            sets.append([maker.plain_line(maker.real[i]) for i in chosen])
        return sets
