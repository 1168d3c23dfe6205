"""The maps that a detector should give for a page: the middles of its lines and characters, and how far they reach."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.model.maps import LENGTHS, LIKELIHOODS, STRIDE, UNIT
from tenarai.page.layout import Box, Line, Page
from tenarai.page.proposal import SHORTER
from tenarai.synth.line import is_cjk

CORE = 0.2  # of a line's thickness on each side of its middle
THINNEST = 0.55  # places on each side: the middle of the thinnest line is still a connected row
LEGIBLE = 6.0  # pixels: of a thinner line not even the place can be told
SPREAD = 1 / 7  # of a character's side: deviation of its peak

Map = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Targets:
    """`likely (3, h, w) float32`: 1 in the middle of lines, peaks of 1 in the middle of characters; `lengths (4, h, w)
    float32`, log(pixels / UNIT), told only where `told (2, h, w) bool` says so of a line and of a character."""

    likely: Map
    lengths: Map
    told: npt.NDArray[np.bool_]


def targets(page: Page, scale: float, left: int, top: int, side: int) -> Targets:
    """Of the square of `side` pixels whose corner is at `left`, `top` on the page scaled by `scale`."""
    places = side // STRIDE
    made = Targets(
        np.zeros((len(LIKELIHOODS), places, places), np.float32),
        np.zeros((len(LENGTHS), places, places), np.float32),
        np.zeros((2, places, places), bool),
    )
    window = Box(left, top, left + side, top + side)
    for region in page.regions:
        for line in region.lines:
            if line.box.scaled(scale).intersection_area(window) > 0:
                _put_line(made, _outline(line) * scale - (left, top), line.direction == "vertical")
            for character in line.characters:
                box = character.box.scaled(scale).shifted(-left, -top)
                if len(character.text) == 1 and is_cjk(character.text) and _inside(box, side):
                    _put_character(made, box)
    return made


def boxes_in(page: Page, scale: float, left: int, top: int, side: int) -> npt.NDArray[np.float32]:
    """The lines and characters that a square shows, cut off at its edges, `(n, 5) float32`: number of the class among
    LIKELIHOODS, then left, top, right, bottom in pixels of the square. What shows less than a third is left out."""
    square = Box(0, 0, side, side)
    rows = []
    for line in page.lines:
        found = [(1 if line.direction == "vertical" else 0, line.box)]
        found += [(2, c.box) for c in line.characters if len(c.text) == 1 and is_cjk(c.text)]
        for label, whole in found:
            box = whole.scaled(scale).shifted(-left, -top)
            if min(box.width, box.height) >= LEGIBLE and box.intersection_area(square) > box.area / 3:
                rows.append((label, *np.clip((box.left, box.top, box.right, box.bottom), 0, side)))
    return np.array(rows, np.float32).reshape(-1, 5)


def _inside(box: Box, side: int) -> bool:
    x, y = box.center
    return 0 <= x < side and 0 <= y < side and box.width >= 1 and box.height >= 1


def _outline(line: Line) -> npt.NDArray[np.float64]:
    if len(line.polygon) > 2:
        return np.array(line.polygon, np.float64)
    box = line.box
    return np.array([(box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom)])


def _edges(outline: npt.NDArray[np.float64]) -> tuple[int, npt.NDArray[np.float64], npt.NDArray[np.float64]] | None:
    """The first column of a horizontal outline in pixels, and its upper and lower edge at every column, evened out."""
    low = np.floor(outline.min(axis=0)).astype(int)
    width, height = (np.ceil(outline.max(axis=0)).astype(int) - low + 1).tolist()
    if width < 2 or height < 2:
        return None
    mask = cv2.fillPoly(np.zeros((height, width), np.uint8), [np.rint(outline - low).astype(np.int32)], 1)
    (filled,) = np.nonzero(mask.any(axis=0))
    if len(filled) < 2:
        return None
    columns = np.arange(filled[0], filled[-1] + 1)
    upper = low[1] + np.interp(columns, filled, mask.argmax(axis=0)[filled])
    lower = low[1] + np.interp(columns, filled, height - mask[::-1].argmax(axis=0)[filled])
    # An outline drawn around the letters goes up and down with each of them; a line does not.
    reach = min(len(columns), 2 * int(np.median(lower - upper))) | 1
    upper, lower = (
        cv2.blur(np.ascontiguousarray(edge[None]), (reach, 1), borderType=cv2.BORDER_REPLICATE)[0]
        for edge in (upper, lower)
    )
    return int(low[0] + filled[0]), np.asarray(upper, np.float64), np.asarray(lower, np.float64)


def _put_line(made: Targets, outline: npt.NDArray[np.float64], vertical: bool) -> None:
    edges = _edges(outline[:, ::-1] if vertical else outline)
    if edges is None:
        return
    first, upper, lower = edges
    thickness = float(np.median(lower - upper))
    if thickness < LEGIBLE:
        return
    inset = min(SHORTER * thickness, 0.4 * len(upper))
    # Places whose middle lies on the line, in the frame in which it is horizontal.
    likely = made.likely[1].T if vertical else made.likely[0]
    before, after = (made.lengths[i].T if vertical else made.lengths[i] for i in (0, 1))
    told = made.told[0].T if vertical else made.told[0]
    columns = np.arange(
        max(0, int(np.ceil((first + inset) / STRIDE - 0.5))),
        min(likely.shape[1], int((first + len(upper) - inset) / STRIDE - 0.5) + 1),
    )
    if not len(columns):
        return
    at = np.clip(((columns + 0.5) * STRIDE).astype(int) - first, 0, len(upper) - 1)
    top, bottom = upper[at], lower[at]
    middle = (top + bottom) / 2
    core = np.maximum(CORE * (bottom - top), THINNEST * STRIDE)
    low, high = int((middle - core).min() / STRIDE) - 1, int((middle + core).max() / STRIDE) + 2
    rows = np.arange(max(0, low), min(likely.shape[0], high))
    if not len(rows):
        return
    y = (rows[:, None] + 0.5) * STRIDE
    inside = np.abs(y - middle) <= core
    window = np.ix_(rows, columns)
    likely[window] = np.maximum(likely[window], inside)
    for lengths, pixels in ((before, y - top), (after, bottom - y)):
        lengths[window] = np.where(inside, np.log(np.maximum(pixels, 1.0) / UNIT), lengths[window])
    told[window] |= inside


def _put_character(made: Targets, box: Box) -> None:
    peak = made.likely[2]
    x, y = (value / STRIDE - 0.5 for value in box.center)
    spread = [max(0.7, SPREAD * side / STRIDE) for side in (box.width, box.height)]
    reach = [int(3 * value) + 1 for value in spread]
    columns = np.arange(max(0, round(x) - reach[0]), min(peak.shape[1], round(x) + reach[0] + 1))
    rows = np.arange(max(0, round(y) - reach[1]), min(peak.shape[0], round(y) + reach[1] + 1))
    middle = min(max(round(x), 0), peak.shape[1] - 1), min(max(round(y), 0), peak.shape[0] - 1)
    bell = np.exp(-(((columns - middle[0]) / spread[0]) ** 2 + ((rows[:, None] - middle[1]) / spread[1]) ** 2) / 2)
    window = np.ix_(rows, columns)
    peak[window] = np.maximum(peak[window], bell)
    near = np.ix_(
        np.arange(max(0, middle[1] - 1), min(peak.shape[0], middle[1] + 2)),
        np.arange(max(0, middle[0] - 1), min(peak.shape[1], middle[0] + 2)),
    )
    made.lengths[2][near], made.lengths[3][near] = np.log(box.width / UNIT), np.log(box.height / UNIT)
    made.told[1][near] = True
