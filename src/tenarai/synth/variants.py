"""Other shapes of characters than a font has: hentaigana (kana of other origins, in use until 1900), glyphs cut from
old books."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from tenarai.synth.fonts import EM, HandFont, Ink, Mask
from tenarai.synth.hand import Rng

HENTAIGANA = [chr(c) for c in (*range(0x1B002, 0x1B11F), 0x1B001)]  # Unicode 10: Kana Supplement, Kana Extended-A
NAMES = re.compile(r"HENTAIGANA LETTER ([A-Z-]+)-\d+")
SMALLEST, LARGEST = 0.55, 0.95  # of the em square: the longer side of a glyph that was cut out

Variants = Mapping[str, Sequence[Ink]]


class Face(Protocol):
    """What glyphs are set from: a font, or a font with variants."""

    @property
    def middle(self) -> float:
        """Where the middle of a kanji lies under the ascender line, in pixels at EM."""
        ...

    def mask(self, text: str) -> Mask | None: ...


@dataclass(frozen=True, slots=True)
class Varied:
    """A face in which, so `often`, a character that has variants takes the shape of one. One line's worth: every line
    draws anew."""

    face: Face
    variants: Variants
    rng: Rng
    often: float

    @property
    def middle(self) -> float:
        return self.face.middle

    def mask(self, text: str) -> Mask | None:
        if len(text) == 1 and self.rng.random() < self.often and (ink := self._variant(text)) is not None:
            height, width = ink.shape
            # Long thin shapes (し) are as long as the square, flat ones as wide; none is larger than it.
            scale = EM * float(self.rng.uniform(SMALLEST, LARGEST)) / max(height, width)
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            ink = np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_LINEAR), np.uint8)
            return Mask(ink, round((EM - size[0]) / 2), round(self.middle - size[1] / 2), float(EM))
        return self.face.mask(text)

    def _variant(self, character: str) -> Ink | None:
        known = self.variants.get(character)
        if known:
            return known[int(self.rng.integers(len(known)))]
        parts = unicodedata.normalize("NFD", character)
        known = self.variants.get(parts[0])
        if parts[1:] != "\u3099" or not known:
            return None
        return _voiced(known[int(self.rng.integers(len(known)))], self.rng)


def _voiced(ink: Ink, rng: Rng) -> Ink:
    """The two dots of a voiced kana, set to the right of its upper part."""
    height, width = ink.shape
    side = max(height, width)
    wider = np.pad(ink, ((0, 0), (0, round(0.22 * side))))
    pen = max(1, round(0.06 * side))
    for number in range(2):
        x = width + (0.01 + 0.1 * number) * side
        y = (0.02 + 0.03 * number + 0.04 * float(rng.random())) * height
        end = (round(x + 0.07 * side), round(y + 0.13 * side))
        cv2.line(wider, (round(x), round(y)), end, 255, pen, cv2.LINE_AA)
    return wider


def hentaigana(fonts: Iterable[HandFont]) -> dict[str, list[Ink]]:
    """The hentaigana of these fonts by the kana that they stand for, which their Unicode names say; those that stand
    for two are left out."""
    found: dict[str, list[Ink]] = {}
    for font in fonts:
        for character in HENTAIGANA:
            named = NAMES.fullmatch(unicodedata.name(character, ""))
            if named is None or "-" in named[1]:
                continue
            mask = font.mask(character)
            if mask is not None:
                found.setdefault(unicodedata.lookup(f"HIRAGANA LETTER {named[1]}"), []).append(mask.ink)
    return found


def cropped(ink: Ink) -> Ink | None:
    """A glyph without the paper around it; None when there is no ink."""
    rows, columns = np.flatnonzero((ink > 127).any(axis=1)), np.flatnonzero((ink > 127).any(axis=0))
    if not len(rows):
        return None
    return np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
