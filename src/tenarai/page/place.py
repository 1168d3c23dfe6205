"""Places carried from one picture to another: boxes through affine maps, lines back from the levelled page.

Maps are `(2, 3) float64`, from pixels to pixels.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np
import numpy.typing as npt

from tenarai.errors import DataError
from tenarai.image.clean import Gray
from tenarai.page.layout import UNSIZED, Box, Direction, Line, Page

SAME_SHAPE = 0.02  # part by which the sides of a layout and of its picture may differ in proportion


def sides(box: Box) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    return box.left, box.top, box.right, box.bottom


def around(lines: Sequence[Line]) -> Box:
    """The smallest box around all of them, of which there is at least one."""
    return reduce(Box.union, [line.box for line in lines])


def within(box: Box, width: int, height: int) -> Box | None:
    """The part of the box that lies on a picture; None where that is less than a pixel."""
    left, top, right, bottom = (
        min(max(0.0, side), most) for side, most in zip(sides(box), (width, height) * 2, strict=True)
    )
    return Box(left, top, right, bottom) if right - left >= 1 and bottom - top >= 1 else None


def mostly(lines: Sequence[Line]) -> Direction:
    """The direction of most of the lines, of which there is at least one."""
    vertical = sum(line.direction == "vertical" for line in lines)
    return "vertical" if 2 * vertical > len(lines) else "horizontal"


def cut_out(picture: Gray, box: Box) -> Gray:
    """The pixels that the box touches, `(height, width) uint8`, a view."""
    return picture[int(box.top) : int(np.ceil(box.bottom)), int(box.left) : int(np.ceil(box.right))]


def corners(matrix: npt.NDArray[np.float64], *box: float) -> npt.NDArray[np.float64]:
    """The corners of left, top, right, bottom through the map, `(4, 2) float64`."""
    left, top, right, bottom = box
    places = np.array([[left, right, right, left], [top, top, bottom, bottom], [1, 1, 1, 1]], float)
    return np.asarray((matrix @ places).T)


def boxes_of(matrix: npt.NDArray[np.float64], sides: npt.ArrayLike) -> list[Box]:
    """The upright boxes around the image through the map of each left, top, right, bottom `(boxes, 4)`."""
    left, top, right, bottom = np.asarray(sides, np.float64).reshape(-1, 4).T
    right = np.maximum(left, right)
    points = np.stack((left, top, right, top, right, bottom, left, bottom), axis=1).reshape(-1, 4, 2)
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return [Box(*low, *high) for low, high in zip(moved.min(axis=1).tolist(), moved.max(axis=1).tolist(), strict=True)]


def box_of(matrix: npt.NDArray[np.float64], box: Box) -> Box:
    """The upright box around a box's image through the map."""
    return boxes_of(matrix, [sides(box)])[0]


def turned_back(line: Line, angle: float, middle: tuple[float, float]) -> Line:
    """A line found on the levelled page, in the pixels of the page as it was given."""
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    x0, y0 = middle
    # Levelling turned the page by -angle about its middle; this turns back.
    matrix = np.array([[cos, -sin, x0 - cos * x0 + sin * y0], [sin, cos, y0 - sin * x0 - cos * y0]])

    def moved(box: Box) -> Box:
        return box_of(matrix, box)

    polygon = tuple(
        (float(x), float(y))
        for x, y in (matrix @ np.array([*zip(*line.polygon, strict=True), [1.0] * len(line.polygon)])).T
    )
    characters = tuple(replace(c, box=moved(c.box)) for c in line.characters)
    return replace(line, box=moved(line.box), polygon=polygon, characters=characters)


def scaled_line(line: Line, across: float, down: float | None = None) -> Line:
    """A line on its picture scaled by `across` and `down` (the same if None)."""
    down = across if down is None else down
    characters = tuple(replace(c, box=c.box.scaled(across, down)) for c in line.characters)
    polygon = tuple((x * across, y * down) for x, y in line.polygon)
    return replace(line, box=line.box.scaled(across, down), characters=characters, polygon=polygon)


def scaled(page: Page, across: float, down: float | None = None) -> Page:
    """A page on its picture scaled by `across` and `down` (the same if None)."""
    down = across if down is None else down
    regions = tuple(
        replace(
            region,
            box=region.box.scaled(across, down),
            lines=tuple(scaled_line(line, across, down) for line in region.lines),
        )
        for region in page.regions
    )
    size = (max(1, round(page.width * across)), max(1, round(page.height * down)))
    return replace(page, width=size[0], height=size[1], regions=regions)


def fitted(page: Page, width: int, height: int) -> Page:
    """A layout in the pixels of a picture that is smaller or larger than the one that it was made of. Where it does not
    say how large that was, it stays as it is. Raises DataError when that had another shape."""
    if page.note(UNSIZED[0]) == UNSIZED[1] or not (page.width and page.height):
        return page
    across, down = width / page.width, height / page.height
    if abs(across / down - 1) > SAME_SHAPE:
        raise DataError(
            f"The layout is of a picture of {page.width} x {page.height} pixels, this one has {width} x {height}: "
            "give the picture that it was made of."
        )
    return page if across == down == 1 else replace(scaled(page, across, down), width=width, height=height)
