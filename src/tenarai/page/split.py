"""A clean page picture to lines by projection: what finds lines where no trained detector does.

Pictures are `(height, width) uint8`, 255 = paper, 0 = ink, level. Vertical writing is turned a quarter to the left, so
that its columns, right to left, are rows from top to bottom: everything below speaks of rows only. Lines are told apart
by the valleys of the row profile (Likforman-Sulem et al. 2007, section 4.1), judged by the size of the writing itself,
which the connected components give.
"""

import itertools
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.errors import DataError
from tenarai.image.clean import Gray, binarised
from tenarai.page.layout import Box, Direction

SIDE = 1600  # larger pictures are halved and so on before measuring: strokes stay 2 pixels wide, time stays bounded
LEAST_INK = 12  # pixels of ink below which a picture is blank
RULE_LENGTH = 0.2  # of the picture's side: straight runs as long as this are ruled lines, if as thin as RULE_THIN of it
RULE_LEAST = 100  # pixels
RULE_THIN = 1 / 25
SPECK = 0.15  # of the size of the writing: dust, and dots which only count next to other ink
SMALLEST_LINE = 0.35  # of the size: a line has at least one part as large as this
SHALLOW = 0.6  # a valley higher than this part of the lower of its two peaks lies inside a line
ONE_LINE = 1.45  # of the size: rows no taller in all are one line, however deep the valleys (三, ニ, い)
FRAGMENT = 0.55  # of the usual line height: lower bands close to another are a part of it
FLAT = 0.3  # of the size: wide ink no higher is what is left of a ruled line
TOO_TALL = 1.7  # of the line pitch: taller lines are looked at again, for two that touch
MARGIN = 0.08  # of the size: paper left around the ink


@dataclass(frozen=True, slots=True)
class Split:
    """Line boxes of a page picture in reading order, in its pixels: top to bottom, or columns right to left."""

    direction: Direction
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class _Parts:
    """Connected components: `labels (h, w) int32`, and for each of n: edges in pixels `(n, 4)` l t r b, ink, size."""

    labels: npt.NDArray[np.int32]
    edges: npt.NDArray[np.int64]
    ink: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    pen: float

    @property
    def reach(self) -> npt.NDArray[np.int64]:
        """The longer side of each."""
        return np.asarray(np.maximum(self.edges[:, 2] - self.edges[:, 0], self.edges[:, 3] - self.edges[:, 1]))

    def typical(self, share: float = 0.65) -> float:
        """The size of the writing, in pixels: some three quarters of a kanji, an ascender and a half of Latin."""
        order = np.argsort(self.sizes)
        mass = np.cumsum(self.ink[order])
        return float(self.sizes[order][np.searchsorted(mass, share * mass[-1])])

    def near(self, start: int, stop: int, size: float) -> float:
        """The size of the writing in rows `start` to `stop`, not far from `size`, that of the page."""
        middle = (self.edges[:, 1] + self.edges[:, 3]) / 2
        here = (middle >= start) & (middle < stop)
        if not here.any():
            return size
        order = np.argsort(self.sizes[here])
        mass = np.cumsum(self.ink[here][order])
        local = float(self.sizes[here][order][np.searchsorted(mass, 0.65 * mass[-1])])
        return min(2.0 * size, max(0.5 * size, local))


def split_lines(picture: Gray, direction: Direction | Literal["auto"] = "auto") -> Split:
    """Lines of one block of writing, boxes tight to the ink but for a small margin; none on blank paper.

    Specks, shadows along the edges and ruled lines are left out. "auto" finds the direction of the writing, and says
    horizontal where nothing tells. Raises DataError when `picture` is not `(height, width) uint8`.
    """
    if picture.ndim != 2 or picture.dtype != np.uint8:
        raise DataError(
            f"A {picture.dtype} picture of shape {picture.shape} was given: expected (height, width) uint8."
        )
    if direction not in ("auto", "horizontal", "vertical"):
        raise DataError(f"A direction is auto, horizontal or vertical, not {direction!r}.")
    fallback: Direction = "horizontal" if direction == "auto" else direction
    if min(picture.shape) < 2:
        return Split(fallback, ())
    scale = min(1.0, SIDE / max(picture.shape))
    small = picture
    if scale < 1.0:
        size = (max(2, round(picture.shape[1] * scale)), max(2, round(picture.shape[0] * scale)))
        small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    mask = _without_rules(binarised(small).astype(np.uint8))
    if int(mask.sum()) < LEAST_INK:
        return Split(fallback, ())
    mask = _without_shadows(mask)
    if int(mask.sum()) < LEAST_INK:
        return Split(fallback, ())
    parts = _components(mask)
    size_ = parts.typical()
    keep = parts.reach >= max(2.0, SPECK * size_)
    if not keep.any():
        return Split(fallback, ())
    found: Direction = _find_direction(mask, size_) if direction == "auto" else direction
    if found == "vertical":
        parts = _turned(parts)
    rows = _boxes(parts, _bands(parts, keep, size_), keep, size_)
    height, width = picture.shape
    margin = MARGIN * size_ + 1
    boxes = []
    for left, top, right, bottom in rows:
        if found == "vertical":
            left, top, right, bottom = small.shape[1] - bottom, left, small.shape[1] - top, right
        boxes.append(
            Box(
                max(0.0, (left - margin) * width / small.shape[1]),
                max(0.0, (top - margin) * height / small.shape[0]),
                min(float(width), (right + margin) * width / small.shape[1]),
                min(float(height), (bottom + margin) * height / small.shape[0]),
            )
        )
    return Split(found, tuple(boxes))


def _without_rules(mask: Gray) -> Gray:
    """Long thin straight lines taken out, in both directions; ink that crosses them is closed again."""
    return np.ascontiguousarray(_without_level_rules(np.ascontiguousarray(_without_level_rules(mask).T)).T)


def _without_level_rules(mask: Gray) -> Gray:
    length = int(max(RULE_LENGTH * mask.shape[1], RULE_LEAST))
    if length >= mask.shape[1]:
        return mask
    # One pixel up and down joins the steps of a rule that is not quite level.
    thick = cv2.dilate(mask, np.ones((3, 1), np.uint8))
    runs = cv2.erode(thick, np.ones((1, length), np.uint8), borderValue=0)
    if not runs.any():
        return mask
    runs = cv2.dilate(runs, np.ones((1, length), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    thickness = stats[:, cv2.CC_STAT_AREA] / np.maximum(1, stats[:, cv2.CC_STAT_WIDTH])
    thin = thickness - 2 <= np.maximum(3.0, RULE_THIN * stats[:, cv2.CC_STAT_WIDTH])
    thin[0] = False
    rule = thin[labels].astype(np.uint8)
    rest = mask & (1 - rule)
    widest = int(np.ceil(thickness[thin].max(initial=0))) + 2
    # Where ink stands both above and below, a stroke crosses.
    crossing = cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones((widest, 1), np.uint8)) & rule & mask
    without = np.asarray(rest | crossing, np.uint8)
    # A picture of nothing else is a dash or a one (一), not an empty form.
    return without if int(without.sum()) > 0.05 * int(mask.sum()) else mask


def _pen(mask: Gray) -> float:
    """The usual width of strokes in pixels: the median run of ink, along rows or columns, whichever is shorter."""
    medians = []
    for across in (mask, mask.T):
        steps = np.diff(np.pad(across, ((0, 0), (1, 1))).astype(np.int8).ravel())
        medians.append(float(np.median(np.flatnonzero(steps < 0) - np.flatnonzero(steps > 0))))
    return max(1.0, min(medians))


def _without_shadows(mask: Gray) -> Gray:
    """Solid patches and bands that touch the picture's edge taken out: no pen fills such areas."""
    pen = _pen(mask)
    side = int(5 * pen) | 1
    solid = cv2.erode(mask, np.ones((side, side), np.uint8), borderValue=1)
    edge = np.concatenate((mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    if not edge.any():
        return mask
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    touching = np.unique(np.concatenate((labels[0], labels[-1], labels[:, 0], labels[:, -1])))
    cores = np.bincount(labels[solid > 0], minlength=len(stats))
    dark = np.zeros(len(stats), np.bool_)
    dark[touching] = cores[touching] > 0.2 * stats[touching, cv2.CC_STAT_AREA]
    dark[0] = False
    return np.where(dark[labels], 0, mask).astype(np.uint8)


def _components(mask: Gray) -> _Parts:
    pen = _pen(mask)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    left, top, width, height, ink = (stats[1:, i].astype(np.int64) for i in range(5))
    longer, shorter = np.maximum(width, height), np.minimum(width, height)
    # A single stroke tells the size of writing by its length, a joined word or column by its narrow side.
    sizes = np.where(ink <= 1.5 * pen * longer, longer, shorter)
    return _Parts(labels, np.stack((left, top, left + width, top + height), axis=1), ink, sizes, pen)


def _turned(parts: _Parts) -> _Parts:
    """A quarter to the left."""
    left, top, right, bottom = parts.edges.T
    width = parts.labels.shape[1]
    edges = np.stack((top, width - right, bottom, width - left), axis=1)
    return _Parts(np.rot90(parts.labels), edges, parts.ink, parts.sizes, parts.pen)


def _smooth(profile: npt.NDArray[np.float64], sigma: float) -> npt.NDArray[np.float64]:
    row = cv2.GaussianBlur(profile.reshape(1, -1), (0, 0), max(0.3, sigma), borderType=cv2.BORDER_CONSTANT)
    return np.asarray(row, np.float64).ravel()


def _find_direction(mask: Gray, size: float) -> Direction:
    """By three signs: the shape of the ink, the depth of the valleys, and the gaps between neighbours."""
    across, down = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    width, height = float(across[-1] - across[0] + 1), float(down[-1] - down[0] + 1)
    if min(width, height) <= ONE_LINE * size:
        return "vertical" if height > 1.2 * width else "horizontal"
    unevenness = []
    gaps = []
    for turned in (mask, mask.T):
        profile = turned.sum(axis=1, dtype=np.float64)
        ink = np.flatnonzero(profile)
        smooth = _smooth(np.pad(profile[ink[0] : ink[-1] + 1], int(size / 4) + 1), 0.15 * size)
        unevenness.append(float(smooth.var() / smooth.mean() ** 2))
        gaps.append(_usual_gap(turned, 0.25 * size))
    # Each is a ratio of one direction to the other; where nothing tells, 0.2 leaves it horizontal.
    signs = np.log(unevenness[0] / unevenness[1]) + np.log(gaps[1] / gaps[0]) + 0.3 * np.log(width / height) + 0.2
    return "horizontal" if signs >= 0 else "vertical"


def _usual_gap(mask: Gray, least: float) -> float:
    """The median run of paper between ink along a row, in pixels, those within a character left out."""
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, at = np.nonzero(steps)
    begins = steps[rows, at] > 0
    between = ~begins[:-1] & begins[1:] & (rows[:-1] == rows[1:])
    gaps = np.diff(at)[between]
    gaps = gaps[gaps > least]
    return float(np.median(gaps)) if len(gaps) > 10 else 4 * least


@dataclass(slots=True)
class _Band:
    """Rows that may be one line: half-open range, highest level of the smooth profile, ink's own rows."""

    start: int
    stop: int
    peak: float
    top: int
    bottom: int


def _band(smooth: npt.NDArray[np.float64], start: int, stop: int) -> _Band:
    peak = float(smooth[start:stop].max())
    ink = np.flatnonzero(smooth[start:stop] > 0.15 * peak)
    top, bottom = (int(ink[0]), int(ink[-1]) + 1) if len(ink) else (0, 0)
    return _Band(start, stop, peak, start + top, start + bottom)


def _bands(parts: _Parts, keep: npt.NDArray[np.bool_], size: float) -> list[_Band]:
    known = np.concatenate(([False], keep))
    profile = known[parts.labels].sum(axis=1, dtype=np.float64)
    smooth = _smooth(profile, 0.18 * size)
    bands = _merged(_first_bands(smooth), smooth, parts, size)
    return _without_fragments(bands, smooth)


def _first_bands(smooth: npt.NDArray[np.float64]) -> list[_Band]:
    """Cut at every valley; in the middle of flat ones."""
    level = smooth > 1e-3 * smooth.max()
    step = np.sign(np.diff(np.where(level, smooth, 0.0)))
    turns = np.flatnonzero(step)
    falls = step[turns]
    valleys = np.flatnonzero((falls[:-1] < 0) & (falls[1:] > 0))
    cuts = [0, *((turns[valleys] + 1 + turns[valleys + 1]) // 2).tolist(), len(smooth)]
    return [_band(smooth, a, b) for a, b in itertools.pairwise(cuts) if b > a and smooth[a:b].max() > 0]


def _merged(bands: list[_Band], smooth: npt.NDArray[np.float64], parts: _Parts, size: float) -> list[_Band]:
    """Bands joined until every valley between two is deep and no two are as small as one line."""
    while len(bands) > 1:
        # How much two neighbours belong together: over 1 they are one line.
        bonds = []
        for upper, lower in itertools.pairwise(bands):
            valley = float(smooth[lower.start - 1 : lower.start + 1].min())
            shallow = valley / min(upper.peak, lower.peak) / SHALLOW
            close = ONE_LINE * parts.near(upper.start, lower.stop, size) / max(1, lower.bottom - upper.top)
            bonds.append(max(shallow, close))
        best = int(np.argmax(bonds))
        if bonds[best] < 1.0:
            break
        bands[best : best + 2] = [_band(smooth, bands[best].start, bands[best + 1].stop)]
    return bands


def _without_fragments(bands: list[_Band], smooth: npt.NDArray[np.float64]) -> list[_Band]:
    """Bands that are low for this page and near a neighbour joined to it: accents, the foot of a character."""
    while len(bands) > 2:
        usual = float(np.median([band.bottom - band.top for band in bands]))
        joint = [
            (lower.bottom - upper.top) / usual
            if min(lower.bottom - lower.top, upper.bottom - upper.top) < FRAGMENT * usual
            else np.inf
            for upper, lower in itertools.pairwise(bands)
        ]
        best = int(np.argmin(joint))
        if joint[best] > 1.25:
            break
        bands[best : best + 2] = [_band(smooth, bands[best].start, bands[best + 1].stop)]
    return bands


def _boxes(
    parts: _Parts, bands: list[_Band], keep: npt.NDArray[np.bool_], size: float
) -> list[tuple[int, int, int, int]]:
    """Edges l t r b of each band's ink: whole components, and those that reach through several lines cut apart."""
    top, bottom = parts.edges[:, 1], parts.edges[:, 3]
    middle = (top + bottom) / 2
    found = []
    for band in bands:
        mine = keep & (middle >= band.start) & (middle < band.stop)
        if not mine.any() or parts.reach[mine].max() < SMALLEST_LINE * size:
            continue
        edges = parts.edges[mine]
        box = (*edges[:, :2].min(axis=0).tolist(), *edges[:, 2:].max(axis=0).tolist())
        if box[3] - box[1] < FLAT * size and box[2] - box[0] > 3 * size:
            continue
        found.append(box)
    return found
