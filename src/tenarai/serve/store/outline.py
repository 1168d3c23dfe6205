"""Outlines of lines: checked, cut across, put around several, and how much of one another covers."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.page.layout import Direction
from tenarai.serve.store.errors import Refused
from tenarai.serve.store.rows import BoxRow, PointRow

MOST_POINTS = 2000
Outline = tuple[PointRow, ...]


def checked_box(box: Sequence[float], width: int, height: int) -> BoxRow:
    """The part of a box that lies on the picture. Raises Refused for what is no box, or lies beside it."""
    if len(box) != 4:
        raise Refused(f"A box is left, top, right, bottom, not {len(box)} numbers.")
    left, top, right, bottom = (_number(value) for value in box)
    left, right = (min(max(value, 0.0), float(width)) for value in (left, right))
    top, bottom = (min(max(value, 0.0), float(height)) for value in (top, bottom))
    if right - left < 1 or bottom - top < 1:
        raise Refused(
            "The box covers no pixel of the picture: draw it on the page, from left and top to right and bottom."
        )
    return left, top, right, bottom


def checked_polygon(polygon: Sequence[Sequence[float]], width: int, height: int) -> Outline:
    """A polygon with its points moved onto the picture. Raises Refused for one without area."""
    if not 3 <= len(polygon) <= MOST_POINTS:
        raise Refused(f"An outline has {len(polygon)} points, it must have 3 to {MOST_POINTS:,}.")
    if any(len(point) != 2 for point in polygon):
        raise Refused("A point of an outline is x and y.")
    outline = tuple(
        (min(max(_number(x), 0.0), float(width)), min(max(_number(y), 0.0), float(height))) for x, y in polygon
    )
    checked_box(bounds(outline), width, height)
    return outline


def _number(value: float) -> float:
    try:
        number = math.nan if isinstance(value, str | bytes | bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise Refused(f"A coordinate is {value!r}, it must be a finite number of pixels.")
    return number


def bounds(outline: Sequence[PointRow]) -> BoxRow:
    xs, ys = [x for x, _ in outline], [y for _, y in outline]
    return min(xs), min(ys), max(xs), max(ys)


def corners(box: BoxRow) -> Outline:
    left, top, right, bottom = box
    return (left, top), (right, top), (right, bottom), (left, bottom)


def cut(box: BoxRow, polygon: Outline, direction: Direction, at: float) -> list[tuple[BoxRow, Outline]]:
    """Both parts of a line cut across at the share `at` of its length (Sutherland and Hodgman 1974)."""
    axis = 1 if direction == "vertical" else 0
    where = box[axis] + at * (box[axis + 2] - box[axis])
    first = tuple(min(value, where) if side == axis + 2 else value for side, value in enumerate(box))
    second = tuple(max(value, where) if side == axis else value for side, value in enumerate(box))
    parts: list[tuple[BoxRow, Outline]] = []
    for part, keep_less in ((first, True), (second, False)):
        side = _clipped(polygon, axis, where, keep_less) if polygon else ()
        whole: BoxRow = bounds(side) if len(side) >= 3 else part  # type: ignore[assignment]
        parts.append((whole, side if len(side) >= 3 else ()))
    return parts


def _clipped(polygon: Outline, axis: int, where: float, keep_less: bool) -> Outline:
    kept: list[PointRow] = []
    for before, after in zip((polygon[-1], *polygon[:-1]), polygon, strict=True):
        inside = [(point[axis] <= where) == keep_less or point[axis] == where for point in (before, after)]
        if inside[0] != inside[1]:
            share = (where - before[axis]) / (after[axis] - before[axis])
            other = before[1 - axis] + share * (after[1 - axis] - before[1 - axis])
            kept.append((where, other) if axis == 0 else (other, where))
        if inside[1]:
            kept.append(after)
    return tuple(dict.fromkeys(kept))


def around(parts: Sequence[tuple[BoxRow, Outline]]) -> tuple[BoxRow, Outline]:
    """The box around several lines, and their convex hull; no outline when none has one."""
    boxes = [box for box, _ in parts]
    box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
    if not any(polygon for _, polygon in parts):
        return box, ()
    points = sorted({point for part_box, polygon in parts for point in (polygon or corners(part_box))})
    return box, _half(points)[:-1] + _half(points[::-1])[:-1]


def _half(points: Sequence[PointRow]) -> Outline:
    """One half of a convex hull (Andrew 1979)."""
    hull: list[PointRow] = []
    for point in points:
        while len(hull) > 1 and _turn(hull[-2], hull[-1], point) <= 0:
            hull.pop()
        hull.append(point)
    return tuple(hull)


def _turn(a: PointRow, b: PointRow, c: PointRow) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def shared_areas(
    ones: Sequence[tuple[BoxRow, Outline]], others: Sequence[tuple[BoxRow, Outline]]
) -> npt.NDArray[np.float64]:
    """`(ones, others) float64` square pixels that each of the one and each of the others share, as convex outlines: the
    upright boxes of lines that run askew overlap where the lines do not."""
    shared = np.zeros((len(ones), len(others)))
    if not ones or not others:
        return shared
    a, b = np.array([box for box, _ in ones])[:, None], np.array([box for box, _ in others])[None]
    across = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    down = np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    left, right = [_hull(*one) for one in ones], [_hull(*other) for other in others]
    for i, j in np.argwhere((across > 0) & (down > 0)):
        shared[i, j] = cv2.intersectConvexConvex(left[i], right[j])[0]
    return shared


def areas(outlines: Sequence[tuple[BoxRow, Outline]]) -> npt.NDArray[np.float64]:
    """`(outlines,) float64` square pixels, at least 1."""
    return np.array([max(1.0, cv2.contourArea(_hull(*outline))) for outline in outlines])


def _hull(box: BoxRow, polygon: Outline) -> npt.NDArray[np.float32]:
    return cv2.convexHull(np.array(polygon or corners(box), np.float32))  # type: ignore[return-value]
