"""Strokes become pictures whatever their unit, and whatever a stranger sends as strokes ends in a sentence."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.errors import DataError, SettingsError
from tenarai.image.ink import MOST_POINTS, draw_ink, strokes_of

CROSS = (np.array([[0.0, 50], [100, 50]]), np.array([[50.0, 0], [50, 100]]))

coordinates = st.floats(-1e5, 1e5)
points = st.tuples(coordinates, coordinates) | st.tuples(coordinates, coordinates, st.floats(0, 1e6))
drawings = st.lists(st.lists(points, min_size=1, max_size=6), min_size=1, max_size=4)


def ink_box(picture: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(picture < 128)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


# What strokes are


def test_the_forms_of_a_drawing_are_one() -> None:
    plain = [[[1, 2, 3], [4, 5, 6]], [[7, 8]]]
    dicts = [[{"x": 1, "y": 2, "t": 3}, {"x": 4, "y": 5, "t": 6}], [{"x": 7, "y": 8}]]
    forms: list[Any] = [
        plain,
        dicts,
        {"strokes": dicts},
        {"strokes": [{"points": stroke} for stroke in dicts]},
        [np.array(stroke) for stroke in plain],
        strokes_of(plain),
    ]
    for form in forms:
        first, second = strokes_of(form)
        assert first.dtype == np.float64 and first.tolist() == [[1, 2, 3], [4, 5, 6]]
        assert second.tolist() == [[7, 8]]


def test_time_is_kept_where_every_point_has_it() -> None:
    (stroke,) = strokes_of([[{"x": 1, "y": 2, "t": 3}, {"x": 1, "y": 2}]])
    assert stroke.shape == (2, 2)
    (stroke,) = strokes_of([[{"x": 1, "y": 2, "t": None}]])
    assert stroke.shape == (1, 2)


def test_strokes_without_points_are_left_out() -> None:
    assert len(strokes_of([[], [[1, 2]], {"points": []}])) == 1


@pytest.mark.parametrize(
    "drawing",
    [
        None, 5, "strokes", b"12", {}, [], [[]], {"strokes": None}, {"strokes": []}, {"lines": [[[1, 2]]]},
        [5], ["12"], [[5]], [["12"]], [[[1]]], [[[1, 2, 3, 4]]], [[["1", "2"]]], [[{"x": 1}]], [[{"x": 1, "y": None}]],
        [[[1, None]]], [[[1, math.nan]]], [[[1, math.inf]]], [[[1, 2, math.nan]]], [[[1e10, 2]]], [[[10**400, 2]]],
        [[[1, [2]]]], [[{"x": {}, "y": 1}]], np.array([1.0, 2.0]), np.zeros((2, 2, 2, 2)),
    ],
)  # fmt: skip
def test_what_is_no_drawing_is_refused(drawing: Any) -> None:
    with pytest.raises(DataError):
        strokes_of(drawing)


def test_too_many_points_are_refused_before_they_are_read() -> None:
    stroke = [[0, 0]] * (MOST_POINTS // 2)
    assert sum(map(len, strokes_of([stroke, stroke]))) == MOST_POINTS
    with pytest.raises(DataError, match="100,000 points"):
        strokes_of([stroke, stroke, [["no", "number"]]])


# The picture


def test_a_cross_lies_where_its_strokes_lie() -> None:
    picture = draw_ink(CROSS, 80, pen=0.1, margin=0.1)
    assert picture.dtype == np.uint8 and picture.shape == (80, 80)
    assert ink_box(picture) == (8, 8, 72, 72)
    # The bars are 8 px wide, centred, black; all else is white.
    assert (picture[36:44, 12:68] == 0).all() and (picture[12:68, 36:44] == 0).all()
    assert (picture[:34, :34] == 255).all() and (picture[46:, 46:] == 255).all()
    for mirrored in (picture[:, ::-1], picture[::-1], picture.T):
        assert np.abs(picture.astype(int) - mirrored).max() <= 64  # the round ends, by a quarter of a pixel


def test_y_goes_down() -> None:
    picture = draw_ink([np.array([[0.0, 0], [10, 0], [10, 10]])], 60)
    assert picture[:20].min() == 0 and picture[30:, :20].min() == 255


@given(drawings, st.sampled_from([0.25, 4.0, 1024.0]), st.integers(-50, 50).map(float))
@settings(deadline=None, max_examples=30)
def test_neither_unit_nor_place_matters(drawing: list[Any], unit: float, shift: float) -> None:
    # Whole numbers and powers of two: then the arithmetic of floats is exact as well.
    whole = [np.rint(np.array([p[:2] for p in stroke])) for stroke in drawing]
    picture = draw_ink(whole, 32, widest=4)
    assert picture.shape[0] == 32 and 1 <= picture.shape[1] <= 128
    assert picture.min() < 128
    moved = draw_ink([(stroke + shift) * unit for stroke in whole], 32, widest=4)
    assert moved.shape == picture.shape and int(np.abs(moved.astype(int) - picture).max()) <= 64


@given(drawings, st.floats(0.02, 0.3), st.floats(0.0, 0.2), st.floats(0, 1))
@settings(deadline=None, max_examples=30)
def test_ink_stays_inside_its_margin(drawing: list[Any], pen: float, margin: float, speed: float) -> None:
    picture = draw_ink(strokes_of(drawing), 40, pen=pen, margin=margin, widest=6, speed=speed)
    # A fast or slow pen is up to half as wide again.
    free = int(margin * 40 - speed * pen * 10) - 1
    if free > 0:
        frame = np.concatenate([picture[:free].ravel(), picture[-free:].ravel()])
        assert frame.min() == 255


def test_aspect_is_kept() -> None:
    wide = draw_ink([np.array([[0.0, 0], [300, 0], [300, 100]])], 100, pen=0.05, margin=0.1)
    left, top, right, bottom = ink_box(wide)
    assert (bottom - top) == 80 and abs((right - left - 5) / (bottom - top - 5) - 3) < 0.05


def test_a_flat_character_stands_in_a_square() -> None:
    flat = draw_ink([np.array([[0.0, 0], [1000, 30]])], 50, widest=1.0)
    assert flat.shape == (50, 50)
    left, top, right, bottom = ink_box(flat)
    assert right - left > 40 and bottom - top < 8 and abs((top + bottom) / 2 - 25) < 1
    assert draw_ink([np.array([[0.0, 0], [0, 9]])], 50, widest=1.0).shape in ((50, 10), (50, 11))


@pytest.mark.parametrize("stroke", [[[5.0, 5]], [[5.0, 5], [5, 5]], [[5.0, 5, 0], [5, 5, 9], [5, 5, 9], [5, 5, 20]]])
def test_a_point_is_a_dot(stroke: list[list[float]]) -> None:
    picture = draw_ink([np.array(stroke)], 40, pen=0.2, margin=0.1, speed=0.5)
    assert picture.shape == (40, 16) or picture.shape == (40, 17)
    left, top, right, bottom = ink_box(picture)
    assert 6 <= right - left <= 11 and 6 <= bottom - top <= 11 and abs((top + bottom) / 2 - 20) <= 1


def test_the_pen_has_the_width_that_was_asked_for() -> None:
    for pen, pixels in ((0.04, 4), (0.1, 10), (0.25, 25)):
        picture = draw_ink([np.array([[0.0, 0], [0, 100]])], 100, pen=pen)
        assert abs((255 - picture[50].astype(float)).sum() / 255 - pixels) <= 0.6


def test_a_fast_pen_is_thin_and_a_slow_one_thick() -> None:
    y = np.concatenate((np.linspace(0, 20, 40, endpoint=False), np.linspace(20, 100, 10)))
    stroke = np.stack((np.zeros(50), y, np.arange(50.0)), axis=1)
    even, lively = draw_ink([stroke], 100, pen=0.12), draw_ink([stroke], 100, pen=0.12, speed=1.0)
    ink = [(255 - p.astype(float)).sum(axis=1) / 255 for p in (even, lively)]
    assert abs(ink[0][15] - ink[0][70]) < 0.5
    assert ink[1][70] < 0.8 * ink[1][15]
    # Time in seconds gives the same picture as time in milliseconds; time that stands still or runs back, an even pen.
    seconds = stroke / np.array([1, 1, 1000.0])
    assert np.array_equal(draw_ink([seconds], 100, pen=0.12, speed=1.0), lively)
    stroke[:, 2] = -stroke[:, 2]
    assert np.array_equal(draw_ink([stroke], 100, pen=0.12, speed=1.0), even)


def test_many_points_are_drawn() -> None:
    turn = np.linspace(0, 500, MOST_POINTS)
    spiral = np.stack((turn * np.cos(turn), turn * np.sin(turn), turn), axis=1)
    assert draw_ink([spiral], 64, speed=0.5).shape == (64, 64)


@pytest.mark.parametrize(
    "wrong",
    [
        {"height": 0}, {"height": 3}, {"height": 10**6}, {"pen": 0}, {"pen": 0.6}, {"pen": math.nan}, {"margin": -0.1},
        {"margin": 0.47}, {"widest": 0.5}, {"widest": 1e9}, {"widest": math.nan}, {"speed": 1.5}, {"speed": -1},
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        draw_ink(CROSS, **wrong)


def test_no_strokes_are_refused() -> None:
    with pytest.raises(DataError, match="no point"):
        draw_ink([])
