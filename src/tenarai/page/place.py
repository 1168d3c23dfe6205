"""Places carried from one picture to another: boxes through affine maps, lines back from the levelled page.

Maps are `(2, 3) float64`, from pixels to pixels.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np
import numpy.typing as npt

from tenarai.image.clean import Gray
from tenarai.page.layout import Box, Direction, Line, Page


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


def box_of(matrix: npt.NDArray[np.float64], left: float, top: float, right: float, bottom: float) -> Box:
    """The upright box around these sides' image through the map."""
    points = corners(matrix, left, top, max(left, right), bottom)
    return Box(*points.min(axis=0), *points.max(axis=0))


def turned_back(line: Line, angle: float, middle: tuple[float, float]) -> Line:
    """A line found on the levelled page, in the pixels of the page as it was given."""
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    x0, y0 = middle
    # Levelling turned the page by -angle about its middle; this turns back.
    matrix = np.array([[cos, -sin, x0 - cos * x0 + sin * y0], [sin, cos, y0 - sin * x0 - cos * y0]])

    def moved(box: Box) -> Box:
        return box_of(matrix, box.left, box.top, box.right, box.bottom)

    polygon = tuple(
        (float(x), float(y))
        for x, y in (matrix @ np.array([*zip(*line.polygon, strict=True), [1.0] * len(line.polygon)])).T
    )
    characters = tuple(replace(c, box=moved(c.box)) for c in line.characters)
    return replace(line, box=moved(line.box), polygon=polygon, characters=characters)


def scaled_line(line: Line, factor: float) -> Line:
    """A line on its picture scaled by `factor`."""
    characters = tuple(replace(c, box=c.box.scaled(factor)) for c in line.characters)
    polygon = tuple((x * factor, y * factor) for x, y in line.polygon)
    return replace(line, box=line.box.scaled(factor), characters=characters, polygon=polygon)


def scaled(page: Page, factor: float) -> Page:
    """A page on its picture scaled by `factor`."""
    regions = tuple(
        replace(region, box=region.box.scaled(factor), lines=tuple(scaled_line(line, factor) for line in region.lines))
        for region in page.regions
    )
    size = (max(1, round(page.width * factor)), max(1, round(page.height * factor)))
    return replace(page, width=size[0], height=size[1], regions=regions)
