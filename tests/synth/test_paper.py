"""Ink on paper: size, light, and where the ink comes to lie."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.image.clean import clean
from tenarai.synth.paper import Paper

PAPER = Paper(7)


def strip(vertical: bool = False, marks: int = 8) -> npt.NDArray[np.uint8]:
    """Squares of ink in a row, 255 = ink."""
    ink = np.zeros((90, 100 * marks), np.uint8)
    for i in range(marks):
        ink[30:60, 35 + 100 * i : 65 + 100 * i] = 255
    return np.ascontiguousarray(ink.T) if vertical else ink


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.booleans(), st.integers(3, 100), st.integers(3, 300))
def test_any_ink_becomes_a_gray_picture(seed: int, vertical: bool, short: int, long: int) -> None:
    size = (long, short) if vertical else (short, long)
    ink = np.zeros(size, np.uint8)
    ink[: size[0] // 2, : size[1] // 2] = 255
    photograph = PAPER.photograph(ink, np.random.default_rng(seed), vertical=vertical)
    assert photograph.picture.dtype == np.uint8 and photograph.picture.ndim == 2
    assert min(photograph.picture.shape) >= 8
    assert np.isfinite(photograph.to_picture).all()


@pytest.mark.parametrize("vertical", [False, True])
@pytest.mark.parametrize("height", [40.0, 64.0])
def test_the_short_side_is_about_the_height_asked_for(vertical: bool, height: float) -> None:
    for seed in range(20):
        picture = PAPER.photograph(
            strip(vertical), np.random.default_rng(seed), vertical=vertical, height=height
        ).picture
        short = picture.shape[1] if vertical else picture.shape[0]
        assert 0.95 * height <= short <= 1.32 * height
        assert max(picture.shape) > 4 * short


def test_ink_is_never_enlarged() -> None:
    for seed in range(10):
        photograph = PAPER.photograph(strip(), np.random.default_rng(seed), height=4000.0)
        assert photograph.to_picture[0, 0] == 1.0


@pytest.mark.parametrize("vertical", [False, True])
def test_the_ink_can_be_read_and_lies_where_the_map_says(vertical: bool) -> None:
    """After the same cleaning as reading does, the marks are dark and the paper between them is white."""
    good = 0
    for seed in range(40):
        photograph = PAPER.photograph(strip(vertical), np.random.default_rng(seed), vertical=vertical, height=70.0)
        cleaned = clean(photograph.picture)
        assert not cleaned.blank
        centres = np.array([(50 + 100 * i, 45) for i in range(8)], float)
        between = centres[:-1] + np.array((50, 0))
        if vertical:
            centres, between = centres[:, ::-1], between[:, ::-1]

        def gray(points: npt.NDArray[np.float64], made=photograph, picture=cleaned.picture) -> float:
            x, y = np.rint(points @ made.to_picture[:, :2].T + made.to_picture[:, 2]).astype(int).T
            return float(np.median(picture[y.clip(0, picture.shape[0] - 1), x.clip(0, picture.shape[1] - 1)]))

        good += gray(centres) < 120 < 200 < gray(between)
    assert good >= 36  # wrinkles and rules may now and then lie on the sample points


def test_the_same_seed_is_the_same_photograph() -> None:
    one, same, other = (PAPER.photograph(strip(), np.random.default_rng(s)) for s in (5, 5, 6))
    np.testing.assert_array_equal(one.picture, same.picture)
    np.testing.assert_array_equal(one.to_picture, same.to_picture)
    assert one.picture.shape != other.picture.shape or (one.picture != other.picture).any()
    # Two sheets made alike are alike.
    again = Paper(7).photograph(strip(), np.random.default_rng(5))
    np.testing.assert_array_equal(one.picture, again.picture)


def test_the_ink_given_is_left_as_it_is() -> None:
    ink = strip()
    before = ink.copy()
    for seed in range(12):
        PAPER.photograph(ink, np.random.default_rng(seed))
    np.testing.assert_array_equal(ink, before)


def test_papers_and_lights_differ_and_some_are_negatives() -> None:
    medians = [float(np.median(PAPER.photograph(strip(), np.random.default_rng(s)).picture)) for s in range(250)]
    assert np.mean(np.array(medians) > 128) > 0.9
    assert min(medians) < 60  # white on black now and then
    assert np.std([m for m in medians if m > 128]) > 15
