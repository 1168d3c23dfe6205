"""Lines and characters of a page of any size: the scale at which a detector sees them best is found by itself."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.image.clean import Gray
from tenarai.page.layout import Character, Direction, Line
from tenarai.page.place import mostly, scaled_line

Look = Callable[[Gray], Sequence[Line]]

SIDE = 1280  # pixels: pages are looked at with their longer side so long at most
LARGEST = 3200  # pixels: and where the writing is too small for that, so long
FINE, COARSE = 12.0, 64.0  # pixels: thinner or thicker lines than these are looked at again
BEST = 28.0  # pixels: as thick as lines should be when looked at again
LARGE = 40.0  # pixels: as thick as lines should be for their characters
# Of its thickness: so much is added to a row on both sides, for the tails of its letters. Columns have none.
WIDER = 0.1


def find_lines(picture: Gray, look: Look, direction: Direction | None = None) -> tuple[Line, ...]:
    """The lines of a clean page `(height, width) uint8`, 255 = paper, in no order, of one direction or of both.

    `look` is a detector: it gives the lines that it sees on a picture of the page. Places are pixels of the page.
    """
    scale = min(1.0, SIDE / max(picture.shape))
    lines = _at(scale, picture, look)
    thickness = _thickness(lines) * scale
    better = scale
    if lines and thickness < FINE:
        better = min(1.0, scale * BEST / thickness, LARGEST / max(picture.shape))
    elif thickness > COARSE:
        better = scale * BEST / thickness
    elif not lines:
        # Nothing of a size that it knows: it may be one line that fills the picture.
        better = min(1.0, 2 * BEST / min(picture.shape))
    if abs(np.log(better / scale)) > 0.1:
        again = _at(better, picture, look)
        lines = again or lines
    chosen = [line for line in lines if direction in (None, line.direction)]
    height, width = picture.shape
    return tuple(line if line.direction == "vertical" else widened(line, WIDER, width, height) for line in chosen)


def find_characters(
    picture: Gray, look: Callable[[Gray], Sequence[Character]], lines: Sequence[Line]
) -> list[Character]:
    """The characters of a clean page, in no order and unread, seen where its `lines`, as they were found, are as thick
    as a detector knows characters best. Places are pixels of the page."""
    scale = min(1.0, SIDE / max(picture.shape))
    usual = _thickness(lines)
    if usual:
        usual /= 1 if mostly(lines) == "vertical" else 1 + 2 * WIDER
        scale = min(1.0, LARGE / usual, LARGEST / max(picture.shape))
    return [replace(one, box=one.box.scaled(1 / scale)) for one in look(_shrunk(picture, scale))]


def _at(scale: float, picture: Gray, look: Look) -> list[Line]:
    return [scaled_line(line, 1 / scale) for line in look(_shrunk(picture, scale))]


def _shrunk(picture: Gray, scale: float) -> Gray:
    if scale >= 1:
        return picture
    size = tuple(max(1, round(side * scale)) for side in picture.shape[::-1])
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _thickness(lines: Sequence[Line]) -> float:
    """The usual thickness of the lines in pixels; 0 where there is none."""
    across = [thickness(line) for line in lines]
    return float(np.median(across)) if across else 0.0


def thickness(line: Line) -> float:
    """How thick a line is, in pixels: of a slanting one less than its box is high."""
    if len(line.polygon) < 4:
        return line.box.width if line.direction == "vertical" else line.box.height
    one, other = _edges(line)
    return float(np.median(np.abs(one - other)[:, 0 if line.direction == "vertical" else 1]))


def _edges(line: Line) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The two long edges of a detector's outline, point beside point, `(n, 2)` each."""
    outline = np.array(line.polygon, np.float64)
    half = len(outline) // 2
    return outline[:half], outline[half:][::-1]


def widened(line: Line, part: float, width: int, height: int) -> Line:
    """A line a part of its thickness wider on both sides, within the page."""
    one, other = _edges(line)
    away = (other - one) * part
    points = np.clip(np.concatenate((one - away, (other + away)[::-1])), 0, (width, height))
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    polygon = tuple((float(x), float(y)) for x, y in points)
    return replace(line, box=replace(line.box, left=left, top=top, right=right, bottom=bottom), polygon=polygon)
