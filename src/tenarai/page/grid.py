"""The cells of a practice sheet or form: by their ruled lines, or, without any, by the gaps between characters.

Pictures are `(height, width) uint8`, 255 = paper, 0 = ink, level.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.image.clean import Gray, binarised
from tenarai.page.layout import Box, Character, Line
from tenarai.page.split import split_lines

FAINT = 220  # darker than this may be a rule: they are printed pale, not to be in the way
RULE = 0.65  # of the longest ruled line: a row of pixels with so much rule in it is a ruled line
SHORTEST = 0.12  # of the picture's side: straight runs as long as this may be a piece of a rule
EXTENT = 0.4  # of the picture's side: a rule reaches so far, a stroke does not
STRIP = 0.5  # of the usual cell: narrower gaps between rules are strips for furigana, or double lines
GAP = 0.3  # of a row's height: paper this wide lies between two characters
WIDEST = 1.25  # of a row's height: pieces no wider together are one character
INSET = 0.02  # of a cell's side, left out along its rules


@dataclass(frozen=True, slots=True)
class Grid:
    """`cells` row by row from the top, each from the left, in pixels; `picture` without the rules. `ruled` says whether
    rules were found: cells have a size of their own then, else they are the ink of their character."""

    picture: Gray
    cells: tuple[tuple[Box, ...], ...]
    ruled: bool


def find_grid(picture: Gray) -> Grid:
    """The cells of a sheet; a picture of one character gives one cell, blank paper none."""
    mask = (picture < FAINT).astype(np.uint8)
    level, upright = _rules(mask), np.ascontiguousarray(_rules(np.ascontiguousarray(mask.T)).T)
    rows, columns = _lines(level.sum(axis=1, dtype=np.int64)), _lines(upright.sum(axis=0, dtype=np.int64))
    if len(rows) > 1 and len(columns) > 1 and len(rows) + len(columns) > 4:
        rules = cv2.dilate(level | upright, np.ones((3, 3), np.uint8))
        bare = np.where(rules > 0, np.uint8(255), picture)
        cells = tuple(
            tuple(_cell(left, top, right, bottom) for left, right in _between(columns))
            for top, bottom in _between(rows)
        )
        return Grid(np.asarray(bare, np.uint8), cells, True)
    boxes = split_lines(picture, "horizontal").boxes
    return Grid(picture, tuple(_pieces(picture, box) for box in boxes), False)


def _rules(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The level straight runs of a mask `(height, width) uint8`, 1 = ink, that are long and thin."""
    length = max(20, int(SHORTEST * mask.shape[1]))
    if length >= mask.shape[1]:
        return np.zeros_like(mask)
    # A rule that is not quite level climbs by a pixel now and then: one pixel of grace above and below.
    thick = cv2.dilate(mask, np.ones((3, 1), np.uint8))
    runs = cv2.dilate(cv2.erode(thick, np.ones((1, length), np.uint8), borderValue=0), np.ones((1, length), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    far = stats[:, cv2.CC_STAT_WIDTH] >= EXTENT * mask.shape[1]
    thin = stats[:, cv2.CC_STAT_HEIGHT] <= max(8, mask.shape[0] // 25)
    far[0] = False
    return np.asarray(np.where((far & thin)[labels], mask, np.uint8(0)), np.uint8)


def _lines(profile: npt.NDArray[np.int64]) -> list[float]:
    """Middles of the ruled lines, from the number of rule pixels in each row."""
    if not profile.any():
        return []
    strong = profile > RULE * profile.max()
    edges = np.flatnonzero(np.diff(np.concatenate(([False], strong, [False]))))
    middles = [(start + stop - 1) / 2 for start, stop in zip(edges[::2], edges[1::2], strict=True)]
    # A thick or slightly turned rule may be seen twice.
    merged: list[float] = []
    for middle in middles:
        if merged and middle - merged[-1] < max(4, len(profile) / 200):
            merged[-1] = (merged[-1] + middle) / 2
        else:
            merged.append(float(middle))
    return merged


def _between(lines: list[float]) -> list[tuple[float, float]]:
    """The cells between ruled lines, strips left out."""
    spans = list(pairwise(lines))
    usual = float(np.median([b - a for a, b in spans]))
    # With a strip beside every row the median may be a strip's: the larger half are the cells.
    larger = [b - a for a, b in spans if b - a >= usual]
    return [(a, b) for a, b in spans if b - a >= STRIP * float(np.median(larger))]


def _cell(left: float, top: float, right: float, bottom: float) -> Box:
    inset = INSET * min(right - left, bottom - top) + 1
    return Box(left + inset, top + inset, right - inset, bottom - inset)


def _pieces(picture: Gray, row: Box) -> tuple[Box, ...]:
    """The characters of a row without rules: ink cut at gaps, narrow pieces joined to a character's width."""
    left, top, right, bottom = (round(v) for v in (row.left, row.top, row.right, row.bottom))
    ink = binarised(picture[top:bottom, left:right]).any(axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], ink, [False]))))
    spans: list[tuple[int, int]] = []
    height = bottom - top
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        near = spans and start - spans[-1][1] < GAP * height
        if near and stop - spans[-1][0] <= WIDEST * height:
            spans[-1] = (spans[-1][0], stop)
        else:
            spans.append((start, stop))
    return tuple(Box(left + a, top, left + b, bottom) for a, b in spans)


def row_of(cells: Sequence[Box], found: Sequence[list[tuple[str, float]]]) -> Line:
    """A row of cells as a line: a space for every cell that nothing is written in."""
    characters = [
        Character(best[0][0], cell, min(1.0, best[0][1]), tuple(best[1:]))
        for cell, best in zip(cells, found, strict=True)
        if best
    ]
    text = "".join(best[0][0] if best else " " for best in found)
    sure = float(np.exp(np.mean([np.log(max(c.confidence or 0.0, 1e-9)) for c in characters]))) if characters else None
    return Line(reduce(Box.union, cells), "horizontal", text.rstrip(), sure, tuple(characters), (), "grid")
