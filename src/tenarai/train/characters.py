"""Single characters for training: composed from strokes and fonts, or from a corpus, distorted anew each time."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import lightning
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from tenarai.dataset.sample import Sample
from tenarai.dataset.source import read_samples
from tenarai.errors import DataError, SettingsError
from tenarai.image.augment import distorted, erased
from tenarai.image.character import framed
from tenarai.image.clean import Gray, clean
from tenarai.image.standard import Standard
from tenarai.synth.fonts import HandFont, find_fonts
from tenarai.synth.hand import Hand, Rng
from tenarai.synth.line import Composed, compose_font, compose_strokes
from tenarai.synth.nothing import part_of, scribbled, smear
from tenarai.synth.paper import Paper
from tenarai.synth.strokes import KanjiVG, StrokeFile, Strokes, StrokeSource
from tenarai.text.alphabet import BLANK, HIRAGANA, KATAKANA, Alphabet, default_alphabet
from tenarai.text.script import characters_of, is_kanji
from tenarai.train.maker import held_out_writers
from tenarai.train.recipe import CharacterCorpus, CharacterRecipe, CharacterSettings, StrokeCorpus

VALIDATION_SEED = 1_000_003
TRIES = 1000
OWN_PEN = 0.45  # part of the characters drawn from a real writer's strokes, where there are some


@dataclass(frozen=True, slots=True)
class Batch:
    """`pictures (batch, 1, side, side) float32` and their `labels (batch,) int64`."""

    pictures: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.pictures)


@dataclass(frozen=True, slots=True)
class Example:
    """One character in its square `(side, side) uint8`, 255 = paper, and its label."""

    picture: Gray
    label: int


@dataclass(frozen=True, slots=True)
class Drawing(StrokeSource):
    """One drawing of one character, as a source of strokes."""

    pen: Strokes

    def strokes(self, character: str) -> Strokes | None:
        return self.pen


@dataclass(frozen=True, slots=True)
class Corpus:
    """The characters of one corpus, framed, with their labels."""

    examples: list[Example]
    weight: float


@dataclass(frozen=True, slots=True)
class Materials:
    """What characters are made from, read once for training and validation; samples alone where none is composed."""

    samples: list[tuple[CharacterCorpus, list[Sample]]]
    pens: list[tuple[StrokeCorpus, StrokeFile]]
    vector: KanjiVG | None


class CharacterMaker:
    """Draws single characters; `validation` gives held-out fonts, drawers and samples instead.

    `materials` are read from the corpora unless given.
    """

    def __init__(
        self,
        data: CharacterSettings,
        side: int,
        corpora: Path,
        validation: bool = False,
        materials: Materials | None = None,
    ) -> None:
        self.data, self.side, self.validation = data, side, validation
        materials = materials or read_materials(data, corpora)
        named = materials.samples
        self.alphabet = alphabet_of(data, [sample for _, samples in named for sample in samples])
        self.corpora = [self._corpus(corpus, samples) for corpus, samples in named]
        self.corpora = [corpus for corpus in self.corpora if corpus.examples]
        if not self.corpora and data.composed < 1 and not validation:
            raise DataError("No corpus gives a sample of these characters: set data.composed = 1, or name others.")
        self.paper = Paper(7, data.wear, alone=True)
        self.vector = materials.vector
        self.drawn = self._drawings(materials.pens)
        self.japanese = self._fonts(corpora, data.japanese_fonts)
        self.latin = self._fonts(corpora, data.latin_fonts)
        # Kana are drawn as often as kanji are: there are twenty kanji to one of them.
        kana = HIRAGANA + KATAKANA + "ー"
        self.weights = np.array(
            [6.0 if c in kana else 1.5 if c < "\u0250" else 1.0 for c in self.alphabet.characters[1:]]
        )
        self.chances = self.weights / self.weights.sum()

    @property
    def favour(self) -> npt.NDArray[np.float64]:
        """How many times as often as others each class `(classes,)` is among the composed characters: that says nothing
        of how likely a character by itself is."""
        return np.append(1.0, self.weights)

    def _fonts(self, corpora: Path, folders: tuple[str, ...]) -> list[HandFont]:
        paths = [path for folder in folders for path in find_fonts(corpora / folder)]
        held = self.data.validation_fonts
        return [HandFont(p) for p in paths if (p.name in held) == (self.validation and bool(held))]

    def _drawings(self, pens: list[tuple[StrokeCorpus, StrokeFile]]) -> dict[str, list[Strokes]]:
        found: dict[str, list[Strokes]] = {}
        for corpus, file in pens:
            held = held_out_writers(file.by_writer, corpus.validation_writers)
            for writer, own in file.by_writer.items():
                if (writer in held) == self.validation:
                    for character, drawings in own.items():
                        found.setdefault(character, []).extend(drawings)
        return found

    def _corpus(self, corpus: CharacterCorpus, samples: list[Sample]) -> Corpus:
        labels = self.alphabet.labels
        examples = [
            Example(framed(clean(sample.picture, False).picture, self.side, cleaned=True).picture, labels[sample.text])
            for sample in samples
            if sample.text in labels and held_out(sample, corpus.validation) == self.validation
        ]
        return Corpus(examples, corpus.weight)

    def draw(self, rng: Rng) -> Example:
        """One character as the network sees it, or what is none."""
        if self.data.nothing and rng.random() < self.data.nothing:
            return self._nothing(rng)
        sampled = bool(self.corpora) and rng.random() >= self.data.composed
        example = self._distorted(rng) if sampled else self.compose(rng)
        if rng.random() < self.data.erased:
            example = replace(example, picture=erased(example.picture, rng))
        return example

    def _nothing(self, rng: Rng) -> Example:
        """A picture that holds no character, or more than one."""
        for _ in range(TRIES):
            hand, kind = Hand.sample(rng, self.data.unruly), rng.random()
            if kind < 0.55:
                composed = scribbled(hand, rng)
            elif kind < 0.75:
                kanji = self._written(self._character(rng), rng)
                # A part of a simple character is often a character.
                busy = kanji is not None and is_kanji(kanji.text) and cv2.countNonZero(kanji.ink) > 0.2 * kanji.ink.size
                composed = part_of(kanji, rng) if kanji is not None and busy else None
            elif kind < 0.9:
                several = "".join(self._character(rng) for _ in range(int(rng.integers(3, 6))))
                composed = self._several(several, hand, rng)
            else:
                composed = smear(rng)
            square = None if composed is None else self._seen(composed, rng)
            if square is not None:
                return Example(square, BLANK)
        raise DataError(f"None of {TRIES} scribbles left ink.")

    def _several(self, text: str, hand: Hand, rng: Rng) -> Composed | None:
        if not self.japanese:
            return None
        return compose_font(text, self.japanese[int(rng.integers(len(self.japanese)))], hand, rng)

    def _seen(self, composed: Composed, rng: Rng) -> Gray | None:
        gray = self.paper.photograph(composed.ink, rng, height=float(rng.uniform(40, 84))).picture
        square = framed(gray, self.side)
        return None if square.blank else square.picture

    def _character(self, rng: Rng) -> str:
        return self.alphabet.characters[1 + int(rng.choice(len(self.chances), p=self.chances))]

    def _distorted(self, rng: Rng) -> Example:
        weights = np.array([corpus.weight for corpus in self.corpora])
        corpus = self.corpora[int(rng.choice(len(weights), p=weights / weights.sum()))]
        example = corpus.examples[int(rng.integers(len(corpus.examples)))]
        picture = distorted(example.picture, rng, self.data.strength)
        return replace(example, picture=framed(picture, self.side, cleaned=True).picture)

    def compose(self, rng: Rng) -> Example:
        """One character drawn from strokes or a font."""
        for _ in range(TRIES):
            character = self._character(rng)
            composed = self._written(character, rng)
            square = None if composed is None else self._seen(composed, rng)
            if square is not None:
                return Example(square, self.alphabet.labels[character])
        raise DataError(f"None of {TRIES} characters could be written: neither strokes nor fonts have them.")

    def _written(self, character: str, rng: Rng) -> Composed | None:
        hand = Hand.sample(rng, self.data.unruly)
        fonts = self.latin if character < "\u0250" and self.latin else self.japanese
        if fonts and rng.random() < (0.75 if fonts is self.latin else self.data.font):
            return compose_font(character, fonts[int(rng.integers(len(fonts)))], hand, rng)
        drawings = self.drawn.get(character)
        if drawings and (self.validation or rng.random() < OWN_PEN):
            source: StrokeSource = Drawing(drawings[int(rng.integers(len(drawings)))])
            return compose_strokes(character, (source,), hand, rng)
        return None if self.vector is None else compose_strokes(character, (self.vector,), hand, rng)


def read_materials(data: CharacterSettings, corpora: Path) -> Materials:
    """What the settings name in this folder. Raises DataError when it is not there or cannot be understood."""
    samples = [(corpus, read_characters(corpora / corpus.path, corpus)) for corpus in data.samples]
    if data.composed == 0:
        return Materials(samples, [], None)
    return Materials(samples, [(corpus, StrokeFile(corpora / corpus.path)) for corpus in data.strokes], KanjiVG())


def read_characters(path: Path, corpus: CharacterCorpus) -> list[Sample]:
    """The single characters of a corpus but its test part. Raises DataError when it holds none."""
    items = read_samples(path, corpus.corpus or None)
    samples = [item for item in items if isinstance(item, Sample) and item.kind == "character" and item.split != "test"]
    if not samples:
        raise DataError(f"{path} holds no picture of a single character.")
    return samples


def alphabet_of(data: CharacterSettings, samples: list[Sample]) -> Alphabet:
    """The classes that the settings ask for. Raises SettingsError when there are fewer than two."""
    if data.characters == "samples":
        alphabet = Alphabet.of(sorted({sample.text for sample in samples if len(sample.text) == 1}))
    elif data.characters:
        alphabet = Alphabet.of(sorted(characters_of(data.characters)))
    else:
        alphabet = Alphabet.of(c for c in default_alphabet().characters[1:] if not c.isspace())
    if len(alphabet) < 3:
        raise SettingsError("A classifier tells at least two characters apart: name more in data.characters.")
    return alphabet


def held_out(sample: Sample, part: float) -> bool:
    """Whether a sample is for validation: as its corpus says, or so large a part, whole writers where known."""
    if sample.split == "validation":
        return True
    key = (sample.writer or sample.name).encode()
    return zlib.crc32(key) % 1000 < 1000 * part


def collate(examples: list[Example], standard: Standard) -> Batch:
    pictures = standard.values(np.stack([example.picture for example in examples]))[:, None]
    return Batch(torch.from_numpy(pictures), torch.tensor([example.label for example in examples], dtype=torch.long))


class CharacterBatches(IterableDataset[Batch]):
    """Exactly `steps` batches of one epoch for one device: every draw follows from (seed, epoch, rank, worker)."""

    def __init__(self, maker: CharacterMaker, standard: Standard, key: tuple[int, int, int], steps: int, size: int):
        self.maker, self.standard, self.key, self.steps, self.size = maker, standard, key, steps, size

    def __iter__(self) -> Iterator[Batch]:
        worker = torch.utils.data.get_worker_info()
        index, count = (worker.id, worker.num_workers) if worker else (0, 1)
        rng = np.random.default_rng((*self.key, index))
        for _ in range(self.steps // count + (index < self.steps % count)):
            yield collate([self.maker.draw(rng) for _ in range(self.size)], self.standard)


class Characters(lightning.LightningDataModule):
    """Fresh characters every epoch, and the same validation characters always."""

    def __init__(self, recipe: CharacterRecipe, standard: Standard, corpora: Path) -> None:
        super().__init__()
        self.recipe, self.standard = recipe, standard
        materials = read_materials(recipe.data, corpora)
        self.maker = CharacterMaker(recipe.data, recipe.network.side, corpora, materials=materials)
        self.size = max(2, recipe.run.pixels // recipe.network.side**2)
        self.validation = self._validation(corpora, materials)

    @property
    def alphabet(self) -> Alphabet:
        return self.maker.alphabet

    @property
    def groups(self) -> tuple[str, ...]:
        """What the validation sets are, in their order."""
        return tuple(self.validation)

    def train_dataloader(self) -> DataLoader[Batch]:
        run, trainer = self.recipe.run, self.trainer
        if trainer is None:
            raise SettingsError("Characters are drawn for a trainer: use them through train.run.fit.")
        key = (run.seed, trainer.current_epoch, trainer.global_rank)
        batches = CharacterBatches(self.maker, self.standard, key, run.steps_an_epoch, self.size)
        return DataLoader(batches, batch_size=None, num_workers=run.workers)

    def val_dataloader(self) -> list[DataLoader[Batch]]:
        """One loader of composed characters, where they are trained on, and one of samples, where some are held out."""
        return [DataLoader(batches, batch_size=None) for batches in self.validation.values()]  # type: ignore[arg-type]

    def _validation(self, corpora: Path, materials: Materials) -> dict[str, list[Batch]]:
        sets = {}
        for group, examples in self._validation_examples(corpora, materials).items():
            parts = [examples[i : i + self.size] for i in range(0, len(examples), self.size)]
            sets[group] = [collate(part, self.standard) for part in parts]
        return sets

    def _validation_examples(self, corpora: Path, materials: Materials) -> dict[str, list[Example]]:
        data = self.recipe.data.model_copy(update={"erased": 0.0})
        maker = CharacterMaker(data, self.recipe.network.side, corpora, True, materials)
        count, rng = self.recipe.run.validation_lines, np.random.default_rng(VALIDATION_SEED)
        sets: dict[str, list[Example]] = {}
        if data.composed > 0:
            sets["composed"] = [maker.compose(rng) for _ in range(count)]
        real = [example for corpus in maker.corpora for example in corpus.examples]
        if real:
            chosen = np.linspace(0, len(real) - 1, min(count, len(real))).astype(int)
            sets["real"] = [real[int(i)] for i in chosen]
        return sets
