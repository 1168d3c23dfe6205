"""Red seals lifted from the writing under them, where a picture has colour.

Seals are stamped over text, in vermilion that gray shows as dark as ink. What is red and stands by itself as a compact
block is taken for a seal, and its red is divided out, so that black strokes under it stay. Writing in red - rows of
characters, marks, circles around words - is left as it is.
"""

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.image.clean import Gray

Colours = npt.NDArray[np.uint8]  # (height, width, 3) uint8, RGB

SIDE = 1280  # pixels: seals are looked for with the longer side so long at most
RED = 18.0  # levels by which a seal is redder than the paper around it
AROUND = 31, 8  # that paper: a median over so many squares of so many pixels
CLOSED = 0.014  # of the longer side: gaps in a seal's pattern are smaller than this
LEAST = 0.015  # of the longer side: no seal is smaller across
ELONGATED = 2.6  # no seal is so many times longer than wide
FULL = 0.5  # of its box, that a seal fills when the gaps in its pattern are closed
LIKE, ASIDE, STEP = 1.7, 0.3, 1.8  # characters of a row: their sizes, how far they leave it, from one to the next
MOST = 0.25  # of all pixels: where more is red, red is not what was added


def without_seals(colours: Colours, gray: Gray) -> Gray:
    """The gray picture `(height, width) uint8` of `colours` with red seals made paper; `gray` itself where there is
    none."""
    boxes = find_seals(colours)
    if not boxes:
        return gray
    lifted = gray.copy()
    for left, top, right, bottom in boxes:
        place = np.s_[top:bottom, left:right]
        lifted[place] = np.maximum(gray[place], _divided(colours[place], gray[place]))
    return lifted


def find_seals(colours: Colours) -> list[tuple[int, int, int, int]]:
    """Where there are seals: left, top, right, bottom in pixels, the paper around them within."""
    height, width = colours.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = colours if scale == 1 else cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
    redness = np.clip(_redness(np.asarray(small, np.uint8)), 0, 255).astype(np.uint8)
    red = (redness > _around(redness) + RED).astype(np.uint8)
    share = float(red.mean())
    if not 0 < share < MOST:
        return []
    side = max(size)
    reach = max(3, round(CLOSED * side)) | 1
    closed = cv2.morphologyEx(red, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(opened)
    blobs = stats[1:].astype(np.int64)
    rows, found = _in_rows(blobs), []
    for i, (left, top, across, down, area) in enumerate(blobs):
        compact = max(across, down) < ELONGATED * min(across, down) and area > FULL * across * down
        if compact and min(across, down) > LEAST * side and not rows[i]:
            margin = reach // 2
            box = (left - margin, top - margin, left + across + margin, top + down + margin)
            x0, y0, x1, y1 = (round(v / scale) for v in box)
            found.append((max(0, x0), max(0, y0), min(width, x1), min(height, y1)))
    return found


def _redness(colours: Colours) -> npt.NDArray[np.int16]:
    """How far red is above green: paper that has yellowed is not red."""
    return np.asarray(colours[..., 0].astype(np.int16) - colours[..., 1], np.int16)


def _around(redness: Gray) -> npt.NDArray[np.float32]:
    """How red paper is, place by place: stains are redder than the rest."""
    height, width = redness.shape
    window, cell = AROUND
    size = (max(1, width // cell), max(1, height // cell))
    coarse = cv2.medianBlur(cv2.resize(redness, size, interpolation=cv2.INTER_AREA), window)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _in_rows(blobs: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which blobs stand with at least two others of like size in one row or column, as characters in red do."""
    middles = blobs[:, :2] + blobs[:, 2:4] / 2
    sizes = blobs[:, 2:4].mean(axis=1)
    size = np.minimum(sizes[:, None], sizes)
    like = np.maximum(sizes[:, None], sizes) < LIKE * size
    away = np.abs(middles[:, None] - middles)
    rows = np.zeros(len(blobs), bool)
    for across, along in ((0, 1), (1, 0)):
        beside = like & (away[..., across] < ASIDE * size) & (away[..., along] < STEP * size)
        third = beside.sum(axis=1) > 2  # itself counted
        rows |= (beside & third).any(axis=1)
    return rows


def _divided(colours: Colours, gray: Gray) -> Gray:
    """A seal's box without its red: how much of each pixel is covered is told by how red it is, and so much of the
    seal's own darkness in red light is divided out."""
    redness = _redness(colours).astype(np.float32)
    usual = float(np.percentile(redness, 10))
    full = max(1.0, float(np.percentile(redness, 97)) - usual)
    covered = np.clip((redness - usual) / (0.8 * full), 0, 1)
    # Colour is stored more coarsely than light: a seal's edges are less red than they are dark.
    wide = cv2.dilate(covered, np.ones((5, 5), np.uint8))
    red = colours[..., 0].astype(np.float32)
    plain = wide < 0.15
    paper = float(np.percentile(red[plain], 80)) if plain.any() else 255.0
    light = float(np.percentile(gray[plain], 80)) if plain.any() else 255.0
    stamped = red[covered > 0.8]
    darkness = float(np.median(stamped)) / max(paper, 1.0) if len(stamped) else 1.0
    divided = red / np.maximum(1 - wide * (1 - min(1.0, darkness)), 0.2)
    return np.asarray(np.clip(divided * (light / max(paper, 1.0)), 0, light), np.uint8)
