"""One line of writing: cut out, straightened, turned to run left to right, scaled to reading height."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.image.clean import Gray, binarised, clean, find_skew

MARGIN = 0.06  # paper kept above and below the ink, as a part of the ink's height: crops are never exact anyway
TAIL = 0.004  # ink above and below which lies less than this part of it all is a speck or a neighbour's tail
CLEARLY = 1.6  # a line so many times longer than wide runs along its length
LONGEST = 60.0  # a line longer than this many times its height is squeezed: it bounds time and memory


@dataclass(frozen=True, slots=True)
class Straight:
    """A line at reading height, `(height, width) uint8`, 255 = paper, reading left to right.

    `to_source` is the affine map `(2, 3)` from its pixels back to the pixels of the picture that was given.
    """

    picture: Gray
    to_source: npt.NDArray[np.float64]
    skew: float
    inverted: bool
    blank: bool


def _compose(outer: npt.NDArray[np.float64], inner: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The affine map that does `inner` first, then `outer`."""
    return np.asarray((np.vstack((outer, (0.0, 0.0, 1.0))) @ np.vstack((inner, (0.0, 0.0, 1.0))))[:2])


def upright(gray: Gray, vertical: bool) -> tuple[Gray, npt.NDArray[np.float64]]:
    """A vertical line turned a quarter to the left, so that its top comes first; and the map back to its pixels."""
    if not vertical:
        return gray, np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    turned = np.ascontiguousarray(np.rot90(gray, 1))
    # np.rot90 sends (x, y) to (y, width - x): the inverse of that, on pixel edges.
    return turned, np.array([[0.0, -1.0, float(gray.shape[1])], [1.0, 0.0, 0.0]])


def ink_rows(gray: Gray) -> tuple[float, float]:
    """Top and bottom of the writing, in pixels, specks and thin tails left out; the whole height if it is blank."""
    mask = binarised(gray)
    profile = mask.sum(axis=1, dtype=np.int64)
    total = int(profile.sum())
    if total < 4:
        return 0.0, float(gray.shape[0])
    mass = np.cumsum(profile) / total
    top = int(np.searchsorted(mass, TAIL))
    bottom = int(np.searchsorted(mass, 1.0 - TAIL)) + 1
    return float(top), float(bottom)


def ink_columns(gray: Gray) -> tuple[int, int]:
    """First and last column with ink, as a half-open range; the whole width if it is blank."""
    columns = np.flatnonzero(binarised(gray).any(axis=0))
    return (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (0, gray.shape[1])


def straighten(
    gray: Gray,
    height: int,
    *,
    vertical: bool = False,
    cleaned: bool = False,
    level: bool = True,
    margin: float = MARGIN,
) -> Straight:
    """A picture of one line to reading height: light and polarity, quarter turn, skew, crop to the ink, scale.

    `cleaned` says that the picture is white paper and dark ink already; `level` allows the skew to be taken out.
    """
    inverted, blank = False, False
    if not cleaned:
        result = clean(gray)
        gray, inverted, blank = result.picture, result.inverted, result.blank
    gray, back = upright(gray, vertical)
    skew = find_skew(gray) if level and gray.shape[1] > 2 * gray.shape[0] else 0.0
    if skew:
        # A shear keeps upright strokes upright and needs no larger picture across.
        slope = float(np.tan(skew))
        rise = abs(slope) * gray.shape[1]
        shear = np.array([[1.0, 0.0, 0.0], [-slope, 1.0, rise if slope > 0 else 0.0]])
        size = (gray.shape[1], int(np.ceil(gray.shape[0] + rise)))
        gray = cv2.warpAffine(gray, shear, size, flags=cv2.INTER_LINEAR, borderValue=255).astype(np.uint8)
        back = _compose(back, np.array([[1.0, 0.0, 0.0], [slope, 1.0, -shear[1, 2]]]))
    left, right = ink_columns(gray)
    top, bottom = ink_rows(gray)
    middle = (top + bottom) / 2
    # A lone dash must not grow to the height of a kanji: never crop below half of what the picture's shape suggests.
    tall = max(bottom - top, 0.5 * min(right - left, gray.shape[0]), 4.0) * (1 + 2 * margin)
    scale = height / tall
    width = max(1, round((right - left) * scale))
    squeeze = min(1.0, LONGEST * height / width)
    width = max(1, round(width * squeeze))
    matrix = np.array([[scale * squeeze, 0.0, -left * scale * squeeze], [0.0, scale, height / 2 - middle * scale]])
    if scale < 0.7:
        # Linear interpolation skips pixels when it shrinks a lot: blur first, as an area average would.
        gray = cv2.GaussianBlur(gray, (0, 0), 0.35 / scale).astype(np.uint8)
    picture = cv2.warpAffine(gray, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=255).astype(np.uint8)
    inverse = np.asarray(cv2.invertAffineTransform(matrix), np.float64)
    return Straight(picture, _compose(back, inverse), skew, inverted, blank)


def squarish(picture: Gray) -> bool:
    """Whether the ink of a clean picture is about as high as wide, as that of a single character is."""
    rows, columns = np.nonzero(picture < 128)
    if len(rows) == 0:
        return False
    tall, wide = int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    return max(tall, wide) < CLEARLY * min(tall, wide)


def likely_directions(picture: Gray) -> list[Literal["horizontal", "vertical"]]:
    """The directions worth trying for a clean picture of one line, by the shape of its ink."""
    rows, columns = np.nonzero(picture < 128)
    if len(rows) == 0:
        return ["horizontal"]
    tall, wide = int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    if wide > CLEARLY * tall:
        return ["horizontal"]
    if tall > 2 * CLEARLY * wide:
        return ["vertical"]
    # A nearly square picture is a single character more often than a column of two.
    return ["horizontal", "vertical"] if tall > 1.3 * wide else ["horizontal"]
