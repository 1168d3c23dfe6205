"""A hand: one writer's habits, drawn from wide distributions, and how they change the strokes of a line.

Real letters lean, drift, shrink their kana to half a kanji and cut strokes short; neat strokes teach a reader only
neat writing. Every number is in em (the size of a kanji) or radians.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tenarai.synth.strokes import Points, Strokes

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Hand:
    """The habits of one writer, the same along a line."""

    lean: float  # shear of upright strokes
    tilt: float  # turn of every character
    aspect: float  # width over height
    kana: float  # size of kana beside kanji
    latin: float  # size of Latin letters and digits beside kanji
    small: float  # size of small kana beside kana
    sit: float  # where small characters sit: 0 in the middle of the line, 1 on its foot
    size_jitter: float
    gap: float  # between characters
    gap_jitter: float
    proportional: float  # 0 every character one em wide, 1 as wide as its ink
    drift: float  # how far the baseline wanders
    slope: float  # how much it climbs along the line
    stroke_shift: float
    stroke_turn: float
    stroke_scale: float
    wobble: float
    rounding: float  # how much corners are cut
    ends: float  # how far strokes overrun or stop short
    join: float  # chance that two strokes of a character are joined by the pen
    flow: float  # chance that a character is joined to the next
    pen: float  # width of the line
    swell: float  # how much the width changes along a stroke: 0 ballpoint, 1 brush
    warp: npt.NDArray[np.float32]  # (6, 2) quadratic warp that all characters share
    warp_jitter: float

    @classmethod
    def sample(cls, rng: Rng, unruly: float = 1.0) -> Self:
        """A new writer, more or less regular. `unruly` bounds the irregularities: 0 a copybook, 1 the worst letter."""
        u = float(rng.beta(1.6, 1.6)) * unruly
        brush = rng.random() < 0.15
        breadth = 0.35 + 0.65 * unruly  # even regular writers differ from each other

        def spread(low: float, high: float) -> float:
            return float(low + (high - low) * u * rng.uniform(0.5, 1.5))

        return cls(
            lean=float(rng.normal(0.03, 0.13 * breadth)),
            tilt=float(rng.normal(0, 0.03 * breadth)),
            aspect=float(np.exp(rng.normal(0, 0.1 * breadth))),
            kana=float(rng.uniform(0.52, 1.0)) if rng.random() < 0.8 else float(rng.uniform(0.9, 1.1)),
            latin=float(rng.uniform(0.55, 1.0)),
            small=float(rng.uniform(0.5, 0.8)),
            sit=float(rng.uniform(0.0, 1.0)),
            size_jitter=spread(0.01, 0.1),
            gap=float(np.clip(rng.gamma(1.5, 0.09) - 0.05, -0.06, 0.6)),
            gap_jitter=spread(0.01, 0.09),
            proportional=float(rng.uniform(0, 1)) if rng.random() < 0.8 else 1.0,
            drift=spread(0.0, 0.09),
            slope=float(rng.normal(0, 0.02 * breadth)),
            stroke_shift=spread(0.004, 0.028),
            stroke_turn=spread(0.015, 0.1),
            stroke_scale=spread(0.01, 0.1),
            wobble=spread(0.0, 0.012),
            rounding=float(rng.uniform(0, 0.33)) * (0.4 + u),
            ends=spread(0.01, 0.09),
            join=float(rng.uniform(0, 0.45)) * u if rng.random() < 0.7 else 0.0,
            flow=float(rng.uniform(0, 0.25)) * u if rng.random() < 0.3 else 0.0,
            pen=float(rng.uniform(0.05, 0.12)) if brush else float(np.exp(rng.normal(np.log(0.04), 0.4 * breadth))),
            swell=float(rng.uniform(0.4, 0.9)) if brush else float(rng.uniform(0, 0.3)),
            warp=rng.normal(0, 0.035 + 0.05 * u, (6, 2)).astype(np.float32),
            warp_jitter=spread(0.01, 0.055),
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """A character set on the line: its strokes in em, a centre and size in pixels."""

    strokes: Strokes
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """Pen segments in pixels: `ends (n, 2, 2) float32`, `width (n,)`, and the character index of each."""

    ends: npt.NDArray[np.float32]
    width: npt.NDArray[np.float32]
    owner: npt.NDArray[np.int64]


def write(placed: list[Placed], hand: Hand, em: float, rng: Rng) -> Drawn:
    """The strokes of a whole line in this hand, all characters in one vectorised pass."""
    strokes = [s for p in placed for s in p.strokes]
    if not strokes:
        empty = np.zeros((0, 2, 2), np.float32)
        return Drawn(empty, np.zeros(0, np.float32), np.zeros(0, np.int64))
    lengths = np.array([len(s) for s in strokes])
    owner_of_stroke = np.repeat(np.arange(len(placed)), [len(p.strokes) for p in placed])
    stroke = np.repeat(np.arange(len(strokes)), lengths)
    owner = owner_of_stroke[stroke]
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    last = starts + lengths - 1
    points: Points = np.concatenate(strokes).astype(np.float32)

    points = _rounded(points, starts, last, hand.rounding)
    points = _ends_moved(points, starts, last, rng.normal(0, hand.ends, (2, len(strokes))))
    points = _strokes_moved(points, starts, lengths, stroke, hand, rng)
    centred: npt.NDArray[np.floating[Any]] = points - np.float32(0.5)
    x, y = centred[:, 0], centred[:, 1]
    bases = np.stack((x * x, x * y, y * y, x * x * y, x * y * y, np.sin(3 * x) * y), axis=1)
    each = rng.normal(0, hand.warp_jitter, (len(placed), 6, 2)).astype(np.float32)
    centred = centred + bases @ hand.warp + np.einsum("nk,nkd->nd", bases, each[owner])
    if hand.wobble:
        noise = rng.normal(0, hand.wobble, points.shape).astype(np.float32)
        centred += noise
    turn = hand.tilt + rng.normal(0, 0.3 * hand.stroke_turn, len(placed))
    cos, sin = np.cos(turn)[owner], np.sin(turn)[owner]
    scale = np.array([(p.width, p.height) for p in placed])[owner]
    place = np.array([(p.x, p.y) for p in placed])[owner]
    rx = (centred[:, 0] * cos - centred[:, 1] * sin) * scale[:, 0]
    ry = (centred[:, 0] * sin + centred[:, 1] * cos) * scale[:, 1]
    pixels = np.stack((rx - np.float32(hand.lean) * ry + place[:, 0], ry + place[:, 1]), axis=1).astype(np.float32)

    inside = np.ones(len(points), bool)
    inside[last] = False
    at = np.flatnonzero(inside)
    ends = np.stack((pixels[at], pixels[at + 1]), axis=1)
    along = (at - starts[stroke[at]]) / np.maximum(1, lengths[stroke[at]] - 1)
    press = rng.normal(1.0, 0.12, len(strokes))[stroke[at]]
    # A brush lands heavy and leaves light; a ballpoint hardly changes.
    width = hand.pen * em * press * (1 + hand.swell * (0.45 - along + 0.35 * np.cos(along * 7)))
    joins, join_width, join_owner = _joins(pixels, starts, last, owner_of_stroke, hand, em, rng)
    return Drawn(
        np.concatenate((ends, joins)).astype(np.float32),
        np.concatenate((width, join_width)).astype(np.float32),
        np.concatenate((owner[at], join_owner)),
    )


def _rounded(points: Points, starts: npt.NDArray[np.int64], last: npt.NDArray[np.int64], amount: float) -> Points:
    """Corners cut by pulling inner points towards their neighbours, twice."""
    if amount < 0.02:
        return points
    weight = np.full((len(points), 1), amount, np.float32)
    weight[starts], weight[last] = 0, 0
    for _ in range(2):
        neighbours = (np.roll(points, 1, axis=0) + np.roll(points, -1, axis=0)) / 2
        points = np.asarray(points + weight * (neighbours - points) * 1.2, np.float32)
    return points


def _ends_moved(
    points: Points, starts: npt.NDArray[np.int64], last: npt.NDArray[np.int64], reach: npt.NDArray[np.float64]
) -> Points:
    """First and last points pushed along the stroke: overrun when positive, cut short when negative."""
    points = points.copy()
    for at, step, amount in ((starts, 1, reach[0]), (last, -1, reach[1])):
        away = points[at] - points[at + step]
        length = np.maximum(np.hypot(away[:, 0], away[:, 1]), 1e-4)
        # Cutting deeper than the segment would turn the stroke back on itself.
        move = np.maximum(amount, -0.8 * length)
        points[at] += (away / length[:, None] * move[:, None]).astype(np.float32)
    return points


def _strokes_moved(
    points: Points,
    starts: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    stroke: npt.NDArray[np.int64],
    hand: Hand,
    rng: Rng,
) -> Points:
    """Each stroke shifted, turned and scaled about its own middle."""
    n = len(starts)
    centre = np.add.reduceat(points, starts, axis=0) / lengths[:, None]
    shift = rng.normal(0, hand.stroke_shift, (n, 2))
    turn = rng.normal(0, hand.stroke_turn, n)
    scale = np.exp(rng.normal(0, hand.stroke_scale, n))
    away = points - centre[stroke]
    cos, sin = (np.cos(turn) * scale)[stroke], (np.sin(turn) * scale)[stroke]
    out = np.stack((away[:, 0] * cos - away[:, 1] * sin, away[:, 0] * sin + away[:, 1] * cos), axis=1)
    return (out + (centre + shift)[stroke]).astype(np.float32)


def _joins(
    pixels: Points,
    starts: npt.NDArray[np.int64],
    last: npt.NDArray[np.int64],
    owner: npt.NDArray[np.int64],
    hand: Hand,
    em: float,
    rng: Rng,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Thin links where the pen did not leave the paper: two segments with a bow between stroke end and next start."""
    a, b = pixels[last[:-1]], pixels[starts[1:]]
    same = owner[:-1] == owner[1:]
    near = np.hypot(*(b - a).T) < 0.55 * em
    chosen = np.flatnonzero(near & (rng.random(len(a)) < np.where(same, hand.join, hand.flow)))
    a, b = a[chosen], b[chosen]
    across = np.stack((a[:, 1] - b[:, 1], b[:, 0] - a[:, 0]), axis=1)
    bow = (a + b) / 2 + across * rng.normal(0.08, 0.08, (len(chosen), 1)).astype(np.float32)
    ends = np.concatenate((np.stack((a, bow), axis=1), np.stack((bow, b), axis=1)))
    width = hand.pen * em * rng.uniform(0.4, 0.9, len(chosen))
    return ends.astype(np.float32), np.tile(width, 2).astype(np.float32), np.tile(owner[:-1][chosen], 2)
