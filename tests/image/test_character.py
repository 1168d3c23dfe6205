"""One character in its square: the same whatever its size, place, light and polarity in the picture."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.image.character import MARGIN, framed
from tenarai.image.clean import Gray


def sign(side: int = 60, thick: int = 5) -> Gray:
    """Something like カ: no symmetry hides a turn or a mirror."""
    ink = np.full((side, side), 255, np.uint8)
    for points in ([(5, 18), (52, 18), (44, 54)], [(28, 4), (8, 54)]):
        cv2.polylines(ink, [np.rint(np.array(points) * side / 60).astype(np.int32)], False, 0, thick)
    return ink


def on_paper(ink: Gray, left: int, top: int, size: tuple[int, int]) -> Gray:
    page = np.full(size, 255, np.uint8)
    page[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return page


def difference(one: Gray, other: Gray) -> float:
    return float(np.abs(one.astype(int) - other).mean())


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 80), st.integers(0, 60), st.sampled_from([32, 48, 64]))
def test_place_does_not_matter(left: int, top: int, side: int) -> None:
    here = framed(on_paper(sign(), 10, 10, (80, 80)), side, cleaned=True)
    there = framed(on_paper(sign(), left, top, (130, 150)), side, cleaned=True)
    assert here.picture.shape == (side, side)
    assert difference(here.picture, there.picture) < 1.5
    assert there.share < here.share


@pytest.mark.parametrize("scale", [0.25, 0.4, 0.7, 1.6])
def test_size_hardly_matters(scale: float) -> None:
    original = sign(240, 20)
    scaled = cv2.resize(original, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    one, other = framed(np.asarray(scaled, np.uint8), 48, cleaned=True), framed(original, 48, cleaned=True)
    assert difference(one.picture, other.picture) < 10


def test_ink_fills_the_square_and_keeps_its_shape() -> None:
    flat = np.full((100, 100), 255, np.uint8)
    flat[48:53, 10:90] = 0
    picture = framed(flat, 48, cleaned=True).picture
    rows, columns = np.nonzero(picture < 128)
    assert np.ptp(columns) + 1 == pytest.approx(48 * (1 - 2 * MARGIN), abs=1.5)
    assert np.ptp(rows) + 1 == pytest.approx(48 * (1 - 2 * MARGIN) * 5 / 80, abs=1.5)
    assert columns.mean() == pytest.approx(23.5, abs=0.8) and rows.mean() == pytest.approx(23.5, abs=0.8)


def test_bright_ink_on_dark_is_turned_over() -> None:
    page = on_paper(sign(), 20, 20, (100, 100))
    dark, bright = framed(page, 48), framed(255 - page, 48)
    assert bright.inverted and not dark.inverted
    assert difference(dark.picture, bright.picture) < 3


def test_a_speck_does_not_shrink_the_character() -> None:
    page = on_paper(sign(), 10, 10, (200, 200))
    with_speck = page.copy()
    with_speck[190, 190] = 0
    np.testing.assert_array_equal(framed(page, 48, cleaned=True).picture, framed(with_speck, 48, cleaned=True).picture)


def test_a_dot_stays_small() -> None:
    dot = np.full((100, 100), 255, np.uint8)
    dot[70:73, 50:53] = 0
    assert (framed(dot, 48, cleaned=True).picture < 128).mean() < 0.1


@pytest.mark.parametrize("cleaned", [True, False])
def test_blank_paper_has_no_character(cleaned: bool) -> None:
    result = framed(np.full((70, 50), 250, np.uint8), 48, cleaned=cleaned)
    assert result.blank and result.share == 0 and (result.picture == 255).all()


def test_share_tells_how_much_of_the_picture_is_filled() -> None:
    assert framed(on_paper(sign(), 0, 0, (60, 60)), 48, cleaned=True).share > 0.8
    assert framed(on_paper(sign(), 40, 60, (120, 120)), 48, cleaned=True).share < 0.5
