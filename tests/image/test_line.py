"""A line to reading height: size, place and skew taken out, and the way back to the picture known."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tenarai.image.clean import Gray
from tenarai.image.line import LONGEST, Straight, ink_columns, ink_rows, straighten, upright

Points = npt.NDArray[np.float64]

HEIGHT = 40


def beads(slope: float = 0.0, vertical: bool = False, scale: float = 1.0) -> tuple[Gray, Points]:
    """A row of discs of two sizes on one line, far enough apart to be told from each other, and their middles."""
    rng = np.random.default_rng(5)
    width, height = int(900 * scale), int((100 + 900 * abs(slope)) * scale)
    gray = np.full((height, width), 255, np.uint8)
    along = np.linspace(0.06, 0.94, 14) * width + rng.uniform(-5, 5, 14)
    middles = np.stack((along, height / 2 + (along - width / 2) * np.tan(slope)), axis=1)
    for i, (x, y) in enumerate(middles):
        radius = (20 if i % 3 else 12) * scale
        cv2.circle(gray, (round(x * 16), round(y * 16)), round(radius * 16), 0, -1, cv2.LINE_AA, shift=4)
    if vertical:
        # What reads left to right when turned a quarter to the left ran from top to bottom.
        gray = np.ascontiguousarray(np.rot90(gray, -1))
        middles = np.stack((height - 1 - middles[:, 1], middles[:, 0]), axis=1)
    return gray, middles


def scribble(height: int = 60, seed: int = 0) -> Gray:
    """Letters of a few strokes, tightly cropped."""
    rng = np.random.default_rng(seed)
    gray = np.full((height, 12 * height), 255, np.uint8)
    for letter in range(20):
        left = int((0.2 + 0.57 * letter) * height)
        points = rng.uniform(0.1, 0.9, (4, 2)) * (0.45 * height, height) + (left, 0)
        cv2.polylines(gray, [np.rint(points * 16).astype(np.int32)], False, 0, max(2, height // 14), cv2.LINE_AA, 4)
    columns = np.flatnonzero((gray < 128).any(axis=0))
    rows = np.flatnonzero((gray < 128).any(axis=1))
    return np.ascontiguousarray(gray[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def mapped(straight: Straight, points: Points) -> Points:
    return points @ straight.to_source[:, :2].T + straight.to_source[:, 2]


def middles_of_ink(straight: Straight) -> Points:
    """Middles of the separate pieces of ink, left to right."""
    _, _, stats, centres = cv2.connectedComponentsWithStats((straight.picture < 128).astype(np.uint8))
    kept = centres[1:][stats[1:, cv2.CC_STAT_AREA] > 8]
    return kept[np.argsort(kept[:, 0])]


# Shape


@settings(deadline=None)
@given(
    hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=60)),
    st.sampled_from([8, 40, 64]),
    st.booleans(),
)
def test_any_picture_gets_the_height_asked_for(gray: Gray, height: int, vertical: bool) -> None:
    straight = straighten(gray, height, vertical=vertical)
    assert straight.picture.dtype == np.uint8
    assert straight.picture.shape[0] == height
    assert 1 <= straight.picture.shape[1] <= LONGEST * height
    assert straight.to_source.shape == (2, 3) and np.isfinite(straight.to_source).all()


@pytest.mark.parametrize("height", [32, 40, 64])
def test_the_ink_fills_the_height_but_for_its_margin(height: int) -> None:
    rows = np.flatnonzero((straighten(scribble(90), height).picture < 128).any(axis=1))
    assert rows[0] <= 0.15 * height and rows[-1] >= 0.85 * height


# Size and place do not matter


@pytest.mark.parametrize("sides", [(4, 4, 4, 4), (25, 3, 60, 8), (2, 24, 5, 120), (19, 19, 200, 200)])
def test_a_loose_crop_gives_what_a_tight_one_gives(sides: tuple[int, int, int, int]) -> None:
    line = scribble(60)
    tight = straighten(cv2.copyMakeBorder(line, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=255).astype(np.uint8), HEIGHT)
    loose = straighten(cv2.copyMakeBorder(line, *sides, cv2.BORDER_CONSTANT, value=255).astype(np.uint8), HEIGHT)
    assert abs(tight.picture.shape[1] - loose.picture.shape[1]) <= 2
    width = min(tight.picture.shape[1], loose.picture.shape[1])
    difference = np.abs(tight.picture[:, :width].astype(int) - loose.picture[:, :width])
    assert difference.mean() < 8


@pytest.mark.parametrize("scale", [0.8, 1.5, 3.0])
def test_a_larger_picture_gives_the_same_line(scale: float) -> None:
    line = cv2.copyMakeBorder(scribble(90), 9, 9, 9, 9, cv2.BORDER_CONSTANT, value=255)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    other = cv2.resize(line, None, fx=scale, fy=scale, interpolation=way).astype(np.uint8)
    a, b = straighten(line.astype(np.uint8), HEIGHT).picture, straighten(other, HEIGHT).picture
    assert abs(a.shape[1] - b.shape[1]) <= 0.02 * a.shape[1]
    b = cv2.resize(b, a.shape[::-1]).astype(np.uint8)
    assert np.abs(a.astype(int) - b).mean() < 12


def test_polarity_does_not_matter() -> None:
    line = cv2.copyMakeBorder(scribble(60), 6, 6, 6, 6, cv2.BORDER_CONSTANT, value=255).astype(np.uint8)
    dark, bright = straighten(line, HEIGHT), straighten(255 - line, HEIGHT)
    assert bright.inverted and not dark.inverted
    np.testing.assert_array_equal(dark.picture, bright.picture)


# The way back


@pytest.mark.parametrize("vertical", [False, True])
@pytest.mark.parametrize("slope", [0.0, 0.05, -0.09])
@pytest.mark.parametrize("scale", [0.6, 1.0, 2.0])
def test_ink_is_mapped_back_to_where_it_was(vertical: bool, slope: float, scale: float) -> None:
    gray, middles = beads(slope, vertical, scale)
    straight = straighten(gray, HEIGHT, vertical=vertical)
    found = middles_of_ink(straight)
    assert len(found) == len(middles)
    assert straight.skew == pytest.approx(slope, abs=0.012)
    # Reading order is kept: left to right, top to bottom.
    off = np.hypot(*(mapped(straight, found) - middles).T)
    assert off.max() < 2 * max(1.0, scale)


@pytest.mark.parametrize("slope", [0.04, 0.08, -0.08])
def test_a_skewed_line_comes_out_level(slope: float) -> None:
    gray, _ = beads(slope)
    level = np.ptp(middles_of_ink(straighten(gray, HEIGHT))[:, 1])
    assert level < 0.15 * HEIGHT
    crooked = straighten(gray, HEIGHT, level=False)
    assert crooked.skew == 0.0
    assert np.ptp(middles_of_ink(crooked)[:, 1]) > 3 * level


def test_upright_turns_a_quarter_to_the_left_and_knows_the_way_back() -> None:
    gray = np.arange(6, dtype=np.uint8).reshape(3, 2)
    turned, back = upright(gray, True)
    np.testing.assert_array_equal(turned, [[1, 3, 5], [0, 2, 4]])
    # Pixel edges: the whole turned picture covers the whole picture.
    corners = np.array([[0, 0], [3, 0], [3, 2], [0, 2]], float)
    sent = corners @ back[:, :2].T + back[:, 2]
    np.testing.assert_allclose(sent, [[2, 0], [2, 3], [0, 3], [0, 0]])
    same, nothing = upright(gray, False)
    assert same is gray and (nothing == [[1, 0, 0], [0, 1, 0]]).all()


# Odd lines


def test_a_lone_dash_is_not_blown_up() -> None:
    gray = np.full((60, 100), 255, np.uint8)
    gray[28:32, 25:75] = 0
    straight = straighten(gray, HEIGHT)
    rows = np.flatnonzero((straight.picture < 128).any(axis=1))
    assert 0 < len(rows) < 0.3 * HEIGHT
    assert abs(rows.mean() - HEIGHT / 2) < 0.15 * HEIGHT


@pytest.mark.parametrize("vertical", [False, True])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_picture_stays_blank(level: int, vertical: bool) -> None:
    straight = straighten(np.full((50, 300), level, np.uint8), HEIGHT, vertical=vertical)
    assert straight.blank and straight.skew == 0.0
    assert (straight.picture == 255).all() and straight.picture.shape[0] == HEIGHT


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1)])
def test_slivers_do_not_fail(size: tuple[int, int]) -> None:
    gray = np.full(size, 200, np.uint8)
    gray[0, 0] = 0
    for vertical in (False, True):
        assert straighten(gray, HEIGHT, vertical=vertical).picture.shape[0] == HEIGHT


def test_a_line_without_end_is_squeezed_and_still_known() -> None:
    gray = np.full((12, 6000), 255, np.uint8)
    gray[2:10, 3:5990:12] = 0
    gray[2:10, 4:5990:12] = 0
    straight = straighten(gray, HEIGHT)
    assert straight.picture.shape[1] == LONGEST * HEIGHT
    ends = mapped(straight, np.array([[0.0, HEIGHT / 2], [LONGEST * HEIGHT, HEIGHT / 2]]))
    assert ends[0, 0] == pytest.approx(3, abs=4)
    assert ends[1, 0] == pytest.approx(5982, abs=16)


def test_what_is_clean_already_is_taken_as_it_is() -> None:
    faint = np.full((60, 200), 255, np.uint8)
    faint[20:40, 20:180:8] = 120
    assert straighten(faint, HEIGHT, cleaned=True).picture.min() >= 120
    assert straighten(faint, HEIGHT).picture.min() < 40


def test_specks_do_not_count_as_rows() -> None:
    gray = np.full((100, 400), 255, np.uint8)
    gray[40:60, 20:380:6] = 0
    gray[40:60, 21:380:6] = 0
    gray[2, 200] = 0
    top, bottom = ink_rows(gray)
    assert (top, bottom) == (40.0, 60.0)
    assert ink_columns(gray) == (20, 376)
    assert ink_rows(np.full((30, 40), 255, np.uint8)) == (0.0, 30.0)
    assert ink_columns(np.full((30, 40), 255, np.uint8)) == (0, 40)
