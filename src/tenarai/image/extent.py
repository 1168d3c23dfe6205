"""Where along a line each of its characters lies, told from where a recogniser saw them and from the ink."""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

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


def tight(picture: Gray, ranges: Sequence[tuple[int, int]]) -> npt.NDArray[np.intp]:
    """Left, top, right, bottom of the ink between the columns of each range, `(ranges, 4)`; the whole height where
    there is none."""
    height, width = picture.shape
    edges = np.array(ranges, np.intp).reshape(-1, 2)
    if not len(edges):
        return np.empty((0, 4), np.intp)
    inked = np.zeros((width + 1, height), np.bool_)  # columns first; one more, as no range may begin behind the last
    np.less(picture.T, INK, out=inked[:-1])
    each = edges.ravel()  # of what `reduceat` finds every second is between two ranges
    rows = np.logical_or.reduceat(inked, each)[::2]
    columns, places = inked.any(axis=1), np.arange(width + 1)
    left = np.minimum.reduceat(np.where(columns, places, width), each)[::2]
    right = np.maximum.reduceat(np.where(columns, places, -1), each)[::2] + 1
    found = np.stack((left, rows.argmax(axis=1), right, height - rows[:, ::-1].argmax(axis=1)), axis=1)
    bare = ~rows.any(axis=1) | (edges[:, 0] >= edges[:, 1])
    found[bare] = np.insert(edges[bare], (1, 2), (0, height), axis=1)
    return found
