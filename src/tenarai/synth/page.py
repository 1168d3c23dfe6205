"""Whole made-up pages with exact boxes, to train and test what finds lines: of every kind, seen by a camera."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tenarai.errors import DataError
from tenarai.page.layout import Box, Character, Page, Region
from tenarai.synth.camera import Gray, Shot, shoot
from tenarai.synth.desk import LEAST, Desk
from tenarai.synth.hand import Rng
from tenarai.synth.sheet import Pens, Sheet
from tenarai.synth.stationery import KINDS
from tenarai.synth.words import Texts


@dataclass(frozen=True, slots=True)
class SyntheticPage:
    """`picture (height, width) uint8`, 255 = white, and what is on it, in reading order.

    Boxes are tight around the ink, seen through the camera; the polygon of a line is its box on the flat sheet, upper
    left corner first, clockwise, as the picture shows it. `source` of a line is "hand" or "print". In joined Latin
    writing a Character is a whole word.
    """

    picture: Gray
    page: Page


def draw_page(
    pens: Pens, texts: Texts, rng: Rng, *, kind: str | None = None, side: int = 1200, wear: float = 1.0
) -> SyntheticPage:
    """One page of a kind, or of any kind when None; its longer side is `side` pixels. `wear` 0..1 as in `shoot`.

    All writing comes from `pens`; characters that none of them knows are left out, of the text too. Raises DataError
    for an unknown kind, and when there is no pen, or no Japanese text.
    """
    if kind is not None and kind not in KINDS:
        raise DataError(f"There is no page of kind {kind!r}: choose one of {', '.join(KINDS)}.")
    if not pens.strokes and not pens.fonts:
        raise DataError("A page needs pen strokes or handwriting fonts to be written with.")
    if not texts.japanese:
        raise DataError("The text files hold no Japanese line: add one that does.")
    if kind is None:
        kind = list(KINDS)[int(rng.integers(len(KINDS)))]
    wide = kind in ("manuscript", "classical", "practice") and rng.random() < 0.4
    short = round(side * float(rng.uniform(0.66, 0.78)))
    sheet = Sheet(side, short) if wide else Sheet(short, side)
    # As many lines as people write on a sheet: 18 to 34 of them, fewer on a card.
    em = max(LEAST, side / float(rng.uniform(38, 60)))
    regions = KINDS[kind](Desk(sheet, pens, texts, rng, em))
    shot = shoot(sheet.writing, sheet.printed, rng, wear)
    seen = tuple(_seen(region, shot) for region in regions)
    return SyntheticPage(shot.picture, Page(sheet.width, sheet.height, seen, f"synth {kind}"))


def _corners(box: Box) -> npt.NDArray[np.float64]:
    return np.array([(box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom)])


def _seen(region: Region, shot: Shot) -> Region:
    """A region of the flat sheet as the picture shows it, all its boxes mapped at once."""
    boxes = [region.box]
    for line in region.lines:
        boxes += [line.box, *(character.box for character in line.characters)]
    points = shot.moved(np.concatenate([_corners(box) for box in boxes])).reshape(-1, 4, 2)
    around = iter(
        Box(*row) for row in np.concatenate((points.min(axis=1), points.max(axis=1)), axis=1).round(2).tolist()
    )
    outlines = iter(points.round(2).tolist())
    box, _ = next(around), next(outlines)
    lines = []
    for line in region.lines:
        own, polygon = next(around), next(outlines)
        characters = []
        for character in line.characters:
            characters.append(Character(character.text, next(around)))
            next(outlines)
        corners = tuple((x, y) for x, y in polygon)
        lines.append(replace(line, box=own, characters=tuple(characters), polygon=corners))
    return replace(region, box=box, lines=tuple(lines))
