"""A clean page picture to lines by projection: what finds lines where no trained detector does.

Pictures are `(height, width) uint8`, 255 = paper, 0 = ink, level. Vertical writing is turned a quarter to the left, so
that its columns, right to left, are rows from top to bottom: everything below speaks of rows only. Lines are told apart
by the valleys of the row profile (Likforman-Sulem et al. 2007, section 4.1), judged by the size of the writing itself,
which the connected components give.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.errors import DataError
from tenarai.image.clean import Gray, binarised
from tenarai.page.layout import Box, Direction
from tenarai.page.paper import pen_width, runs_of, without_rules, without_shadows

SIDE = 1600  # pixels to which larger pictures are shrunk before measuring: a page's strokes stay 2 wide, time bounded
LEAST_INK = 12  # pixels below which a picture is blank
SPECK = 0.15  # of the size of the writing: dust, and dots which only count next to other ink
SMALLEST_LINE = 0.35  # of the size: a line has at least one part as large as this
SHALLOW = 0.6  # a valley higher than this part of the lower of its two peaks lies inside a line
ONE_LINE = 1.45  # of the size: rows no taller in all are one line, however deep the valleys (三, ニ, い)
NARROW = 2.3  # of the size: less than the height of two lines
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
    """Connected components of a mask: `mask (h, w) uint8`, `labels (h, w) int32`, and for each of n components its
    edges in pixels `(n, 4)` l t r b, its ink in pixels, and the size of writing that it speaks for.
    """

    mask: Gray
    labels: npt.NDArray[np.int32]
    edges: npt.NDArray[np.int64]
    ink: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]

    @property
    def reach(self) -> npt.NDArray[np.int64]:
        """The longer side of each."""
        return np.asarray(np.maximum(self.edges[:, 2] - self.edges[:, 0], self.edges[:, 3] - self.edges[:, 1]))

    @property
    def middle(self) -> npt.NDArray[np.float64]:
        """The row half way down each."""
        return np.asarray((self.edges[:, 1] + self.edges[:, 3]) / 2)

    def size(self, start: float = -np.inf, stop: float = np.inf) -> float:
        """The size of the writing between two rows, in pixels: three quarters of a kanji, an ascender and a half of
        Latin. Weighted by ink, so that the many dots of a page do not count as writing; 0.0 where there is none.
        """
        here = (self.middle >= start) & (self.middle < stop)
        if not here.any():
            return 0.0
        order = np.argsort(self.sizes[here])
        mass = np.cumsum(self.ink[here][order])
        return float(self.sizes[here][order][np.searchsorted(mass, 0.65 * mass[-1])])


def split_lines(picture: Gray, direction: Direction | Literal["auto"] = "auto") -> Split:
    """Lines of one block of writing, boxes tight to the ink but for a small margin; none on blank paper.

    Specks, shadows along the edges and ruled lines are left out. "auto" finds the direction of the writing, and says
    horizontal where nothing tells. Raises DataError when `picture` is not `(height, width) uint8`.
    """
    if picture.ndim != 2 or picture.dtype != np.uint8 or not picture.size:
        raise DataError(
            f"A {picture.dtype} picture of shape {picture.shape} was given: expected (height, width) uint8."
        )
    if direction not in ("auto", "horizontal", "vertical"):
        raise DataError(f"A direction is auto, horizontal or vertical, not {direction!r}.")
    small = _shrunk(picture)
    mask = binarised(small).astype(np.uint8)
    pen = pen_width(mask)
    mask = without_shadows(without_rules(mask, pen), pen)
    if np.count_nonzero(mask) < LEAST_INK:
        return Split("horizontal" if direction == "auto" else direction, ())
    parts = _components(mask, pen)
    size = parts.size()
    found: Direction = _find_direction(mask, size) if direction == "auto" else direction
    if found == "vertical":
        parts = _turned(parts)
    rows = np.array(_boxes(parts, _bands(parts, size), size), np.float64).reshape(-1, 4)
    left, top, right, bottom = rows.T
    if found == "vertical":
        left, top, right, bottom = small.shape[1] - bottom, left, small.shape[1] - top, right
    margin = MARGIN * size + 1
    across, down = picture.shape[1] / small.shape[1], picture.shape[0] / small.shape[0]
    edges = np.stack(
        (
            np.maximum(0, (left - margin) * across),
            np.maximum(0, (top - margin) * down),
            np.minimum(picture.shape[1], (right + margin) * across),
            np.minimum(picture.shape[0], (bottom + margin) * down),
        ),
        axis=1,
    )
    return Split(found, tuple(Box(*row) for row in edges.tolist()))


def _shrunk(picture: Gray) -> Gray:
    scale = SIDE / max(picture.shape)
    if scale >= 1.0:
        return picture
    size = (max(2, round(picture.shape[1] * scale)), max(2, round(picture.shape[0] * scale)))
    # Down to a half, two pixels are all there is to average, and linear interpolation is several times faster.
    method = cv2.INTER_LINEAR if scale >= 0.5 else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, size, interpolation=method), np.uint8)


def _components(mask: Gray, pen: float) -> _Parts:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    left, top, width, height, ink = (stats[1:, i].astype(np.int64) for i in range(5))
    longer, shorter = np.maximum(width, height), np.minimum(width, height)
    # A single stroke tells the size of writing by its length, a joined word or column by its narrow side.
    sizes = np.where(ink <= 1.6 * pen * longer, longer, shorter)
    edges = np.stack((left, top, left + width, top + height), axis=1)
    return _Parts(mask, np.asarray(labels, np.int32), edges, ink, sizes)


def _turned(parts: _Parts) -> _Parts:
    """A quarter to the left."""
    left, top, right, bottom = parts.edges.T
    width = parts.labels.shape[1]
    edges = np.stack((top, width - right, bottom, width - left), axis=1)
    return _Parts(np.rot90(parts.mask), np.rot90(parts.labels), edges, parts.ink, parts.sizes)


def _smooth(profile: npt.NDArray[np.float64], sigma: float) -> npt.NDArray[np.float64]:
    row = cv2.GaussianBlur(profile.reshape(1, -1), (0, 0), max(0.3, sigma), borderType=cv2.BORDER_CONSTANT)
    return np.asarray(row, np.float64).ravel()


def _find_direction(mask: Gray, size: float) -> Direction:
    """By three signs: the shape of the ink, the depth of the valleys, and the gaps between neighbours."""
    across, down = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    width, height = float(across[-1] - across[0] + 1), float(down[-1] - down[0] + 1)
    # Too low for two lines: writing runs along it, however wide its characters stand apart.
    if min(width, height) <= NARROW * size and max(width, height) > 1.3 * min(width, height):
        return "vertical" if height > width else "horizontal"
    unevenness, gaps = [], []
    for turned in (mask, mask.T):
        profile = turned.sum(axis=1, dtype=np.float64)
        ink = np.flatnonzero(profile)
        smooth = _smooth(np.pad(profile[ink[0] : ink[-1] + 1], int(size / 4) + 1), 0.15 * size)
        unevenness.append(float(smooth.var() / smooth.mean() ** 2))
        runs = runs_of(turned, ink=False)
        runs = runs[runs > 0.25 * size]  # narrower ones lie within a character
        gaps.append(float(np.median(runs)) if len(runs) > 10 else size)
    # Each is a ratio of one direction to the other; where nothing tells, 0.2 leaves it horizontal.
    signs = np.log(unevenness[0] / unevenness[1]) + np.log(gaps[1] / gaps[0]) + 0.5 * np.log(width / height) + 0.2
    return "horizontal" if signs >= 0 else "vertical"


@dataclass(frozen=True, slots=True)
class _Band:
    """Rows that may be one line: half-open range, the height of its profile's peak, the rows of the bulk of its ink."""

    start: int
    stop: int
    peak: float
    top: int
    bottom: int

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    @property
    def height(self) -> int:
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class _Profile:
    """Ink of each row, `(height,) float64` in pixels, and the same smoothed."""

    rows: npt.NDArray[np.float64]
    smooth: npt.NDArray[np.float64]

    def band(self, start: int, stop: int) -> _Band:
        here = self.rows[start:stop]
        ink = np.flatnonzero(here > 0.1 * here.max(initial=0.0))
        top, bottom = (int(ink[0]), int(ink[-1]) + 1) if len(ink) else (0, stop - start)
        return _Band(start, stop, float(self.smooth[start:stop].max(initial=0.0)), start + top, start + bottom)

    def joined(self, bands: list[_Band], first: int) -> list[_Band]:
        """`bands` with number `first` and the next as one."""
        return [*bands[:first], self.band(bands[first].start, bands[first + 1].stop), *bands[first + 2 :]]


def _bands(parts: _Parts, size: float) -> list[_Band]:
    """The rows of each line."""
    profile = parts.mask.sum(axis=1, dtype=np.float64)
    specks = parts.reach < SPECK * size
    # They are lower than the smoothing is wide: one row stands for all of theirs.
    profile -= np.bincount(parts.middle[specks].astype(int), parts.ink[specks], minlength=len(profile))
    profile = np.maximum(profile, 0.0)
    both = _Profile(profile, _smooth(profile, 0.18 * size))
    return _parted(_without_fragments(_merged(_first_bands(both), both, parts, size), both), both, parts, size)


def _first_bands(profile: _Profile) -> list[_Band]:
    """Cut at every valley; in the middle of flat ones."""
    smooth = np.where(profile.smooth > 1e-3 * profile.smooth.max(), profile.smooth, 0.0)
    step = np.sign(np.diff(smooth))
    turns = np.flatnonzero(step)
    valleys = np.flatnonzero((step[turns][:-1] < 0) & (step[turns][1:] > 0))
    cuts = [0, *((turns[valleys] + 1 + turns[valleys + 1]) // 2).tolist(), len(smooth)]
    return [profile.band(start, stop) for start, stop in pairwise(cuts) if smooth[start:stop].any()]


def _merged(bands: list[_Band], profile: _Profile, parts: _Parts, size: float) -> list[_Band]:
    """Bands joined until every valley between two is deep and no two are as low as one line."""
    while len(bands) > 1:
        # How much two neighbours belong together: over 1 they are one line.
        bonds = []
        for upper, lower in pairwise(bands):
            valley = float(profile.smooth[lower.start - 1 : lower.start + 1].min())
            shallow = valley / min(upper.peak, lower.peak) / SHALLOW
            # A large heading has large characters; but one joined blot must not swallow lines.
            local = min(2.0 * size, max(0.5 * size, parts.size(upper.start, lower.stop)))
            close = ONE_LINE * local / max(1, lower.bottom - upper.top)
            bonds.append(max(shallow, close))
        best = int(np.argmax(bonds))
        if bonds[best] < 1.0:
            break
        bands = profile.joined(bands, best)
    return bands


def _without_fragments(bands: list[_Band], profile: _Profile) -> list[_Band]:
    """Bands that are low for this page and near a neighbour joined to it: accents, the foot of a character."""
    while len(bands) > 1:
        # Of two lines, the larger is the usual one.
        usual = sorted(band.height for band in bands)[len(bands) // 2]
        joint = [
            (lower.bottom - upper.top) / usual if min(lower.height, upper.height) < FRAGMENT * usual else np.inf
            for upper, lower in pairwise(bands)
        ]
        best = int(np.argmin(joint))
        if joint[best] > 1.25:
            break
        bands = profile.joined(bands, best)
    return bands


def _parted(bands: list[_Band], profile: _Profile, parts: _Parts, size: float) -> list[_Band]:
    """Bands much taller than the lines' pitch cut at their valley, unless it is their writing that is large."""
    if len(bands) < 4:
        return bands
    pitch = float(np.median(np.diff([band.middle for band in bands])))
    found = []
    for band in bands:
        low, high = int(band.top + 0.5 * pitch), int(band.bottom - 0.5 * pitch)
        if band.height > TOO_TALL * pitch and parts.size(band.start, band.stop) < 1.4 * size:
            cut = low + int(np.argmin(profile.smooth[low : high + 1]))
            found += [profile.band(band.start, cut), profile.band(cut, band.stop)]
        else:
            found.append(band)
    return found


def _boxes(parts: _Parts, bands: list[_Band], size: float) -> list[tuple[int, int, int, int]]:
    """Edges l t r b of each line's ink. Dots count next to larger ink; a band of nothing else is no line."""
    found = []
    whole = np.ones(len(parts.ink), np.bool_)
    pieces = _pieces(parts, bands)
    whole[[part for part, _, _ in pieces]] = False
    for number, band in enumerate(bands):
        mine = (parts.middle >= band.start) & (parts.middle < band.stop) & whole
        edges = np.concatenate(
            (parts.edges[mine], [edge for _, owner, edge in pieces if owner == number] or np.empty((0, 4), np.int64))
        )
        reach = np.maximum(edges[:, 2] - edges[:, 0], edges[:, 3] - edges[:, 1])
        large = edges[reach >= max(2.0, SPECK * size)]
        if reach.max(initial=0) < max(2.0, SMALLEST_LINE * size):
            continue
        near = 0.5 * size
        left, right = large[:, 0].min() - near, large[:, 2].max() + near
        top, bottom = large[:, 1].min() - near, large[:, 3].max() + near
        kept = edges[(edges[:, 0] >= left) & (edges[:, 2] <= right) & (edges[:, 1] >= top) & (edges[:, 3] <= bottom)]
        box = (*kept[:, :2].min(axis=0).tolist(), *kept[:, 2:].max(axis=0).tolist())
        if box[3] - box[1] >= FLAT * size or box[2] - box[0] <= 3 * size:
            found.append(box)
    return found


def _pieces(parts: _Parts, bands: list[_Band]) -> list[tuple[int, int, list[int]]]:
    """Components that reach through the middle of several lines, cut: (component, band, edges l t r b)."""
    middles = np.array([band.middle for band in bands])
    first = np.searchsorted(middles, parts.edges[:, 1])
    last = np.searchsorted(middles, parts.edges[:, 3])
    found = []
    for part in np.flatnonzero(last - first > 1).tolist():
        left, top, right, bottom = parts.edges[part].tolist()
        ink = parts.labels[top:bottom, left:right] == part + 1
        for number, band in enumerate(bands):
            rows = slice(max(0, band.start - top), max(0, band.stop - top))
            # A tail that strays into the next line is left to it.
            if np.count_nonzero(ink[rows]) < 0.2 * parts.ink[part]:
                continue
            down, across = np.flatnonzero(ink[rows].any(axis=1)) + rows.start, np.flatnonzero(ink[rows].any(axis=0))
            edges = [left + across[0], top + down[0], left + across[-1] + 1, top + down[-1] + 1]
            found.append((part, number, [int(edge) for edge in edges]))
    return found
