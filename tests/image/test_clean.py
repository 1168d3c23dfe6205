"""From any light to white paper and dark ink: polarity, background, skew and slant, on pictures drawn here."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tenarai.image.clean import (
    Gray,
    background,
    binarised,
    clean,
    deslanted,
    find_inverted,
    find_skew,
    find_slant,
    quantiles,
    turned,
)


def writing(
    width: int = 600,
    height: int = 80,
    pen: int = 3,
    seed: int = 0,
    slope: float = 0.0,
    lean: float = 0.0,
    room: float | None = None,
) -> Gray:
    """Letters of upright and level strokes on one line, black on white, falling by `slope`, leaning by `lean`; the
    tall ones take `room` of the height."""
    rng = np.random.default_rng(seed)
    gray = np.full((height, width), 255, np.uint8)
    tall = 0.6 * height if room is None else room * height

    def put(x: float, y: float) -> tuple[int, int]:
        """A point `y` pixels above the line's foot."""
        foot = height / 2 + tall / 2 + (x - width / 2) * np.tan(slope)
        return round(x + y * np.tan(lean)), round(foot - y)

    x = 0.1 * width
    while x < 0.9 * width:
        top = tall * (1.0 if rng.random() < 0.3 else 0.6)
        cv2.line(gray, put(x, 0), put(x, top), 0, pen, cv2.LINE_AA)
        if rng.random() < 0.7:
            cv2.line(gray, put(x + tall * 0.3, 0), put(x + tall * 0.3, tall * 0.6), 0, pen, cv2.LINE_AA)
        level = tall * float(rng.choice([0.0, 0.3, 0.6]))
        cv2.line(gray, put(x, level), put(x + tall * 0.3, level), 0, pen, cv2.LINE_AA)
        x += tall * 0.55
    return gray


def toned(gray: Gray, paper: float, ink: float) -> Gray:
    """Black on white to these two gray levels."""
    return np.rint(ink + gray.astype(float) / 255 * (paper - ink)).astype(np.uint8)


# Polarity


@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (180, 60), (130, 30), (245, 150), (90, 20)])
@pytest.mark.parametrize("size", [(600, 80), (60, 60), (1800, 1300)])
def test_polarity_is_found(paper: int, ink: int, size: tuple[int, int]) -> None:
    gray = toned(writing(*size, pen=max(2, size[1] // 25)), paper, ink)
    assert not find_inverted(gray)
    assert find_inverted(255 - gray)
    assert not clean(gray).inverted and clean(255 - gray).inverted


@pytest.mark.parametrize("coverage", [0.25, 0.35, 0.45])
def test_a_brush_that_covers_much_is_still_the_ink(coverage: float) -> None:
    gray = np.full((100, 100), 255, np.uint8)
    side = int(100 * np.sqrt(coverage))
    low = (100 - side) // 2
    gray[low : low + side, low : low + side] = 10
    assert 0.8 * coverage < float((gray < 128).mean()) <= coverage
    assert not find_inverted(gray)
    assert find_inverted(255 - gray)


def test_the_border_tells_paper_where_a_wash_covers_more_than_half() -> None:
    gray = np.full((100, 100), 255, np.uint8)
    gray[12:88, 12:88] = np.linspace(0, 120, 76).astype(np.uint8)[:, None]
    assert (gray < 255).mean() > 0.55
    assert not find_inverted(gray)
    assert find_inverted(255 - gray)


@pytest.mark.parametrize("around", [5, 40, 90])
def test_a_page_on_a_dark_table_keeps_its_polarity(around: int) -> None:
    page = np.vstack([toned(writing(600, 60, seed=seed), 190, 60) for seed in range(10)])
    gray = np.full((900, 1200), around, np.uint8)
    gray[150:750, 50:650] = page
    assert (gray == around).mean() > 0.5
    assert not find_inverted(gray)
    assert find_inverted(255 - gray)


def test_polarity_can_be_told() -> None:
    gray = writing()
    as_told = clean(gray, inverted=True)
    assert as_told.inverted
    assert (as_told.picture[gray == 0] > 200).mean() > 0.9
    right = clean(255 - gray, inverted=True).picture
    np.testing.assert_array_equal(right, clean(gray, inverted=False).picture)


# Background


@pytest.mark.parametrize("side", ["left", "top"])
def test_shading_is_removed(side: str) -> None:
    ink = writing(800, 120)
    across = np.linspace(0.45, 1.0, 800)[None, :] if side == "left" else np.linspace(0.7, 1.0, 120)[:, None]
    cleaned = clean(np.rint(ink * across).astype(np.uint8))
    bare = cv2.erode(ink, np.ones((7, 7), np.uint8)) == 255
    assert not cleaned.blank and not cleaned.inverted
    assert np.quantile(cleaned.picture[bare], 0.02) > 235
    assert np.median(cleaned.picture[ink == 0]) < 25


def test_background_is_the_bare_paper() -> None:
    ink = writing(800, 120)
    light = np.broadcast_to(np.linspace(140, 240, 800)[None, :], ink.shape)
    found = background(np.rint(ink / 255 * light).astype(np.uint8)).astype(float)
    assert np.abs(found - light).mean() < 8
    assert np.abs(found - light).max() < 40


@settings(deadline=None)
@given(st.integers(0, 255), st.integers(1, 90), st.integers(1, 90))
def test_an_even_picture_is_blank(level: int, height: int, width: int) -> None:
    cleaned = clean(np.full((height, width), level, np.uint8))
    assert cleaned.blank
    assert (cleaned.picture == 255).all() and cleaned.picture.shape == (height, width)


def test_paper_grain_is_blank_and_white() -> None:
    grain = np.clip(np.random.default_rng(1).normal(200, 3, (200, 300)), 0, 255).astype(np.uint8)
    cleaned = clean(grain)
    assert cleaned.blank and cleaned.contrast < 24
    assert (cleaned.picture == 255).all()


@settings(deadline=None)
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_any_picture_keeps_its_shape(gray: Gray) -> None:
    before = gray.copy()
    cleaned = clean(gray)
    assert cleaned.picture.shape == gray.shape and cleaned.picture.dtype == np.uint8
    assert cleaned.contrast >= 0
    np.testing.assert_array_equal(gray, before)


# Quantiles


@settings(deadline=None)
@given(
    hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=30)),
    st.lists(st.sampled_from([0.002, 0.01, 0.25, 0.5, 0.75, 0.99, 1.0]), min_size=1, max_size=4),
)
def test_quantiles_are_those_of_numpy(gray: Gray, parts: list[float]) -> None:
    # calcHist counts in float32, as does the mass: parts are compared where rounding cannot pick the neighbour.
    for part, found in zip(parts, quantiles(gray, tuple(parts)), strict=True):
        low = float(np.quantile(gray, max(0.0, part - 1e-3), method="inverted_cdf"))
        high = float(np.quantile(gray, min(1.0, part + 1e-3), method="inverted_cdf"))
        assert low <= found <= high


# Skew and slant


@pytest.mark.parametrize("angle", [-0.1, -0.07, -0.04, -0.02, 0.0, 0.02, 0.04, 0.07, 0.1])
@pytest.mark.parametrize("size", [(1400, 150), (1600, 190)])
def test_skew_is_found(angle: float, size: tuple[int, int]) -> None:
    assert find_skew(writing(*size, slope=angle, seed=3, room=0.22)) == pytest.approx(angle, abs=0.01)


@pytest.mark.parametrize("angle", [-0.09, -0.05, 0.05, 0.09])
def test_turning_by_the_skew_levels_the_line(angle: float) -> None:
    gray = writing(900, 130, slope=angle, seed=3, room=0.22)
    level = turned(gray, find_skew(gray))
    assert level.shape == gray.shape and level[0, 0] == level[-1, -1] == 255
    assert abs(find_skew(level)) <= 0.012

    def reach(picture: Gray) -> int:
        return int(np.ptp(np.flatnonzero((picture < 128).any(axis=1))))

    # The writing takes 80 % of the width: most of what the slope lifted over it is taken back.
    assert reach(level) < reach(gray) - 0.5 * 0.8 * 900 * abs(angle)


def test_turning_there_and_back_gives_the_picture_again() -> None:
    gray = cv2.GaussianBlur(writing(), (0, 0), 2).astype(np.uint8)
    back = turned(turned(gray, 0.06), -0.06)
    assert np.abs(back[20:-20, 60:-60].astype(int) - gray[20:-20, 60:-60]).mean() < 5


@pytest.mark.parametrize("lean", [-0.5, -0.3, 0.0, 0.3, 0.5])
def test_slant_is_found_and_taken_out(lean: float) -> None:
    gray = writing(700, 120, lean=lean)
    found = find_slant(gray)
    assert found == pytest.approx(lean, abs=0.1)
    upright = deslanted(gray, found)
    assert abs(find_slant(upright)) <= 0.1
    assert upright.shape[0] == gray.shape[0] and upright.shape[1] >= gray.shape[1]
    # A shear keeps the amount of ink and cuts none off.
    assert (255 - upright.astype(int)).sum() == pytest.approx((255 - gray.astype(int)).sum(), rel=0.02)


@pytest.mark.parametrize("find", [find_skew, find_slant])
def test_too_little_ink_has_no_angle(find: object) -> None:
    gray = np.full((60, 200), 255, np.uint8)
    assert find(gray) == 0.0  # type: ignore[operator]
    gray[30, 100:140] = 0
    assert find(gray) == 0.0  # type: ignore[operator]


# Ink mask


def test_the_ink_mask_is_the_ink() -> None:
    gray = writing(pen=5)
    mask = binarised(clean(gray).picture)
    assert mask.dtype == np.bool_
    assert mask[gray == 0].all() and not mask[gray == 255].any()


def test_white_paper_has_no_ink() -> None:
    assert not binarised(np.full((20, 30), 255, np.uint8)).any()
