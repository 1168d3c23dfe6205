"""Ink that is no character: scribbles, parts of characters, several at once, dots and smears."""

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.synth.fonts import EM, Ink
from tenarai.synth.hand import Hand, Rng
from tenarai.synth.line import Composed, compose_strokes
from tenarai.synth.strokes import Strokes, StrokeSource


class Scribble(StrokeSource):
    """Strokes that mean nothing, in the em square: walks that keep their way, zigzags, loops."""

    def __init__(self, rng: Rng) -> None:
        self.pen: Strokes = tuple(
            _stroke(rng) for _ in range(int(rng.integers(3, 10)))
        )  # fewer are often some character

    def strokes(self, character: str) -> Strokes | None:
        return self.pen


def _stroke(rng: Rng) -> npt.NDArray[np.float32]:
    kind, start = rng.random(), rng.uniform(0.1, 0.9, 2)
    count = int(rng.integers(4, 30))
    if kind < 0.5:
        way = np.cumsum(rng.normal(0, 0.7, count)) + rng.uniform(0, 2 * np.pi)
        steps = rng.uniform(0.01, 0.08, count)[:, None] * np.stack((np.cos(way), np.sin(way)), axis=1)
        points = start + np.cumsum(steps, axis=0)
    elif kind < 0.75:
        across = np.linspace(0, rng.uniform(0.3, 0.9), count)
        points = np.stack((across, rng.uniform(0.05, 0.3) * (-1.0) ** np.arange(count)), axis=1) + start
        points = points + rng.normal(0, 0.03, points.shape)
    else:
        turn = np.linspace(0, rng.uniform(2, 20), 4 * count) + rng.uniform(0, 6)
        reach = rng.uniform(0.05, 0.4, 2)
        points = start + reach * np.stack((np.cos(turn), np.sin(turn)), axis=1)
        points = points + np.linspace(0, rng.uniform(-0.5, 0.5), 4 * count)[:, None]
    return np.asarray(np.clip(points, 0, 1), np.float32)


def scribbled(hand: Hand, rng: Rng) -> Composed | None:
    """Strokes without meaning in somebody's hand."""
    return compose_strokes("一", (Scribble(rng),), hand, rng)


def part_of(composed: Composed, rng: Rng) -> Composed:
    """Less than half of a character: what is left when it is cut through."""
    height, width = composed.ink.shape
    share = float(rng.uniform(0.25, 0.5))
    if rng.random() < 0.5:
        start = 0 if rng.random() < 0.5 else round((1 - share) * width)
        ink = composed.ink[:, start : start + max(8, round(share * width))]
    else:
        start = 0 if rng.random() < 0.5 else round((1 - share) * height)
        ink = composed.ink[start : start + max(8, round(share * height))]
    return Composed(np.ascontiguousarray(ink), composed.text, (), False)


def smear(rng: Rng) -> Composed:
    """Specks, smears and shading without strokes."""
    side = int(rng.integers(EM, 3 * EM))
    rough: Ink = rng.integers(0, 256, (side, side), np.uint8)
    size = 2 * int(rng.integers(1, side // 6)) + 1
    smooth = cv2.GaussianBlur(rough, (size, size), 0).astype(np.float32)
    level = np.quantile(smooth, float(rng.uniform(0.4, 0.97)))
    return Composed(np.where(smooth > level, 255, 0).astype(np.uint8), "", (), False)
