"""The picture of a line: what lies in it, which way it runs, and the way back to the page."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.errors import DataError
from tenarai.page.layout import Box
from tenarai.serve.routes.project.linecut import draw, frame_line


def page_with(*marks: tuple[int, int, int, int], size: tuple[int, int] = (600, 800)) -> np.ndarray:
    page = np.full(size, 255, np.uint8)
    for left, top, right, bottom in marks:
        page[top:bottom, left:right] = 0
    return page


def ink(picture: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(picture < 128)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
def test_a_mark_is_where_the_frame_says_it_is(direction: str):
    marks = [(100 + 60 * i, 200, 140 + 60 * i, 240) for i in range(6)]
    box = Box(90, 190, 450, 250)
    if direction == "vertical":
        marks = [(top, left, bottom, right) for left, top, right, bottom in marks]
        box = Box(190, 90, 250, 450)
    page = page_with(*marks)
    frame = frame_line(page, box, (), direction, 80)
    picture = draw(page, frame)
    assert picture.shape == (frame.height, frame.width)
    assert (frame.width if direction == "vertical" else frame.height) == 80
    left, top, right, bottom = frame.place(Box(*marks[0]))
    assert (picture[round(top) + 2 : round(bottom) - 2, round(left) + 2 : round(right) - 2] < 64).all()
    # The first mark is first: on the left, or on top.
    assert np.abs(np.subtract(ink(picture)[:2], (left, top))).max() <= 1.5


def test_a_skewed_line_is_level():
    page = np.full((600, 1000), 255, np.uint8)
    cv2.line(page, (100, 200), (900, 280), 0, 12)
    frame = frame_line(page, Box(90, 180, 910, 300), (), "horizontal", 80)
    rows = np.nonzero((draw(page, frame) < 128).any(axis=1))[0]
    assert np.ptp(rows) < 60


def test_colours_stay():
    page = np.full((300, 600, 3), 255, np.uint8)
    page[100:140, 100:500] = (200, 20, 20)
    frame = frame_line(page, Box(90, 90, 510, 150), (), "horizontal", 60)
    picture = draw(page, frame)
    middle = picture[picture.shape[0] // 2, picture.shape[1] // 2]
    assert np.abs(middle.astype(int) - (200, 20, 20)).max() < 10


def test_a_line_outside_the_page_is_refused():
    with pytest.raises(DataError, match="no area"):
        frame_line(page_with(), Box(900, 900, 950, 950), (), "horizontal", 80)


@settings(max_examples=60, deadline=None)
@given(
    left=st.integers(-50, 700),
    top=st.integers(-50, 500),
    wide=st.integers(1, 900),
    tall=st.integers(1, 700),
    vertical=st.booleans(),
    thickness=st.integers(8, 400),
    seed=st.integers(0, 9),
)
def test_any_box_on_the_page_has_a_picture_and_a_way_back(left, top, wide, tall, vertical, thickness, seed):
    page = np.random.default_rng(seed).integers(0, 256, (500, 700), dtype=np.uint8)
    direction = "vertical" if vertical else "horizontal"
    box = Box(left, top, left + wide, top + tall)
    if left >= 700 or top >= 500 or left + wide <= 0 or top + tall <= 0:
        with pytest.raises(DataError):
            frame_line(page, box, (), direction, thickness)
        return
    frame = frame_line(page, box, (), direction, thickness)
    picture = draw(page, frame)
    assert picture.shape == (frame.height, frame.width)
    there = frame.to_page @ (3.0, 5.0, 1.0)
    assert np.allclose(frame.from_page @ (*there, 1.0), (3.0, 5.0), atol=1e-6 * max(frame.width, frame.height))
