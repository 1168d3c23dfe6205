"""Small frame scores, and all that their paths say: the definition that every decoder is held against."""

import math
from collections.abc import Sequence
from itertools import groupby, product

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Labels = tuple[int, ...]


def log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float32]:
    peaked = scores - scores.max(axis=1, keepdims=True)
    normalised: NDArray[np.float64] = peaked - np.log(np.exp(peaked).sum(axis=1, keepdims=True))
    return normalised.astype(np.float32)


def random_frames(frames: int, classes: int, seed: int, scale: float = 2.0) -> NDArray[np.float32]:
    return log_softmax(np.random.default_rng(seed).normal(scale=scale, size=(frames, classes)))


@st.composite
def small_frames(draw: st.DrawFn, classes: int = 4, most: int = 5) -> NDArray[np.float32]:
    scale = draw(st.sampled_from([0.1, 2.0, 8.0]))
    return random_frames(draw(st.integers(0, most)), classes, draw(st.integers(0, 10_000)), scale)


def text_of(path: Sequence[int]) -> Labels:
    return tuple(label for label, _ in groupby(path) if label)


def every_text(log_probs: NDArray[np.float32]) -> tuple[dict[Labels, float], dict[Labels, float]]:
    """Log probability of every text over all its paths, and of its likeliest path, by going through all paths."""
    rows = np.exp(log_probs.astype(np.float64)).tolist()
    total: dict[Labels, float] = {}
    best: dict[Labels, float] = {}
    for path in product(range(log_probs.shape[1]), repeat=len(rows)):
        chance = math.prod(row[label] for row, label in zip(rows, path, strict=True))
        text = text_of(path)
        total[text] = total.get(text, 0.0) + chance
        best[text] = max(best.get(text, 0.0), chance)
    return {t: math.log(p) for t, p in total.items()}, {t: math.log(p) for t, p in best.items()}
