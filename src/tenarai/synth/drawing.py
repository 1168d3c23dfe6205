"""Drawings by hand beside writing: what a detector must not take for it."""

from collections.abc import Callable, Sequence

import numpy as np

from tenarai.synth.hand import Rng

Stroke = Callable[[Sequence[Sequence[float]] | np.ndarray], None]  # draws a row of points, 0..1 across and down

_T = np.linspace(0, 1, 24)


def draw(stroke: Stroke, rng: Rng) -> None:
    """A plant, a graph, a plan, or, twice as often as each, a scene such as books are illustrated with."""
    (_plant, _graph, _plan, _scene, _scene)[int(rng.integers(5))](stroke, rng)


def _plant(stroke: Stroke, rng: Rng) -> None:
    bend = rng.normal(0, 0.1)
    stroke(np.stack((0.5 + bend * np.sin(3 * _T), 1 - 0.95 * _T), axis=1))
    for leaf in range(int(rng.integers(4, 9))):
        at, way = rng.uniform(0.15, 0.9), 1 if leaf % 2 else -1
        foot = np.array([0.5 + bend * np.sin(3 * at), 1 - 0.95 * at])
        reach, turn = rng.uniform(0.15, 0.4), 2 * np.pi * _T
        shape = np.stack((way * reach * (1 - np.cos(turn)) / 2, 0.06 * np.sin(turn) - reach * _T * (1 - _T)), axis=1)
        stroke(np.clip(foot + shape, 0, 1))


def _graph(stroke: Stroke, rng: Rng) -> None:
    stroke(((0.05, 0.02), (0.05, 0.95), (0.98, 0.95)))
    wave = 0.5 + 0.3 * np.sin(2 * np.pi * rng.uniform(0.5, 2) * _T + rng.uniform(0, 6)) + rng.normal(0, 0.02, 24)
    stroke(np.stack((0.08 + 0.85 * _T, np.clip(wave, 0.05, 0.9)), axis=1))


def _plan(stroke: Stroke, rng: Rng) -> None:
    stroke(((0, 0), (1, 0), (1, 1), (0, 1), (0, 0)))
    for _ in range(int(rng.integers(2, 6))):
        (a, c), (b, d) = np.sort(rng.random((2, 2)), axis=1).T
        stroke(((a, b), (c, b), (c, d), (a, d), (a, b)))


def _scene(stroke: Stroke, rng: Rng) -> None:
    """Curves, rounds, wheels and hatching all over the place."""
    for _ in range(int(rng.integers(6, 30))):
        kind, middle = int(rng.integers(5)), rng.random(2)
        reach = float(rng.uniform(0.03, 0.3))
        if kind < 2:
            walk = np.cumsum(rng.normal(0, reach / 3, (7, 2)), axis=0)
            smooth = np.stack(
                [np.interp(6 * _T, np.arange(7), np.convolve(w, (0.25, 0.5, 0.25), "same")) for w in walk.T]
            )
            stroke(np.clip(middle + smooth.T, 0, 1))
        elif kind == 2:
            for share in (1.0,) if rng.random() < 0.6 else (1.0, 0.7, 0.4):
                turn = 2 * np.pi * _T * (1 if rng.random() < 0.7 else 0.6) + rng.uniform(0, 6)
                round_ = np.stack((np.cos(turn), float(rng.uniform(0.5, 1)) * np.sin(turn)), axis=1)
                stroke(np.clip(middle + share * reach * round_, 0, 1))
        elif kind == 3:
            for angle in np.linspace(0, 2 * np.pi, int(rng.integers(5, 13)), endpoint=False):
                way = np.array([np.cos(angle), np.sin(angle)])
                stroke(np.clip(middle + np.outer((0.2 * reach, reach), way), 0, 1))
        else:
            angle, count = rng.uniform(0, np.pi), int(rng.integers(4, 16))
            along, aside = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
            for at in np.linspace(-0.5, 0.5, count):
                ends = np.outer(rng.uniform(0.3, 0.6, 2) * (-1, 1) * reach, along)
                stroke(np.clip(middle + ends + at * reach * aside, 0, 1))
