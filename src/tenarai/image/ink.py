"""Pen strokes to a gray picture, for the writing pad and for corpora of strokes.

A stroke is `(n, 2) float64` of x, y or `(n, 3)` of x, y, t: x to the right, y down, each in any unit. `strokes_of`
takes them from the plain form of the WICG Handwriting Recognition API (drawing > strokes > points {x, y, t}).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.errors import DataError, SettingsError
from tenarai.image.clean import Gray

Points = npt.NDArray[np.float64]
Items = Sequence[Any] | npt.NDArray[Any]

MOST_POINTS = 100_000  # a page of writing has some 20,000
FARTHEST = 1e9  # coordinates beyond this are damage, and their differences would lose the writing's shape
FINE = 4  # the picture is drawn this many times larger and averaged, which smooths its edges
MOST_PIXELS = 16_000_000
_SHIFT = 4  # fractional bits of OpenCV's coordinates


def strokes_of(drawing: Any, most: int = MOST_POINTS) -> tuple[Points, ...]:
    """The strokes of `{"strokes": [...]}` or a plain list of strokes, `(n, 2 or 3) float64` each.

    A stroke is `{"points": [...]}`, a list of points or an array; a point is `{"x", "y"}`, with `"t"` or without, or a
    list of two or three numbers. t is kept where every point of the stroke has it. Strokes without points are left out.
    Raises DataError for what is none of that, is not finite, has no point at all, or more than `most`.
    """
    strokes, left = [], most
    for number, stroke in enumerate(_items(drawing, "strokes", "A drawing"), 1):
        what = f"Stroke {number}"
        rows = _items(stroke, "points", what)
        left -= len(rows)
        if left < 0:
            raise DataError(f"The drawing has more than {most:,} points: split it.")
        if len(rows):
            strokes.append(_points(rows, what))
    if not strokes:
        raise DataError("The drawing has no point: it must have at least one.")
    return tuple(strokes)


def _items(value: Any, key: str, what: str) -> Items:
    found = value.get(key) if isinstance(value, Mapping) else value
    if not isinstance(found, list | tuple) and not (isinstance(found, np.ndarray) and found.ndim):
        raise DataError(f'{what} is a list, or an object with the list "{key}", not {type(value).__name__}.')
    return found


def _points(rows: Items, what: str) -> Points:
    try:
        points = np.array(rows if isinstance(rows, np.ndarray) else _plain(rows), np.float64)
        if points.ndim != 2 or points.shape[1] not in (2, 3):
            raise ValueError
    except (KeyError, TypeError, ValueError, OverflowError):
        raise DataError(f"{what} has a point that is not x, y or x, y, t in numbers.") from None
    if not np.isfinite(points).all() or np.abs(points).max() > FARTHEST:
        raise DataError(f"{what} has a point that is not finite or beyond {FARTHEST:,.0f}: give plain numbers.")
    return points


def _plain(rows: Items) -> list[tuple[Any, ...]]:
    plain = [(row["x"], row["y"], row.get("t")) if isinstance(row, Mapping) else tuple(row) for row in rows]
    if any(len(row) not in (2, 3) or any(isinstance(value, str | bytes) for value in row) for row in plain):
        raise ValueError
    timed = all(len(row) > 2 and row[2] is not None for row in plain)
    return plain if timed else [row[:2] for row in plain]


def draw_ink(
    strokes: Iterable[npt.NDArray[Any]],
    height: int = 64,
    *,
    pen: float = 0.05,
    margin: float = 0.08,
    widest: float = 60.0,
    speed: float = 0.0,
) -> Gray:
    """The strokes as a picture `(height, width) uint8`, 255 = paper, 0 = ink, its width as their shape asks for.

    The strokes fill the height but for `margin`, a part of the height that stays free on every side; strokes that would
    come out wider than `widest` heights are drawn smaller and centred (1.0 draws a flat character as it would stand in
    a square). `pen` is the width of the pen as a part of the height. With `speed` over 0 and up to 1, and strokes with
    t, the pen is up to half of that thinner where it is fast, and thicker where it is slow.
    Raises DataError as `strokes_of` does, SettingsError for settings out of range.
    """
    if not (height >= 4 and 0 < pen <= 0.5 and margin >= 0 and pen + 2 * margin < 0.95 and 0 <= speed <= 1):
        raise SettingsError(
            f"height {height} is at least 4, pen {pen:g} over 0 to 0.5, margin {margin:g} at least 0, pen and both "
            f"margins under 0.95 together, speed {speed:g} in 0 to 1."
        )
    if not 1 <= widest <= MOST_PIXELS / height**2:
        raise SettingsError(f"A picture {widest:g} times as wide as its height {height} is too large or too narrow.")
    found = strokes_of(list(strokes))
    every = np.concatenate([points[:, :2] for points in found])
    low, extent = every.min(axis=0), np.ptp(every, axis=0)
    free = pen + 2 * margin
    # Of the two scales, the one that fits the height and the one that fits the widest picture, the smaller.
    scale = min(
        float(room * height / side) if side > 0 else np.inf
        for room, side in ((widest - free, extent[0]), (1.0 - free, extent[1]))
    )
    scale = scale if np.isfinite(scale) else 0.0
    width = max(1, round(min(widest, float(extent[0]) * scale / height + free) * height))
    middle = low + extent / 2
    canvas = np.full((height * FINE, width * FINE), 255, np.uint8)
    for points in found:
        place = ((points[:, :2] - middle) * scale + (width / 2, height / 2)) * FINE
        _draw(canvas, place, _widths(points, pen * height * FINE, speed))
    return cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


def _draw(canvas: Gray, place: Points, widths: Points) -> None:
    # Pixel centres have whole coordinates in OpenCV; ours are those of pixel edges. It fills both edges of what it
    # draws, which makes everything one pixel wider than asked for.
    at = np.rint((place - 0.5) * (1 << _SHIFT)).astype(np.int32)
    if len(at) == 1:
        radius = round(float(widths[0] - 1) / 2 * (1 << _SHIFT))
        cv2.circle(canvas, at[0].tolist(), radius, 0, cv2.FILLED, cv2.LINE_8, _SHIFT)
        return
    thick = np.maximum(1, np.rint(widths - 1)).astype(int)
    # Runs of one width are one polyline each: with an even pen that is the whole stroke.
    starts = np.flatnonzero(np.diff(thick, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], len(thick)], strict=True):
        piece = at[start : stop + 1].reshape(-1, 1, 2)
        cv2.polylines(canvas, [piece], False, 0, int(thick[start]), cv2.LINE_8, _SHIFT)


def _widths(points: Points, pen: float, speed: float) -> Points:
    """The pen's width for each of the `max(1, n - 1)` pieces of a stroke, in the unit of `pen`."""
    pieces = max(1, len(points) - 1)
    if points.shape[1] < 3 or pieces < 3 or not speed:
        return np.full(pieces, pen)
    steps = np.diff(points, axis=0)
    paths, times = np.hypot(steps[:, 0], steps[:, 1]), steps[:, 2]
    known = times > 0
    if not known.any() or not paths.any():
        return np.full(pieces, pen)
    pace = np.where(known, paths / np.where(known, times, 1.0), 0.0)
    usual = float(np.median(pace[known])) or float(pace.max())
    pace[~known] = usual
    # 0 at rest, a half at the usual pace, 1 when very fast: no unit of place or time enters.
    share = pace / (pace + usual)
    reach = min(5, pieces)
    smooth = np.convolve(np.pad(share, reach // 2, mode="edge"), np.full(reach, 1 / reach), mode="valid")[:pieces]
    return np.asarray(pen * (1 + speed * (0.5 - smooth)))
