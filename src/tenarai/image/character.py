"""One character, cut out and set in a square: whatever its size and place in the picture, the network sees it alike."""

from dataclasses import dataclass

import cv2
import numpy as np

from tenarai.image.clean import Gray, binarised, clean

MARGIN = 0.06  # paper around the ink, as a part of the square's side
SPECK = 0.002  # ink beyond which lies less than this part of it all is a speck
SMALLEST = 0.12  # ink is never thought of as smaller than this part of its picture: a dot must not fill the square


@dataclass(frozen=True, slots=True)
class Framed:
    """A character in a square, `(side, side) uint8`, 255 = paper, its ink in the middle and as large as fits.

    `share` is how much of the picture's height the ink took, 0 to 1, from the larger of its sides: small kana differ
    from large ones in nothing else.
    """

    picture: Gray
    share: float
    inverted: bool
    blank: bool


def framed(gray: Gray, side: int, *, cleaned: bool = False) -> Framed:
    """A picture of one character, `(height, width) uint8`, to a square of `side` pixels.

    `cleaned` says that the picture is white paper and dark ink already.
    """
    inverted = False
    if not cleaned:
        result = clean(gray)
        gray, inverted = result.picture, result.inverted
        if result.blank:
            return Framed(np.full((side, side), 255, np.uint8), 0.0, inverted, True)
    mask = binarised(gray)
    top, bottom = _span(mask.sum(axis=1, dtype=np.int64))
    left, right = _span(mask.sum(axis=0, dtype=np.int64))
    if bottom <= top or right <= left:
        return Framed(np.full((side, side), 255, np.uint8), 0.0, inverted, True)
    larger = float(max(bottom - top, right - left))
    share = min(1.0, larger / gray.shape[0])
    extent = max(larger, SMALLEST * min(gray.shape), 2.0)
    scale = side * (1 - 2 * MARGIN) / extent
    if scale < 0.7:
        # Linear interpolation skips pixels when it shrinks a lot: blur first, as an area average would.
        gray = cv2.GaussianBlur(gray, (0, 0), 0.35 / scale).astype(np.uint8)
    move_x = side / 2 - scale * (left + right) / 2
    move_y = side / 2 - scale * (top + bottom) / 2
    # Pixel centres lie at half, which warpAffine does not know.
    half = (scale - 1) / 2
    matrix = np.array([[scale, 0.0, move_x + half], [0.0, scale, move_y + half]])
    picture = cv2.warpAffine(gray, matrix, (side, side), flags=cv2.INTER_LINEAR, borderValue=255).astype(np.uint8)
    return Framed(picture, share, inverted, False)


def _span(profile: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> tuple[int, int]:
    """First and behind-last place of the ink, specks left out; (0, 0) where there is none."""
    total = int(profile.sum())
    if total == 0:
        return 0, 0
    mass = np.cumsum(profile) / total
    return int(np.searchsorted(mass, SPECK)), int(np.searchsorted(mass, 1.0 - SPECK)) + 1
