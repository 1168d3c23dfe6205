"""Half-size double lines (warichu) that were left in their column: where small characters stand side by side in it,
it is parted into the piece before them, their right half, their left half, and the piece after.

Places along a column are pixels from the top of the page; places across it go from 0, its left edge, to 1, its right
one, so that a slanting or curved column is as good as a straight one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from tenarai.page.layout import Box, Character, Line

WIDE, HIGH = 0.7, 0.8  # of the column's width: what is larger is none of a double line's characters
ABREAST = 0.4  # of the lower one: so far two characters side by side overlap along the column
OVER = 0.25  # of the narrower one: so far at most across it
NEAR = 0.5  # of the column's width: what is farther apart along it is another double line
AHEAD = 0.3  # the same, between a half and one more of its characters
BESIDE = 0.1  # of the width: so far outside of the outline a middle may lie
ASIDE = 0.3  # of the halves' distance: so far from the middle of a half its characters stand at most

Side = Literal["right", "left"]
SIDES: tuple[Side, Side] = ("right", "left")  # as they are read


@dataclass(frozen=True, slots=True)
class _Column:
    """The long edges of a column: `(points,) float64` each, x at the y that they share."""

    y: npt.NDArray[np.float64]
    left: npt.NDArray[np.float64]
    right: npt.NDArray[np.float64]

    def edges(self, y: float) -> tuple[float, float]:
        return float(np.interp(y, self.y, self.left)), float(np.interp(y, self.y, self.right))

    @property
    def width(self) -> float:
        return float(np.median(self.right - self.left))


@dataclass(frozen=True, slots=True)
class _Sign:
    """A character in its column: where it is along and across it."""

    top: float
    bottom: float
    left: float
    right: float

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def width(self) -> float:
        return self.right - self.left


def with_halves(lines: Iterable[Line], characters: Sequence[Character]) -> list[Line]:
    """Lines of a page, its columns parted where the `characters` seen on it stand side by side."""
    return [part for line in lines for part in (parted(line, characters) if line.direction == "vertical" else (line,))]


def parted(line: Line, characters: Iterable[Character]) -> list[Line]:
    """The pieces of a column in the order in which they are read; the column itself where it holds no double line."""
    column = _column(line)
    width = column.width
    signs = [sign for c in characters if (sign := _placed(c.box, column, line.box)) is not None]
    small = [sign for sign in signs if sign.width < WIDE and sign.height < HIGH * width]
    doubles = _doubles(small, width)
    if not doubles:
        return [line]
    found: list[Line] = []
    top = line.box.top
    for double in doubles:
        found += _between(line, column, signs, top, min(sign.top for sign in double))
        found += [_half(line, column, [sign for sign in double if double[sign] == side]) for side in SIDES]
        top = max(sign.bottom for sign in double)
    return [*found, *_between(line, column, signs, top, line.box.bottom)]


def _column(line: Line) -> _Column:
    """A detector's outline has as many points on one long edge as on the other, one beside the other."""
    box, outline = line.box, np.array(line.polygon, np.float64)
    if len(outline) < 4 or len(outline) % 2:
        y = np.array([box.top, box.bottom])
        return _Column(y, np.full(2, box.left), np.full(2, box.right))
    one, other = outline[: len(outline) // 2], outline[len(outline) // 2 :][::-1]
    order = np.argsort(one[:, 1], kind="stable")
    one, other = one[order], other[order]
    return _Column(one[:, 1], np.minimum(one[:, 0], other[:, 0]), np.maximum(one[:, 0], other[:, 0]))


def _placed(box: Box, column: _Column, around: Box) -> _Sign | None:
    """None where the middle of a character lies outside of the column."""
    y, x = (box.top + box.bottom) / 2, (box.left + box.right) / 2
    left, right = column.edges(y)
    if not (around.top <= y <= around.bottom and -BESIDE < (x - left) / max(right - left, 1e-9) < 1 + BESIDE):
        return None
    size = right - left
    return _Sign(box.top, box.bottom, (box.left - left) / size, (box.right - left) / size)


def _doubles(small: Sequence[_Sign], width: float) -> list[dict[_Sign, Side]]:
    """The double lines of a column from its top, each with its characters and the half that they stand in."""
    sides: dict[_Sign, Side] = {}
    for one in small:
        for other in small:
            if other.left < one.left and _side_by_side(one, other):
                sides[one], sides[other] = "right", "left"
    groups: list[dict[_Sign, Side]] = []
    end = -np.inf
    for sign in sorted(sides, key=lambda sign: sign.top):
        if sign.top - end > NEAR * width:
            groups.append({})
        groups[-1][sign] = sides[sign]
        end = max(end, sign.bottom)
    groups = [group for group in groups if len(set(group.values())) == len(SIDES)]  # of three abreast one side is left
    rest = [sign for sign in small if sign not in sides]
    for group in groups:
        _complete(group, rest, width)
    return groups


def _side_by_side(one: _Sign, other: _Sign) -> bool:
    across = min(one.right, other.right) - max(one.left, other.left)
    along = min(one.bottom, other.bottom) - max(one.top, other.top)
    return across < OVER * min(one.width, other.width) and along > ABREAST * min(one.height, other.height)


def _complete(group: dict[_Sign, Side], rest: list[_Sign], width: float) -> None:
    """Takes what goes on with a half out of the rest: the last characters of the longer one stand alone."""
    grown = True
    while grown:
        grown = False
        start, end = min(sign.top for sign in group), max(sign.bottom for sign in group)
        middles = {
            side: float(np.mean([sign.middle for sign, other in group.items() if other == side])) for side in SIDES
        }
        apart = abs(middles["right"] - middles["left"])
        for sign in list(rest):
            side = min(middles, key=lambda side: abs(middles[side] - sign.middle))
            near = max(sign.top - end, start - sign.bottom) < AHEAD * width
            if near and abs(middles[side] - sign.middle) < ASIDE * apart:
                group[sign] = side
                rest.remove(sign)
                grown = True


def _between(line: Line, column: _Column, signs: Sequence[_Sign], top: float, bottom: float) -> list[Line]:
    """The piece of a column from top to bottom, as long as its characters are; nothing where it has none."""
    inside = [sign for sign in signs if top <= (sign.top + sign.bottom) / 2 <= bottom]
    if not inside:
        return []
    # The ends of the column are where the detector saw them.
    first = top if top == line.box.top else max(top, min(sign.top for sign in inside))
    last = bottom if bottom == line.box.bottom else min(bottom, max(sign.bottom for sign in inside))
    return [_piece(line, column, first, last, 0.0, 1.0)]


def _half(line: Line, column: _Column, signs: Sequence[_Sign]) -> Line:
    return _piece(
        line,
        column,
        min(sign.top for sign in signs),
        max(sign.bottom for sign in signs),
        min(sign.left for sign in signs),
        max(sign.right for sign in signs),
    )


def _piece(line: Line, column: _Column, top: float, bottom: float, left: float, right: float) -> Line:
    y = np.array([top, *column.y[(column.y > top) & (column.y < bottom)], bottom])
    one, other = np.interp(y, column.y, column.left), np.interp(y, column.y, column.right)
    near, far = one + left * (other - one), one + right * (other - one)
    points = [*zip(near.tolist(), y.tolist(), strict=True), *zip(far[::-1].tolist(), y[::-1].tolist(), strict=True)]
    box = Box(float(near.min()), float(top), float(far.max()), float(bottom))
    return replace(line, box=box, polygon=tuple((float(x), float(v)) for x, v in points))
