"""Print told from handwriting: squares along a line, each judged by itself, speak for the whole line."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from tenarai.image.clean import Gray

PRINTED = "print"  # the kind of a region of print
SIDE = 48  # pixels: the height of a line that is judged, and the side of its squares
SQUARES = 12  # of a line, at most
LEAST_INK = 0.01  # of a square's darkness, without which it says nothing

Judge = Callable[[Sequence[Gray]], npt.NDArray[np.float64]]


def squares_of(line: Gray) -> list[Gray]:
    """Squares `(SIDE, SIDE) uint8`, evenly along a straight line `(SIDE, width) uint8`, 255 = paper; none where there
    is no ink."""
    width = line.shape[1]
    if width < SIDE:
        left = (SIDE - width) // 2
        line = np.pad(line, ((0, 0), (left, SIDE - width - left)), constant_values=255)
        width = SIDE
    count = min(SQUARES, -(-width // SIDE))
    starts = np.linspace(0, width - SIDE, count).round().astype(int) if count > 1 else [(width - SIDE) // 2]
    squares = [np.ascontiguousarray(line[:, start : start + SIDE]) for start in starts]
    return [square for square in squares if 1 - square.mean() / 255 >= LEAST_INK]


def print_chances(lines: Sequence[Gray], judge: Judge) -> list[float]:
    """How likely each straight line `(SIDE, width) uint8` is print: the mean over its squares of what `judge` says of
    them, 0 for a line that says nothing."""
    squares = [squares_of(line) for line in lines]
    judged = iter(judge([square for own in squares for square in own]).tolist())
    return [float(np.mean([next(judged) for _ in own])) if own else 0.0 for own in squares]
