"""Lines and characters from a detector's maps: connected middles of lines, peaks of characters.

The middle of a line is one connected piece of its map, thinner and a little shorter than the line, so that neighbours
stay apart; how far the line reaches on both sides is told at every place along it, so that a slanted or curved line
comes out as it is. Everything is numpy and OpenCV; places are pixels of the picture that the maps were made of.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.page.layout import Box, Character, Direction, Line, Point

Map = npt.NDArray[np.float32]

LIKELY = 0.5  # a place more probable than this belongs to the middle of a line
SHORTER = 0.3  # of a line's thickness: its middle ends so far before the line does
LEAST = 2  # places: a smaller piece is no line
SURE = 0.7  # mean probability of a piece: below it is none, or print
CROSSING = 0.35  # part of a line that larger lines of the other direction cover: then it is none
PEAK = 0.45  # probability of a character's middle
SAME = 0.25  # intersection over union of two boxes of one character
CORNERS = 12  # of a line's outline on each side
ALIKE = 0.7  # thickness of two pieces of one line, the thinner in the thicker
APART = 0.5  # of the thickness: a smaller gap between pieces of one row is no gap


@dataclass(frozen=True, slots=True)
class Maps:
    """`(height, width) float32` each: probabilities that the middle of a horizontal line, of a vertical line, of a
    character is here; pixels from the middle of a line to its edges; pixels that a character is wide and high."""

    horizontal: Map
    vertical: Map
    character: Map
    before: Map
    after: Map
    width: Map
    height: Map
    stride: int

    def turned(self) -> "Maps":
        """Vertical lines as horizontal ones: rows and columns change places."""
        return Maps(
            np.ascontiguousarray(self.vertical.T),
            np.ascontiguousarray(self.horizontal.T),
            np.ascontiguousarray(self.character.T),
            np.ascontiguousarray(self.before.T),
            np.ascontiguousarray(self.after.T),
            np.ascontiguousarray(self.height.T),
            np.ascontiguousarray(self.width.T),
            self.stride,
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """A row of places: `along` and the `middle`, `upper`, `lower` edge at each of them, in pixels; how sure."""

    along: npt.NDArray[np.float64]
    middle: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    lower: npt.NDArray[np.float64]
    sure: float

    @property
    def thickness(self) -> float:
        return float(np.median(self.lower - self.upper))


def propose_lines(maps: Maps) -> tuple[Line, ...]:
    """The lines that the maps show, in no order, with boxes, outlines and confidences, of both directions.

    Where one of each direction claims the same place, the surer and larger one has it.
    """
    turned = maps.turned()
    lines = [_line(piece, "horizontal", maps) for piece in joined(pieces(maps))]
    lines += [_line(piece, "vertical", turned) for piece in joined(pieces(turned))]
    return tuple(without_crossings(lines))


def pieces(maps: Maps) -> list[Piece]:
    """The connected middles of horizontal lines."""
    found: list[Piece] = []
    count, labels, stats, _ = cv2.connectedComponentsWithStats((maps.horizontal > LIKELY).astype(np.uint8))
    for label in range(1, count):
        x, y, width, height, area = (int(v) for v in stats[label])
        if area < LEAST:
            continue
        window = slice(y, y + height), slice(x, x + width)
        weight = np.where(labels[window] == label, maps.horizontal[window], 0).astype(np.float64)
        total = weight.sum(axis=0)
        sure = float(weight.sum() / area)
        if sure < SURE:
            continue
        places = (np.arange(y, y + height) + 0.5)[:, None] * maps.stride
        middle = (weight * places).sum(axis=0) / total
        upper = (weight * (places - maps.before[window])).sum(axis=0) / total
        lower = (weight * (places + maps.after[window])).sum(axis=0) / total
        along = np.asarray((np.arange(x, x + width) + 0.5) * maps.stride, np.float64)
        found.append(_smoothed(Piece(along, middle, upper, lower, sure), maps.stride))
    return found


def _smoothed(piece: Piece, stride: int) -> Piece:
    """The edges averaged along about a thickness: they are guessed at every place by itself."""
    reach = min(len(piece.along), int(piece.thickness / stride) | 1)
    if reach < 3:
        return piece
    kernel = np.ones(reach) / reach

    def smooth(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        padded = np.pad(values, reach // 2, mode="edge")
        return np.convolve(padded, kernel, mode="valid")[: len(values)]

    return Piece(piece.along, smooth(piece.middle), smooth(piece.upper), smooth(piece.lower), piece.sure)


def joined(found: Sequence[Piece]) -> list[Piece]:
    """Pieces that follow each other on one row with hardly a gap, as one."""
    waiting = sorted(found, key=lambda piece: float(piece.along[0]))
    whole: list[Piece] = []
    for piece in waiting:
        for place, other in enumerate(whole):
            size = max(piece.thickness, other.thickness)
            gap = float(piece.along[0] - other.along[-1]) - 2 * SHORTER * size
            off = abs(float(piece.middle[0] - other.middle[-1]))
            if -size < gap < APART * size and off < 0.3 * size and min(piece.thickness, other.thickness) > ALIKE * size:
                whole[place] = _one(other, piece)
                break
        else:
            whole.append(piece)
    return whole


def _one(first: Piece, second: Piece) -> Piece:
    parts = [np.concatenate((getattr(first, n), getattr(second, n))) for n in ("along", "middle", "upper", "lower")]
    lengths = len(first.along), len(second.along)
    order = np.argsort(parts[0], kind="stable")
    along, middle, upper, lower = (part[order] for part in parts)
    return Piece(along, middle, upper, lower, float(np.average((first.sure, second.sure), weights=lengths)))


def _line(piece: Piece, direction: Direction, seen: Maps) -> Line:
    rows, columns = (side * seen.stride for side in seen.horizontal.shape)
    reach = SHORTER * piece.thickness + seen.stride / 2
    at = np.unique(np.linspace(0, len(piece.along) - 1, CORNERS).astype(int))
    along = piece.along[at].copy()
    along[0], along[-1] = piece.along[at[0]] - reach, piece.along[at[-1]] + reach
    if len(at) == 1:
        along = np.array([piece.along[0] - reach, piece.along[0] + reach])
        at = np.array([0, 0])
    along = np.clip(along, 0, columns)
    upper, lower = (np.clip(edge[at], 0, rows) for edge in (piece.upper, piece.lower))
    outline = np.concatenate((np.stack((along, upper), axis=1), np.stack((along, lower), axis=1)[::-1]))
    if direction == "vertical":
        outline = outline[:, ::-1]
    left, top = outline.min(axis=0)
    right, bottom = outline.max(axis=0)
    polygon: tuple[Point, ...] = tuple((float(x), float(y)) for x, y in outline)
    box = Box(float(left), float(top), float(right), float(bottom))
    return Line(box, direction, confidence=None, polygon=polygon, source="detector")


def without_crossings(lines: Sequence[Line]) -> list[Line]:
    """Lines without those that lie across larger ones of the other direction, one or several together."""
    kept: list[Line] = []
    for line in sorted(lines, key=lambda line: -line.box.area):
        others = (other.box for other in kept if other.direction != line.direction)
        if sum(box.intersection_area(line.box) for box in others) <= CROSSING * line.box.area:
            kept.append(line)
    return kept


def propose_characters(maps: Maps) -> tuple[Character, ...]:
    """The characters that the maps show: peaks with their boxes, none over another; text is not known yet."""
    peaks = (maps.character > PEAK) & (maps.character >= cv2.dilate(maps.character, np.ones((3, 3), np.uint8)))
    rows, columns = np.nonzero(peaks)
    score = maps.character[rows, columns]
    x, y = (columns + 0.5) * maps.stride, (rows + 0.5) * maps.stride
    half_width, half_height = maps.width[rows, columns] / 2, maps.height[rows, columns] / 2
    boxes = np.stack((x - half_width, y - half_height, x + half_width, y + half_height), axis=1)
    chosen = suppressed(boxes, score, SAME)
    return tuple(Character("", Box(*(float(v) for v in boxes[i])), min(1.0, float(score[i]))) for i in chosen)


def suppressed(boxes: npt.NDArray[np.floating], score: npt.NDArray[np.floating], overlap: float) -> list[int]:
    """Non-maximum suppression: which of the boxes `(n, 4)` stay, the likeliest first, when of two that share more
    than `overlap` (intersection over union) only the likelier does."""
    order = np.argsort(-score, kind="stable")
    kept: list[int] = []
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    alive = np.ones(len(boxes), bool)
    for index in order:
        if not alive[index]:
            continue
        kept.append(int(index))
        low = np.maximum(boxes[:, :2], boxes[index, :2])
        high = np.minimum(boxes[:, 2:], boxes[index, 2:])
        shared = np.clip(high - low, 0, None).prod(axis=1)
        alive &= shared <= overlap * np.maximum(areas + areas[index] - shared, 1e-9)
    return kept


def matches(found: Sequence[Box], given: Sequence[Box], overlap: float = 0.5) -> list[tuple[int, int]]:
    """Pairs (found, given) that share at least so much (intersection over union), the best first, each used once."""
    pairs = [
        (a.iou(b), i, j)
        for (i, a), (j, b) in itertools.product(enumerate(found), enumerate(given))
        if a.intersection_area(b) > 0
    ]
    used: tuple[set[int], set[int]] = (set(), set())
    chosen = []
    for share, i, j in sorted(pairs, reverse=True):
        if share >= overlap and i not in used[0] and j not in used[1]:
            used[0].add(i)
            used[1].add(j)
            chosen.append((i, j))
    return chosen
