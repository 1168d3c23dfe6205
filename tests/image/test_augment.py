"""Distortions: seeded, of the same size, never so strong that nothing is left."""

import cv2
import numpy as np
import pytest

from tenarai.image.augment import distorted, erased, warped
from tenarai.image.clean import Gray


def sign() -> Gray:
    ink = np.full((48, 48), 255, np.uint8)
    cv2.line(ink, (8, 14), (40, 14), 0, 4)
    cv2.line(ink, (24, 6), (10, 42), 0, 4)
    return ink


def test_the_same_seed_gives_the_same_picture() -> None:
    one, other, third = (distorted(sign(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, other)
    assert (one != third).any()


@pytest.mark.parametrize("seed", range(20))
def test_ink_stays_and_paper_stays(seed: int) -> None:
    out = distorted(sign(), np.random.default_rng(seed))
    assert out.shape == (48, 48) and out.dtype == np.uint8
    before, after = (sign() < 128).sum(), (out < 128).sum()
    assert 0.3 * before < after < 3 * before
    assert np.median(out) > 240


def test_strength_says_how_far() -> None:
    np.testing.assert_array_equal(distorted(sign(), np.random.default_rng(0), 0.0), sign())

    def change(strength: float) -> float:
        pictures = (distorted(sign(), np.random.default_rng(seed), strength) for seed in range(20))
        return float(np.mean([np.abs(p.astype(int) - sign()).mean() for p in pictures]))

    assert change(0.2) < change(0.6) < change(1.2)


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_a_rectangle_is_erased_and_nothing_else(share: float) -> None:
    black = np.zeros((40, 60), np.uint8)
    for seed in range(20):
        out = erased(black, np.random.default_rng(seed), share)
        rows, columns = np.nonzero(out)
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert height <= 40 * share and width <= 60 * share
        assert (out[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] == 255).all()
        assert (out == 255).sum() == height * width


@pytest.mark.parametrize("vertical", [False, True])
def test_a_line_is_warped_in_its_place(vertical: bool) -> None:
    ink = np.zeros((40, 400), np.uint8)
    ink[18:22, 10:390] = 255
    ink = np.ascontiguousarray(ink.T) if vertical else ink
    out = warped(ink, np.random.default_rng(5))
    assert out.shape == ink.shape and out.dtype == np.uint8
    level = out.T if vertical else out
    heights = [float(np.average(np.arange(40), weights=column)) for column in level[:, 20:380].T]
    assert 0.5 < np.std(heights) < 4 and abs(np.mean(heights) - 19.5) < 2  # no longer straight, where it was
    np.testing.assert_array_equal(out, warped(ink, np.random.default_rng(5)))
    np.testing.assert_array_equal(ink, warped(ink, np.random.default_rng(5), reach=0))
