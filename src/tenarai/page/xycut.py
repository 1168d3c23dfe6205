"""The recursive XY-cut (Nagy and Seth 1984) of rows along whitespace valleys; where no straight cut parts them, a
topological order of pairwise precedence (Breuel 2003, "High performance document layout analysis", section 5). It
knows boxes only; `page.order` turns columns into rows before. Every threshold counts in line sizes.
"""

import numpy as np
import numpy.typing as npt

OVERLAP = 0.2  # of a line's thickness on each side: how far neighbouring rows may reach into each other
GUTTER = 0.8  # of the size: no narrower gap over several rows parts two columns
LONG = 6.0  # sizes: lines this long on both sides of a gutter are two columns of text, not labels and values
BLOCK = 2.5  # sizes: what is taller is no row but writing of the other direction, or a region
PARAGRAPH = 2.0  # sizes: a wider gap between two rows parts two regions

Rectangles = npt.NDArray[np.float64]  # (n, 4) left, top, right, bottom in pixels
Indices = npt.NDArray[np.int64]
Groups = list[list[int]]


def shared(boxes: Rectangles, side: int) -> npt.NDArray[np.float64]:
    """How much each two overlap (n, n), in pixels, across (0) or down (1); negative is the gap between them."""
    low, high = boxes[:, side], boxes[:, side + 2]
    return np.minimum(high[:, None], high) - np.maximum(low[:, None], low)


def _runs(low: npt.NDArray[np.float64], high: npt.NDArray[np.float64], gap: float) -> list[Indices]:
    """Intervals joined where less than `gap` is between them: the indices of each run, from low to high."""
    order = np.lexsort((high, low))
    reach = np.maximum.accumulate(high[order])
    return np.split(order, np.flatnonzero(low[order][1:] - reach[:-1] >= gap) + 1)


def xy_cut(boxes: Rectangles, chosen: Indices, size: float) -> Groups:
    """The chosen of the rows in order: groups of their indices, each the rows of one region. `size` is that of the
    writing in pixels."""
    own = boxes[chosen]
    slack = np.minimum(OVERLAP * (own[:, 3] - own[:, 1]), 0.5 * size)
    strips = [chosen[run] for run in _runs(own[:, 1] + slack, own[:, 3] - slack, 0.0)]
    if len(strips) == 1:
        columns = [chosen[run] for run in _runs(own[:, 0], own[:, 2], 0.0)]
        if len(columns) == 1:
            return [_by_precedence(boxes, chosen)]
        if all(len(column) == 1 for column in columns):
            return [[int(column[0]) for column in columns]]
        return [group for column in columns for group in xy_cut(boxes, column, size)]
    groups: Groups = []
    bottom = -np.inf
    for band in _bands(boxes, strips, size):
        several = len(band) > 1
        found = (
            [group for column in _columns(boxes, band) for group in xy_cut(boxes, column, size)]
            if several
            else xy_cut(boxes, band[0], size)
        )
        every = np.concatenate(band)
        plain = not several and len(found) == 1
        if groups and plain and bottom > -np.inf and boxes[every, 1].min() - bottom < PARAGRAPH * size:
            groups[-1] += found[0]
        else:
            groups += found
        bottom = float(boxes[every, 3].max()) if plain else -np.inf
    return groups


def _columns(boxes: Rectangles, band: list[Indices]) -> list[Indices]:
    every = np.concatenate(band)
    return [every[run] for run in _runs(boxes[every, 0], boxes[every, 2], 0.0)]


def _bands(boxes: Rectangles, strips: list[Indices], size: float) -> list[list[Indices]]:
    """Strips from top to bottom, those in a row put together through which one gutter runs."""
    bands: list[list[Indices]] = []
    for strip in strips:
        if bands and _has_gutter(boxes, np.concatenate((*bands[-1], strip)), size):
            bands[-1].append(strip)
        else:
            bands.append([strip])
    split: list[list[Indices]] = []
    for band in bands:
        split += [band] if len(band) > 1 and _are_columns(boxes, band, size) else [[strip] for strip in band]
    return split


def _has_gutter(boxes: Rectangles, chosen: Indices, size: float) -> bool:
    return len(_runs(boxes[chosen, 0], boxes[chosen, 2], GUTTER * size)) > 1


def _are_columns(boxes: Rectangles, band: list[Indices], size: float) -> bool:
    """Whether a gutter parts columns, and not the ends of short rows, or labels from values."""
    every = np.concatenate(band)
    columns = [every[run] for run in _runs(boxes[every, 0], boxes[every, 2], GUTTER * size)]
    blocks = [len(column) == 1 and np.ptp(boxes[column[0], 1::2]) > BLOCK * size for column in columns]
    if any(len(column) == 1 and not block for column, block in zip(columns, blocks, strict=True)):
        return False
    tops = np.array([boxes[column, 1].min() for column in columns])
    bottoms = np.array([boxes[column, 3].max() for column in columns])
    if np.minimum.reduce(bottoms) - np.maximum.reduce(tops) < 0.5 * (bottoms - tops).min():
        return False
    if any(blocks) or all(np.median(boxes[column, 2] - boxes[column, 0]) >= LONG * size for column in columns):
        return True
    rights = [boxes[column, 2].max() for column in columns]
    gutter = min(boxes[column, 0].min() - right for column, right in zip(columns[1:], rights, strict=False))
    rows = np.sort(boxes[columns[0]], axis=0)
    return bool(gutter > float(np.median(rows[1:, 1] - rows[:-1, 3])))


def _by_precedence(boxes: Rectangles, chosen: Indices) -> list[int]:
    """Breuel's partial order made a total one: above comes first where two share columns; left comes first where no
    third between them reaches over both. Whatever is free to come next goes from top to bottom, then left to right."""
    own = boxes[chosen]
    middle = (own[:, 1] + own[:, 3]) / 2
    shares = shared(own, 0) > 0
    above = middle[:, None] < middle
    before = shares & above
    left = ~shares & (own[:, 0][:, None] < own[:, 0])
    for a, b in np.argwhere(left):
        low, high = sorted((middle[a], middle[b]))
        between = (middle > low) & (middle < high) & shares[a] & shares[b]
        before[a, b] = not between.any()
    rank = np.lexsort((own[:, 0], middle))
    waiting = list(rank)
    ordered: list[int] = []
    while waiting:
        # Jittered boxes can precede each other in a circle: the one with the fewest before it breaks it.
        blocked = [int(before[waiting, i].sum()) for i in waiting]
        ordered.append(int(chosen[waiting.pop(int(np.argmin(blocked)))]))
    return ordered
