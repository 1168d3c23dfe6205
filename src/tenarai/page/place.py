"""Places carried from one picture to another: boxes through affine maps, lines back from the levelled page.

Maps are `(2, 3) float64`, from pixels to pixels.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np
import numpy.typing as npt

from tenarai.image.clean import Gray
from tenarai.page.layout import Box, Line


def sides(box: Box) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    return box.left, box.top, box.right, box.bottom


def around(lines: Sequence[Line]) -> Box:
    """The smallest box around all of them, of which there is at least one."""
    return reduce(Box.union, [line.box for line in lines])


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
