"""What the paper and the scanner add to a page and nobody wrote: ruled lines, frames, shadows along the edges.

Masks are `(height, width) uint8`, 1 = ink, 0 = paper.
"""

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.image.clean import Gray

RULE_LENGTH = 0.2  # of the picture's side: straight runs as long as this are ruled lines, if as thin as RULE_THIN of it
RULE_LEAST = 100  # pixels
RULE_THIN = 1 / 25
RULE_GAP = 15  # pixels missing in a faint one
SOLID = 0.2  # part of a shadow that lies deeper inside than any stroke


def without_rules(mask: Gray, pen: float) -> Gray:
    """Long thin straight lines taken out, in both directions; ink that crosses them is closed again."""
    level = np.ascontiguousarray(_without_level_rules(mask, pen).T)
    without = np.ascontiguousarray(_without_level_rules(level, pen).T)
    # A picture of nothing else is a dash or a one (一), not an empty form.
    return without if np.count_nonzero(without) > 0.05 * np.count_nonzero(mask) else mask


def _without_level_rules(mask: Gray, pen: float) -> Gray:
    length = int(max(RULE_LENGTH * mask.shape[1], RULE_LEAST))
    if length >= mask.shape[1]:
        return mask
    # A faint rule is broken: gaps are closed, but only between flat pieces, so that letters do not run together.
    tall = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((int(pen) + 2, 1), np.uint8)), np.uint8)
    chain = cv2.morphologyEx(mask & (1 - tall), cv2.MORPH_CLOSE, np.ones((1, RULE_GAP), np.uint8))
    # One pixel up and down joins the steps of a rule that is not quite level.
    thick = cv2.dilate(cv2.bitwise_or(mask, chain), np.ones((3, 1), np.uint8))
    runs = cv2.erode(thick, np.ones((1, length), np.uint8), borderValue=0)
    if not runs.any():
        return mask
    runs = cv2.dilate(runs, np.ones((1, length), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    thickness = stats[:, cv2.CC_STAT_AREA] / np.maximum(1, stats[:, cv2.CC_STAT_WIDTH])
    thin = thickness - 2 <= np.maximum(3.0, RULE_THIN * stats[:, cv2.CC_STAT_WIDTH])
    thin[0] = False
    rule = thin[labels].astype(np.uint8)
    rest = mask & (1 - rule)
    widest = int(np.ceil(thickness[thin].max(initial=0))) + 2
    # Where ink stands both above and below, a stroke crosses.
    crossing = cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones((widest, 1), np.uint8)) & rule & mask
    return np.asarray(rest | crossing, np.uint8)


def runs_of(mask: Gray, ink: bool) -> npt.NDArray[np.int64]:
    """Lengths in pixels of the runs of ink, or of paper between ink, along some 200 of the rows."""
    rows = mask[:: max(1, mask.shape[0] // 200)]
    steps = np.diff(np.pad(rows, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, at = np.nonzero(steps)
    lengths = np.diff(at)
    begins = steps[row, at] > 0
    kept = begins[:-1] if ink else ~begins[:-1] & (row[:-1] == row[1:])
    return np.asarray(lengths[kept], np.int64)


def pen_width(mask: Gray) -> float:
    """The usual width of strokes in pixels: the median run of ink along rows or columns, whichever is shorter."""
    runs = [runs_of(mask, ink=True), runs_of(mask.T, ink=True)]
    return max(1.0, min((float(np.median(lengths)) for lengths in runs if len(lengths)), default=1.0))


def without_shadows(mask: Gray, pen: float) -> Gray:
    """What touches the picture's edge and is solid taken out: no pen fills such areas."""
    if not (mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()):
        return mask
    side = int(5 * pen) | 1
    # The edge counts as ink: a shadow goes on behind it.
    solid = cv2.erode(mask, np.ones((side, side), np.uint8), borderValue=1)
    if not solid.any():
        return mask
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    touching = np.unique(np.concatenate((labels[0], labels[-1], labels[:, 0], labels[:, -1])))
    touching = touching[touching > 0]
    cores = np.bincount(labels[solid > 0], minlength=len(stats))
    dark = np.zeros(len(stats), np.bool_)
    dark[touching] = cores[touching] > SOLID * stats[touching, cv2.CC_STAT_AREA]
    return np.where(dark[labels], 0, mask).astype(np.uint8)
