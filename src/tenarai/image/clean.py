"""From a gray picture of any light to white paper and dark ink: background, polarity, contrast, skew.

Every picture here is `(height, width) uint8`; after `clean`, 255 is paper and 0 the darkest ink.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.uint8]

BACKGROUND_SIDE = 48  # the paper's light is estimated on a picture whose short side is this: it varies slowly
INK_QUANTILE = 0.002  # a line of small writing covers 1-2 % of its picture, a page of few words far less
BORDER_WEIGHT = 0.6  # what the border says about polarity, beside what the histogram says
LEAST_CONTRAST = 24.0  # gray levels between paper and ink below which a picture counts as blank

# A page is looked at piece by piece, since what lies around it is often darker than its ink.
PAGE_SIDE = 640  # pixels: as large as it then is
PIECE = 48  # pixels: holds a few small characters
LEAST_ACROSS = 4  # pieces along the shorter side: fewer are a line or a character, and seen as a whole
WRITTEN = 16  # pieces with writing, from which they are believed; a large character has no such pieces
LEAST_STROKES = 0.1  # mean of the morphological gradient over the contrast: a single edge has less


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A clean picture; `inverted` if the ink was brighter than the paper; `contrast` of ink to paper in gray levels."""

    picture: Gray
    inverted: bool
    contrast: float

    @property
    def blank(self) -> bool:
        return self.contrast < LEAST_CONTRAST


def find_inverted(gray: Gray) -> bool:
    """True when the ink is brighter than the paper (chalk, a negative, MNIST): ink is the thin minority, and the
    border of a picture is mostly paper. Of a page, only what is near its writing is asked."""
    written = _skews(gray)
    if len(written) >= WRITTEN:
        return bool(written.mean() > 0)
    step = -(-max(gray.shape) // 1024)
    small = np.ascontiguousarray(gray[::step, ::step])
    low, middle, high = quantiles(small, (0.01, 0.5, 0.99))
    if high - low < LEAST_CONTRAST:
        return False
    # A median near one end is the paper's own level, the long tail is ink; a border near one end is paper too.
    skew = ((high - middle) - (middle - low)) / (high - low)
    border = np.concatenate((small[0], small[-1], small[:, 0], small[:, -1]))
    edge = ((high + low) / 2 - float(np.median(border))) / (high - low)
    return bool(skew + BORDER_WEIGHT * float(np.clip(2 * edge, -1, 1)) > 0)


def _skews(gray: Gray) -> npt.NDArray[np.float64]:
    """How far the gray levels of each piece with writing lie above their median rather than below it, -1 to 1; none of
    what is no page."""
    if round(min(gray.shape) * min(1.0, PAGE_SIDE / max(gray.shape))) < LEAST_ACROSS * PIECE:
        return np.empty(0)
    small = gray if max(gray.shape) <= PAGE_SIDE else _shrunk(gray, PAGE_SIDE)
    side = max(PIECE, min(small.shape) // 10)
    rows, columns = (length // side for length in small.shape)
    whole = small[: rows * side, : columns * side]
    edges = cv2.morphologyEx(whole, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    strokes = edges.reshape(rows, side, columns, side).mean(axis=(1, 3)).ravel()
    pieces = whole.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(rows * columns, side * side)
    places = [side * side * part // 100 for part in (2, 50, 98)]
    low, middle, high = np.partition(pieces, places, axis=1)[:, places].astype(np.float64).T
    contrast = high - low
    written = (contrast >= max(LEAST_CONTRAST, 0.25 * contrast.max())) & (strokes > LEAST_STROKES * contrast)
    return np.asarray(((high + low - 2 * middle) / np.maximum(contrast, 1.0))[written], np.float64)


def quantiles(gray: Gray, parts: tuple[float, ...]) -> list[float]:
    """Gray levels below which these parts of the pixels lie: by histogram, many times faster than sorting."""
    mass = np.cumsum(cv2.calcHist([gray], [0], None, [256], [0, 256]).ravel())
    return [float(np.searchsorted(mass, part * mass[-1])) for part in parts]


def _shrunk(gray: Gray, side: int) -> Gray:
    scale = side / max(gray.shape)
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    return cv2.resize(gray, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def background(gray: Gray) -> Gray:
    """The light of the bare paper at each pixel, `(height, width) uint8`, ink filled over."""
    height, width = gray.shape
    # Below this shrink, strokes would be as wide as the closing that must remove them.
    scale = min(1.0, BACKGROUND_SIDE / min(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    reach = max(3, min(size) // 3 | 1)
    # Closing fills ink narrower than `reach`; two box blurs join the flat pieces that it leaves.
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    smooth = cv2.blur(cv2.blur(closed, (reach, reach)), (reach, reach))
    return cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def clean(gray: Gray, inverted: bool | None = None) -> Cleaned:
    """White paper, dark ink, even light. Polarity is found when `inverted` is None.

    A picture without contrast comes back all white.
    """
    if inverted is None:
        inverted = find_inverted(gray)
    dark = 255 - gray if inverted else gray
    flat = cv2.divide(dark, np.maximum(background(dark), 1), scale=255.0).astype(np.uint8)
    ink, paper = quantiles(flat, (INK_QUANTILE, 0.5))
    contrast = paper - ink
    if contrast < LEAST_CONTRAST:
        return Cleaned(np.full_like(gray, 255), inverted, max(0.0, contrast))
    # Paper grain sits within a few per cent of the paper's level: it goes to white with the upper tenth.
    levels = (np.arange(256, dtype=np.float64) - ink) * (255.0 / max(0.92 * paper - ink, 1.0))
    table = np.clip(levels, 0, 255).astype(np.uint8)
    return Cleaned(cv2.LUT(flat, table).astype(np.uint8), inverted, contrast)


def find_skew(clean_gray: Gray, limit: float = 0.12, steps: int = 21) -> float:
    """The slope of the writing, in radians, positive when it falls to the right.

    The angle whose sheared row profile is sharpest (Postl 1986); 0.0 when no angle is clearly better than level.
    """
    rows, columns = np.nonzero(clean_gray < 128)
    if len(rows) < 50:
        return 0.0
    if len(rows) > 4000:
        keep = np.linspace(0, len(rows) - 1, 4000).astype(int)
        rows, columns = rows[keep], columns[keep]
    height = clean_gray.shape[0]
    centred = columns - clean_gray.shape[1] / 2
    scale = min(1.0, 96 / height)
    angles = np.linspace(-limit, limit, steps)
    reach = float(np.abs(centred).max()) * np.tan(limit) + 1
    bins = int((height + 2 * reach) * scale) + 2
    scores = np.empty(steps)
    for i, angle in enumerate(angles):
        at = ((rows - np.tan(angle) * centred + reach) * scale).astype(np.int64)
        profile = np.bincount(at, minlength=bins).astype(np.float64)
        scores[i] = float((profile * profile).sum())
    # A level prior: short lines and single characters have many equally sharp angles.
    scores *= 1.0 - 0.15 * np.abs(angles) / limit
    best = int(scores.argmax())
    return float(angles[best]) if scores[best] > 1.08 * scores[steps // 2] else 0.0


def find_slant(clean_gray: Gray, limit: float = 0.7, steps: int = 15) -> float:
    """The lean of upright strokes, in radians, positive to the right: sharpest sheared column profile."""
    rows, columns = np.nonzero(clean_gray < 128)
    if len(rows) < 50:
        return 0.0
    angles = np.linspace(-limit, limit, steps)
    height = clean_gray.shape[0]
    scores = []
    for angle in angles:
        at = (columns + np.tan(angle) * (rows - height) + 2 * height).astype(np.int64)
        profile = np.bincount(at).astype(np.float64)
        scores.append(float((profile * profile).sum()) * (1 - 0.1 * abs(angle) / limit))
    return float(angles[int(np.argmax(scores))])


def turned(gray: Gray, angle: float, fill: int = 255) -> Gray:
    """The picture turned so that writing that falls by `angle` radians becomes level; same size, corners filled."""
    height, width = gray.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), np.degrees(angle), 1.0)
    return cv2.warpAffine(gray, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=fill).astype(np.uint8)


def deslanted(gray: Gray, angle: float, fill: int = 255) -> Gray:
    """Strokes that lean by `angle` radians made upright by a shear; the picture grows to hold them."""
    height, width = gray.shape
    shift = np.tan(angle) * height
    matrix = np.array([[1.0, np.tan(angle), -min(0.0, shift) - max(0.0, shift) + max(0.0, -shift)], [0.0, 1.0, 0.0]])
    matrix[0, 2] = 0.0 if shift >= 0 else -shift
    size = (width + int(abs(shift)) + 1, height)
    return cv2.warpAffine(gray, matrix, size, flags=cv2.INTER_LINEAR, borderValue=fill).astype(np.uint8)


def binarised(clean_gray: Gray) -> npt.NDArray[np.bool_]:
    """Ink mask `(height, width) bool` by Otsu's threshold (1979), never above mid gray of a clean picture."""
    threshold, _ = cv2.threshold(clean_gray, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return np.asarray(clean_gray < min(200.0, max(96.0, threshold)))
