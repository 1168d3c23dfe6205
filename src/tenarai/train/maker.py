"""Where training lines come from: composed from strokes and fonts, or real ones, distorted anew every time."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.dataset.pairs import LinePair
from tenarai.dataset.sample import Sample
from tenarai.dataset.source import read_lines, read_samples
from tenarai.errors import DataError, TenaraiError
from tenarai.image.augment import struck, warped, weighted
from tenarai.image.clean import Gray, clean
from tenarai.image.line import straighten
from tenarai.image.read import read_picture
from tenarai.synth.fonts import HandFont, Ink, find_fonts
from tenarai.synth.hand import Hand, Rng
from tenarai.synth.line import Composed, compose_font, compose_strokes, compose_words, is_cjk
from tenarai.synth.paper import Paper
from tenarai.synth.strokes import KanjiVG, StrokeFile, StrokeSource
from tenarai.synth.variants import Face, Varied, cropped, hentaigana
from tenarai.synth.words import Texts, is_older, read_texts, shipped_texts
from tenarai.text.alphabet import HIRAGANA, KATAKANA, Alphabet
from tenarai.text.normalise import normalise
from tenarai.train.recipe import DataSettings, LineCorpus

UNRULY, WEAR = 0.5, 0.4  # of composed lines, as in recipes/reader.toml
EXAMPLES, EXAMPLES_SEED = 100, 4_000_037
NAMED = 8  # characters that the alphabet lacks, of those that are left out
TRIES = 1000  # texts drawn for one line before giving up; with shipped texts and strokes most can be written


@dataclass(frozen=True, slots=True)
class TrainingLine:
    """A line at reading height `(height, width) uint8`, 255 = paper, and its text."""

    picture: Gray
    text: str


@dataclass(frozen=True, slots=True)
class Photo:
    """A line as a camera sees it, `(height, width) uint8`, any light and polarity, and its text."""

    picture: Gray
    text: str
    vertical: bool


@dataclass(frozen=True, slots=True)
class RealLine:
    """Ink of a line that a person wrote, `(height, width) uint8`, 255 = ink, kept in memory."""

    ink: npt.NDArray[np.uint8]
    text: str
    vertical: bool


class LineMaker:
    """Draws training lines: composed from strokes and fonts, or real ones, distorted anew every time."""

    def __init__(self, data: DataSettings, alphabet: Alphabet, height: int, corpora: Path, validation: bool = False):
        self.data, self.alphabet, self.height = data, alphabet, height
        known = "".join(alphabet.characters)
        kanji = "".join(c for c in known if "一" <= c <= "鿿")
        # Kana are drawn as often as kanji when characters are drawn evenly: there are twenty kanji to one of them.
        rare = kanji + (HIRAGANA + KATAKANA) * 4 + "0123456789「」、。ーっッ々" * 4
        rare = "".join(c for c in rare if c in alphabet)
        paths = [corpora / p for p in data.texts] or shipped_texts()
        self.texts: Texts = read_texts(paths, rare, known)
        self.paper = Paper(7, data.wear)
        self.sources: tuple[StrokeSource, ...] = (KanjiVG(),)
        self.drawn = tuple(StrokeFile(corpora / p) for p in data.strokes)
        self.japanese = self._fonts(corpora, data.japanese_fonts, validation)
        self.latin = self._fonts(corpora, data.latin_fonts, False)
        self.variants = self._variants(corpora) if data.variants else {}
        self.real = self._real_lines(corpora, validation)
        self.real_japanese = [line for line in self.real if any(map(is_cjk, line.text))]
        self.real_latin = [line for line in self.real if not any(map(is_cjk, line.text))]
        if data.latin < 1 and not self.texts.japanese:
            raise DataError("The text files hold no Japanese line: add one that does, or set data.latin = 1.")
        if data.latin > 0 and not self.texts.latin and not (self.real_latin and data.real == 1):
            raise DataError("The text files hold no Latin line: add one that does, or set data.latin = 0.")

    def _fonts(self, corpora: Path, folders: tuple[str, ...], validation: bool) -> list[HandFont]:
        paths = [path for folder in folders for path in find_fonts(corpora / folder)]
        held = self.data.validation_fonts
        return [HandFont(p) for p in paths if (p.name in held) == (validation and bool(held))]

    def _variants(self, corpora: Path) -> dict[str, list[Ink]]:
        found = hentaigana(HandFont(p) for folder in self.data.hentaigana_fonts for p in find_fonts(corpora / folder))
        for corpus in self.data.glyphs:
            for sample in read_samples(corpora / corpus.path, corpus.corpus or None):
                if isinstance(sample, Sample) and sample.kind == "character" and sample.split != "test":
                    ink = cropped(np.asarray(255 - clean(sample.picture).picture, np.uint8))
                    if ink is not None:
                        found.setdefault(sample.text, []).append(ink)
        return found

    def _real_lines(self, corpora: Path, validation: bool) -> list[RealLine]:
        lines, refused, lacking = [], [], []
        for corpus in self.data.lines:
            for pair in _part(corpora, corpus, validation):
                text = normalise(pair.text, "nfc")
                if missing := self.alphabet.missing(text):
                    lacking.append(missing)
                    continue
                try:
                    gray = read_picture(pair.load())
                except TenaraiError as error:
                    refused.append(f"{pair.name}: {error}")
                    continue
                ink = 255 - clean(gray).picture
                lines.append(RealLine(ink, text, is_column(pair.direction, text, ink)))
        _tell_left_out(len(lines), refused, lacking)
        return lines

    def photographed(self, line: RealLine, rng: Rng) -> Photo:
        """A real line leaned, stretched, warped, wrinkled and photographed again."""
        source = warped(line.ink, rng) if rng.random() < self.data.warp else line.ink
        if rng.random() < self.data.weigh:
            source = 255 - weighted(255 - source, rng)
        height, width = source.shape
        lean = float(rng.normal(0, 0.2))
        stretch = float(np.exp(rng.normal(0, 0.16)))
        reach = abs(lean) * height
        matrix = np.array([[stretch, -lean, reach if lean > 0 else 0.0], [0.0, 1.0, 0.0]])
        size = (int(width * stretch + reach) + 1, height)
        ink = cv2.warpAffine(source, matrix, size, flags=cv2.INTER_LINEAR).astype(np.uint8)
        return Photo(self.paper.photograph(ink, rng, vertical=line.vertical).picture, line.text, line.vertical)

    def plain_line(self, line: RealLine) -> TrainingLine:
        """A real line as it is read: no distortion."""
        picture = straighten(255 - line.ink, self.height, vertical=line.vertical, cleaned=True).picture
        return TrainingLine(picture, line.text)

    def draw(self, rng: Rng) -> TrainingLine:
        """One line as the network sees it."""
        photo = self.photo(rng)
        picture = straighten(photo.picture, self.height, vertical=photo.vertical).picture
        if rng.random() < self.data.strike:
            picture = struck(picture, rng)
        return TrainingLine(picture, photo.text)

    def photo(self, rng: Rng) -> Photo:
        """One line, of a kind drawn as the settings say."""
        for _ in range(TRIES):
            if rng.random() < self.data.latin:
                if self.real_latin and rng.random() < self.data.real:
                    return self.photographed(self.real_latin[int(rng.integers(len(self.real_latin)))], rng)
                composed = self._compose_latin(rng)
            else:
                if self.real_japanese and rng.random() < self.data.real_japanese:
                    return self.photographed(self.real_japanese[int(rng.integers(len(self.real_japanese)))], rng)
                composed = self._compose_japanese(rng)
            # Capitals may lie outside the alphabet though the small letters are in it: µ is one.
            if composed is not None and not self.alphabet.missing(composed.text):
                picture = self.paper.photograph(composed.ink, rng, vertical=composed.vertical).picture
                return Photo(picture, composed.text, composed.vertical)
        raise DataError(f"None of {TRIES} texts could be written: neither strokes nor fonts have their characters.")

    def _compose_latin(self, rng: Rng) -> Composed | None:
        text = self.texts.draw_latin(rng, self.data.longest_latin)
        hand = Hand.sample(rng, self.data.unruly)
        if not self.latin or rng.random() < 0.08:
            return compose_strokes(text, self.sources, hand, rng)
        font = self.latin[int(rng.integers(len(self.latin)))]
        if rng.random() < 0.35:
            # Letter by letter: hands that do not join, with uneven letters.
            return compose_font(text, font, hand, rng)
        return compose_words(text, font, hand, rng)

    def _compose_japanese(self, rng: Rng) -> Composed | None:
        text = self.texts.draw_japanese(rng, self.data.longest_japanese)
        vertical = bool(rng.random() < self.data.vertical) and len(text) > 1
        hand = Hand.sample(rng, self.data.unruly)
        if self.japanese and rng.random() < self.data.font:
            font: Face = self.japanese[int(rng.integers(len(self.japanese)))]
            if self.variants and rng.random() < self.data.variants:
                font = Varied(font, self.variants, rng, float(rng.uniform(0.2, 1)))
            return compose_font(text, font, hand, rng, vertical=vertical)
        sources = self.sources
        if self.drawn and rng.random() < 0.25:
            sources = (self.drawn[int(rng.integers(len(self.drawn)))], *sources)
        return compose_strokes(text, sources, hand, rng, vertical=vertical)


def _part(corpora: Path, corpus: LineCorpus, validation: bool) -> Iterator[LinePair]:
    """The lines of a corpus that have a text and are trained on, or those that are held out."""
    found = read_lines(corpora / corpus.path, corpus.corpus or None)
    pairs = [p for p in found if (corpus.boilerplate or not p.boilerplate) and p.split != "test"]
    held = held_out_writers({p.writer for p in pairs if p.writer is not None}, corpus.validation_writers)
    for pair in pairs:
        if (pair.writer in held or pair.split == "validation") != validation or not pair.text:
            continue
        if not (validation and pair.boilerplate):
            yield pair


def _tell_left_out(kept: int, refused: Sequence[str], lacking: Sequence[str]) -> None:
    """Warns of lines whose picture cannot be read, and of those with characters that the alphabet lacks. Raises
    DataError when no other line is there."""
    reasons = [f"{len(refused)} cannot be read, the first is {refused[0]}"] if refused else []
    if lacking:
        characters = list(dict.fromkeys("".join(lacking)))
        named = " ".join(characters[:NAMED]) + (" ..." if len(characters) > NAMED else "")
        reasons.append(f"{len(lacking)} have characters that the alphabet lacks ({named})")
    count = len(refused) + len(lacking)
    if reasons and not kept:
        raise DataError(f"None of the {count} lines can be trained on: {'; '.join(reasons)}.")
    if reasons:
        warnings.warn(f"{count} of {kept + count} lines are left out: {'; '.join(reasons)}", stacklevel=4)


def is_column(direction: str, text: str, ink: npt.NDArray[np.uint8]) -> bool:
    """Whether a real line runs from top to bottom: as its corpus says, or else by the shape of its ink."""
    if direction in ("horizontal", "vertical") or len(text) < 2 or not any(is_cjk(c) for c in text):
        return direction == "vertical"
    rows, columns = np.nonzero(ink > 127)
    return len(rows) > 0 and bool(np.ptp(rows) > 1.3 * np.ptp(columns))


def held_out_writers(writers: Iterable[str], count: int) -> frozenset[str]:
    """So many writers, chosen by name alone: evenly along the sorted names, the same in every run."""
    known = sorted(set(writers))
    count = min(count, len(known))
    return frozenset(known[i * len(known) // count] for i in range(count))


def latin_share(alphabet: Alphabet) -> float:
    """Which part of the composed lines is Latin: of a model that reads one script, all or none."""
    return 1.0 if not any(c in alphabet for c in HIRAGANA) else 0.3 if "a" in alphabet else 0.0


def general_maker(alphabet: Alphabet, height: int, wear: float = WEAR, classical: bool = False) -> LineMaker:
    """Composes what a model reads beside a hand that it learns, of shipped texts and strokes: lines of its scripts, or,
    for a model of classical script, columns of older Japanese."""
    data = DataSettings(unruly=UNRULY, wear=wear, latin=0.0 if classical else latin_share(alphabet))
    if not classical:
        return LineMaker(data, alphabet, height, Path())
    maker = LineMaker(data.model_copy(update={"vertical": 1.0}), alphabet, height, Path())
    older = tuple(filter(is_older, maker.texts.japanese))
    maker.texts = replace(maker.texts, japanese=older or maker.texts.japanese, latin=())
    return maker


def composed(maker: LineMaker, seed: int, count: int) -> tuple[TrainingLine, ...]:
    """The composed lines of a seed."""
    rng = np.random.default_rng(seed)
    return tuple(maker.draw(rng) for _ in range(count))


def example_lines(alphabet: Alphabet, height: int) -> list[Gray]:
    """Some lines of shipped texts and strokes, `(height, width) uint8`, the same ones always; none where these have
    too few of the alphabet's characters."""
    try:
        maker = general_maker(alphabet, height)
        return [line.picture for line in composed(maker, EXAMPLES_SEED, EXAMPLES)]
    except DataError:
        return []
