"""Where along a line each of its characters lies, told from where a recogniser saw them and from the ink."""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from tenarai.image.clean import Gray

# From one character's sight to the next one's: where between them the first may end. A recogniser of lines tells a
# character early, at its first strokes.
FIRST, LAST = 0.55, 1.0
INK = 160  # darker is ink


def extents(picture: Gray, sights: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
    """First and last column, as half-open ranges, of every character of a line `(height, width) uint8`, 255 = paper,
    that reads left to right. `sights` are the columns where each was seen, in order: from, to.

    Neighbours are parted where there is the least ink between them; ranges follow each other without gaps.
    """
    width = picture.shape[1]
    if not sights:
        return []
    ink = cv2.blur(np.asarray(255 - picture, np.float32).mean(axis=0, keepdims=True), (3, 1))[0]
    cuts = [0]
    for (start, end), (following, _) in pairwise(sights):
        first = min(max(round(end), round(start + FIRST * (following - start)), cuts[-1]), width - 1)
        last = min(max(round(start + LAST * (following - start)), first + 1), width)
        between = ink[first:last]
        # Of a stretch of bare paper, its middle.
        bare = np.flatnonzero(between <= between.min() + 1)
        cuts.append(first + int(bare[len(bare) // 2]))
    return list(zip(cuts, [*cuts[1:], width], strict=True))


def tight(picture: Gray, left: int, right: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the ink between two columns; the whole height where there is none."""
    rows, columns = np.nonzero(picture[:, left:right] < INK)
    if not len(rows):
        return left, 0, right, picture.shape[0]
    return left + int(columns.min()), int(rows.min()), left + int(columns.max()) + 1, int(rows.max()) + 1
