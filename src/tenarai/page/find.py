"""Lines and characters of a page of any size: the scale at which a detector sees them best is found by itself."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.image.clean import Gray
from tenarai.page.layout import Character, Direction, Line
from tenarai.page.place import mostly, scaled_line
from tenarai.page.warichu import with_halves

Seen = tuple[Sequence[Line], Sequence[Character]]
Look = Callable[[Gray], Seen]

SIDE = 1280  # pixels: pages are looked at with their longer side so long at most
LARGEST = 3200  # pixels: and where the writing is too small for that, so long
FINE, COARSE = 12.0, 64.0  # pixels: thinner or thicker lines than these are looked at again
BEST = 28.0  # pixels: as thick as lines should be when looked at again
LARGE = 40.0  # pixels: as thick as lines should be for their characters, and columns for what stands in halves in them
ENLARGED = 1.5  # columns are enlarged so far at most
# Of its thickness: so much is added to a row on both sides, for the tails of its letters. Columns have none.
WIDER = 0.1


def find_lines(picture: Gray, look: Look, direction: Direction | None = None) -> tuple[Line, ...]:
    """The lines of a clean page `(height, width) uint8`, 255 = paper, in no order, of one direction or of both.

    `look` is a detector: it gives the lines and characters that it sees on a picture of the page. Columns are looked at
    closely, and parted where they hold double lines (`page.warichu`). Places are pixels of the page.
    """
    scale = min(1.0, SIDE / max(picture.shape))
    lines, characters = _at(scale, picture, look)
    thickness = _thickness(lines) * scale
    better = scale
    if lines and thickness < LARGE and mostly(lines) == "vertical":
        better = min(ENLARGED, scale * LARGE / thickness, LARGEST / max(picture.shape))
    elif lines and thickness < FINE:
        better = min(1.0, scale * BEST / thickness, LARGEST / max(picture.shape))
    elif thickness > COARSE:
        better = scale * BEST / thickness
    elif not lines:
        # Nothing of a size that it knows: it may be one line that fills the picture.
        better = min(1.0, 2 * BEST / min(picture.shape))
    if abs(np.log(better / scale)) > 0.1:
        again = _at(better, picture, look)
        lines, characters = again if again[0] else (lines, characters)
    if lines and mostly(lines) == "vertical":
        lines = with_halves(lines, characters)
    chosen = [line for line in lines if direction in (None, line.direction)]
    height, width = picture.shape
    return tuple(line if line.direction == "vertical" else widened(line, WIDER, width, height) for line in chosen)


def find_characters(picture: Gray, look: Look, lines: Sequence[Line]) -> list[Character]:
    """The characters of a clean page, in no order and unread, seen where its `lines`, as they were found, are as thick
    as a detector knows characters best. Places are pixels of the page."""
    scale = min(1.0, SIDE / max(picture.shape))
    usual = _thickness(lines)
    if usual:
        usual /= 1 if mostly(lines) == "vertical" else 1 + 2 * WIDER
        scale = min(1.0, LARGE / usual, LARGEST / max(picture.shape))
    return list(_at(scale, picture, look)[1])


def _at(scale: float, picture: Gray, look: Look) -> Seen:
    """What is seen on the page scaled, in pixels of the page."""
    lines, characters = look(_resized(picture, scale))
    back = 1 / scale
    return [scaled_line(line, back) for line in lines], [replace(c, box=c.box.scaled(back)) for c in characters]


def _resized(picture: Gray, scale: float) -> Gray:
    if scale == 1:
        return picture
    size = tuple(max(1, round(side * scale)) for side in picture.shape[::-1])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8)


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
