"""Handwriting fonts: characters and words as ink masks, glyphs without outline found out and left alone."""

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from tenarai.errors import DataError

Ink = npt.NDArray[np.uint8]  # (height, width), 255 = ink

EM = 60  # pixels at which glyphs are drawn: half as much again as reading height
KEPT = 6000  # masks kept by one font: about 20 MB


@dataclass(frozen=True, slots=True)
class Mask:
    """Ink of a character or word. `left`, `top` place its corner from the pen position on the ascender line;
    `advance` is the way to the next pen position. All in pixels at EM."""

    ink: Ink
    left: int
    top: int
    advance: float


@dataclass
class HandFont:
    """One font file. Raises DataError when it cannot be opened."""

    path: Path
    _font: ImageFont.FreeTypeFont = field(init=False, repr=False)
    middle: float = field(init=False, default=EM / 2)
    _masks: OrderedDict[str, Mask | None] = field(init=False, repr=False, default_factory=OrderedDict)

    def __post_init__(self) -> None:
        try:
            # The basic layout is faster than raqm and all that Latin and single kanji need.
            self._font = ImageFont.truetype(str(self.path), EM, layout_engine=ImageFont.Layout.BASIC)
        except OSError as error:
            raise DataError(f"{self.path} cannot be opened as a font: {error}.") from None
        missing = self._font.getmask("\U0010fffd")
        self._notdef = (missing.size, bytes(missing))
        sample = next((m for m in (self.mask(c) for c in "国永xo") if m is not None), None)
        # Where the middle of a kanji (or of a small letter) lies under the ascender line, in pixels at EM.
        self.middle = float(EM / 2 if sample is None else sample.top + sample.ink.shape[0] / 2)

    def mask(self, text: str) -> Mask | None:
        """The ink of a character or word; None when the font lacks one of the characters."""
        if text in self._masks:
            self._masks.move_to_end(text)
            return self._masks[text]
        mask = self._drawn(text)
        self._masks[text] = mask
        if len(self._masks) > KEPT:
            self._masks.popitem(last=False)
        return mask

    def has(self, character: str) -> bool:
        """Whether the font really draws this character (its table may claim glyphs that are empty)."""
        return character == " " or self.mask(character) is not None

    def _drawn(self, text: str) -> Mask | None:
        if len(text) > 1 and not all(self.has(c) for c in text):
            return None
        left, top, right, bottom = (int(v) for v in self._font.getbbox(text))
        width, height = right - left, bottom - top
        if width <= 0 or height <= 0 or width > 60 * EM or height > 4 * EM:
            return None
        if len(text) == 1:
            raw = self._font.getmask(text)
            if (raw.size, bytes(raw)) == self._notdef:
                return None
        image = Image.new("L", (width, height))
        ImageDraw.Draw(image).text((-left, -top), text, fill=255, font=self._font)
        ink = np.asarray(image)
        if not ink.any():
            return None
        return Mask(ink, left, top, float(self._font.getlength(text)))


def find_fonts(folder: Path) -> list[Path]:
    """The font files of a folder, sorted by name. Raises DataError when there is none."""
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".ttf", ".otf", ".ttc"))
    if not found:
        raise DataError(f"There is no .ttf or .otf font in {folder}.")
    return found
