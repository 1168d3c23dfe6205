"""Region proposals in boxes and numbers (Ren et al. 2015, Faster R-CNN): anchors, what they should say, what they say.

An anchor is a box of one of a few shapes, found by k-means on the boxes of training pages (Redmon and Farhadi 2017), in
the middle of a place of the network's map. The network tells of each anchor how likely it holds a horizontal line, a
vertical line or a character, and how that box lies to it: its middle, and the logarithm of its sides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tenarai.page.layout import Box, Character, Direction, Line, Point
from tenarai.page.proposal import suppressed, without_crossings

Boxes = npt.NDArray[np.float64]  # (n, 4) left, top, right, bottom in pixels
Shapes = Sequence[tuple[float, float]]  # (width, height) in pixels

CLASSES: tuple[Literal["horizontal", "vertical", "character"], ...] = ("horizontal", "vertical", "character")
VALUES = len(CLASSES) + 4  # of each anchor: logits, then where its box lies
SAME, OTHER = 0.5, 0.35  # intersection over union: anchors above hold a box, anchors below do not, others say nothing
LIKELY = 0.5  # probability from which an anchor is a proposal
MOST = 2000  # proposals of a class that are looked at
OVERLAP = 0.3  # of two proposals of one class, intersection over union: only the likelier stays
ROUNDS = 50  # of k-means
FARTHEST = 4.0  # logarithm of how many times larger than its anchor a box may be


@dataclass(frozen=True, slots=True)
class Assigned:
    """What anchors should say: `holds (n, len(CLASSES)) float32` 0 or 1, `counts (n, len(CLASSES)) bool` where that is
    asked, and the `places (n, 4) float32` of the boxes of those that hold one (`holds_any (n,) bool`)."""

    holds: npt.NDArray[np.float32]
    counts: npt.NDArray[np.bool_]
    places: npt.NDArray[np.float32]

    @property
    def holds_any(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.holds.any(axis=1))


def fit_shapes(
    sides: npt.NDArray[np.float64], count: int, seed: int = 0, rounds: int = 50
) -> tuple[tuple[float, float], ...]:
    """`count` shapes that stand for all `(n, 2)` widths and heights: k-means by intersection over union."""
    rng = np.random.default_rng(seed)
    shapes = sides[rng.choice(len(sides), min(count, len(sides)), replace=False)].copy()
    for _ in range(ROUNDS):
        nearest = shape_overlap(sides, shapes).argmax(axis=1)
        moved = np.array(
            [np.median(sides[nearest == i], axis=0) if (nearest == i).any() else shapes[i] for i in range(len(shapes))]
        )
        if np.allclose(moved, shapes):
            break
        shapes = moved
    order = np.argsort(shapes.prod(axis=1))
    return tuple((float(w), float(h)) for w, h in shapes[order].round(1))


def shape_overlap(sides: npt.NDArray[np.float64], shapes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Intersection over union of boxes about one middle, `(n, 2)` and `(m, 2)` to `(n, m)`."""
    shared = np.minimum(sides[:, None], shapes[None]).prod(axis=2)
    return np.asarray(shared / (sides.prod(axis=1)[:, None] + shapes.prod(axis=1)[None] - shared))


def anchors(shapes: Shapes, stride: int, rows: int, columns: int) -> Boxes:
    """Every shape in the middle of every place, `(rows x columns x len(shapes), 4)`, in this order."""
    y, x = np.meshgrid((np.arange(rows) + 0.5) * stride, (np.arange(columns) + 0.5) * stride, indexing="ij")
    middle = np.stack((x, y), axis=-1)[:, :, None]
    half = np.array(shapes, np.float64) / 2
    return np.concatenate((middle - half, middle + half), axis=-1).reshape(-1, 4)


def overlaps(one: Boxes, other: Boxes) -> npt.NDArray[np.float64]:
    """Intersection over union, `(n, 4)` and `(m, 4)` to `(n, m)`."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (one, other)]
    return np.asarray(shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-9))


def encoded(boxes: Boxes, about: Boxes) -> npt.NDArray[np.float64]:
    """Boxes as seen from their anchors: middle in anchor sides, logarithm of the sides, `(n, 4)`."""
    size, own = boxes[:, 2:] - boxes[:, :2], about[:, 2:] - about[:, :2]
    middle = (boxes[:, 2:] + boxes[:, :2] - about[:, 2:] - about[:, :2]) / 2
    return np.concatenate((middle / own, np.log(np.maximum(size, 1e-6) / own)), axis=1)


def decoded(places: npt.NDArray[np.floating], about: Boxes) -> Boxes:
    """The inverse of `encoded`."""
    own = about[:, 2:] - about[:, :2]
    middle = (about[:, 2:] + about[:, :2]) / 2 + places[:, :2] * own
    half = own * np.exp(np.clip(places[:, 2:], -FARTHEST, FARTHEST)) / 2
    return np.concatenate((middle - half, middle + half), axis=1)


def assigned(about: Boxes, boxes: Boxes, classes: npt.NDArray[np.int64], known: Sequence[bool]) -> Assigned:
    """What anchors should say of boxes `(n, 4)` of `classes (n,)`. An anchor holds the box that it shares most with,
    where that is enough; a box that no anchor shares enough with has the one that shares most. Of a class that is not
    `known` on this page nothing is asked."""
    count = len(about)
    holds = np.zeros((count, len(CLASSES)), np.float32)
    counts = np.tile(np.array(known, bool), (count, 1))
    places = np.zeros((count, 4), np.float32)
    best, most = np.zeros(count, np.int64), np.zeros(count)
    of_class = np.zeros((count, len(CLASSES)))
    nearest = []
    for number, box in enumerate(boxes):
        # Most anchors lie elsewhere: a page has hundreds of boxes and tens of thousands of anchors.
        (near,) = np.nonzero((about[:, :2] < box[2:]).all(axis=1) & (about[:, 2:] > box[:2]).all(axis=1))
        if not len(near):
            continue
        shared = overlaps(about[near], box[None])[:, 0]
        nearest.append((int(near[shared.argmax()]), number))
        label = classes[number]
        of_class[near, label] = np.maximum(of_class[near, label], shared)
        better = shared > most[near]
        best[near[better]], most[near[better]] = number, shared[better]
    chosen = most >= SAME
    for anchor, number in nearest:
        best[anchor], chosen[anchor] = number, True
    holds[chosen, classes[best[chosen]]] = 1
    counts &= (of_class < OTHER) | (holds > 0)
    places[chosen] = encoded(boxes[best[chosen]], about[chosen])
    return Assigned(holds, counts, places)


def proposals(
    values: npt.NDArray[np.float32], shapes: Shapes, stride: int
) -> tuple[tuple[Line, ...], tuple[Character, ...]]:
    """Lines and characters from what a network says: `(len(shapes) x VALUES, rows, columns)`."""
    rows, columns = values.shape[1:]
    about = anchors(shapes, stride, rows, columns)
    said = values.reshape(len(shapes), VALUES, rows, columns).transpose(2, 3, 0, 1).reshape(-1, VALUES)
    likely = 1 / (1 + np.exp(-np.clip(said[:, : len(CLASSES)], -30, 30)))
    lines: list[Line] = []
    characters: list[Character] = []
    for label, name in enumerate(CLASSES):
        (sure,) = np.nonzero(likely[:, label] > LIKELY)
        sure = sure[np.argsort(-likely[sure, label], kind="stable")[:MOST]]
        boxes = decoded(said[sure, len(CLASSES) :], about[sure])
        boxes = np.clip(boxes, 0, np.array([columns, rows, columns, rows]) * stride)
        for place in suppressed(boxes, likely[sure, label], OVERLAP):
            box = Box(*(float(side) for side in boxes[place]))
            if name == "character":
                characters.append(Character("", box, min(1.0, float(likely[sure[place], label]))))
            else:
                lines.append(Line(box, name, polygon=_outline(box, name), source="detector"))
    return tuple(without_crossings(lines)), tuple(characters)


def _outline(box: Box, direction: Direction) -> tuple[Point, ...]:
    """One long edge, then the other backwards, as `page/proposal.py` draws them."""
    first, last = (box.left, box.top), (box.right, box.bottom)
    between = ((box.right, box.top), (box.left, box.bottom))
    return (first, between[0], last, between[1]) if direction == "horizontal" else (first, between[1], last, between[0])
