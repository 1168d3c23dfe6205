"""Shapes as the formats write them: polygons, boxes around them, and the direction where a format does not say it."""

import math
from collections.abc import Sequence
from typing import Any

from tenarai.errors import DataError
from tenarai.page.layout import Box, Direction, Line, Point

LIMIT = 1e7  # pixels: no page is larger, so a coordinate beyond it is damage
TALL = 1.5  # a line this many times as high as wide is a column


def box_around(points: Sequence[Point]) -> Box:
    """The box around at least one point. Raises DataError for coordinates that are not finite or beyond all pages."""
    if not points:
        raise DataError("A shape has no points.")
    xs, ys = [x for x, _ in points], [y for _, y in points]
    if not all(math.isfinite(v) and abs(v) <= LIMIT for v in (*xs, *ys)):
        raise DataError("A shape has a coordinate that is not finite, or further out than any page.")
    return Box(min(xs), min(ys), max(xs), max(ys))


def corners(box: Box) -> tuple[Point, ...]:
    """The four corners, clockwise from the left top."""
    return (box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom)


def outline(points: Sequence[Point]) -> tuple[Point, ...]:
    """The polygon of a line: none where it is no more than the corners of its box, in any order, or has no area."""
    distinct = tuple(points)
    if len(set(distinct)) < 3 or (len(set(distinct)) == 4 and set(distinct) == set(corners(box_around(distinct)))):
        return ()
    return distinct


def shape_of(line: Line) -> tuple[Point, ...]:
    """What a format with polygons writes for a line: its polygon, or else the corners of its box."""
    return line.polygon or corners(line.box)


def round_polygon(x: float, y: float, rx: float, ry: float, turn: float = 0.0, steps: int = 36) -> tuple[Point, ...]:
    """An ellipse with its axes turned by `turn` radians, as a polygon."""
    angles = [2 * math.pi * step / steps for step in range(steps)]
    flat = [(rx * math.cos(angle), ry * math.sin(angle)) for angle in angles]
    return tuple(
        (x + a * math.cos(turn) - b * math.sin(turn), y + a * math.sin(turn) + b * math.cos(turn)) for a, b in flat
    )


def likely_direction(box: Box, text: str) -> Direction:
    """Vertical for a tall box with more than one character, where the format has no word for it."""
    return "vertical" if box.height > TALL * box.width and len(text) != 1 else "horizontal"


def points_text(text: str, what: str) -> tuple[Point, ...]:
    """The points of `x,y x,y` (PAGE) or `x y x y` or `x,y,x,y` (ALTO). Raises DataError for anything else."""
    try:
        numbers = [float(number) for number in text.replace(",", " ").split()]
    except ValueError:
        numbers = []
    if not numbers or len(numbers) % 2:
        raise DataError(f"{what} has the points {text[:40]!r}, which are not pairs of numbers.")
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def number_of(value: Any, what: str) -> float:
    """A finite number of JSON or XML, also when written as text. Raises DataError otherwise."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"{what} is {str(value)[:40]!r}, it must be a number.")
    return number


def share_of(value: str | None) -> float | None:
    """A confidence written as text; None where it is missing or not within 0 to 1."""
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if 0.0 <= number <= 1.0 else None
