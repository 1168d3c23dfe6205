"""What is drawn lies where it was found, and the picture stays to be seen."""

import io

import numpy as np
from PIL import Image

from tenarai.page.layout import Box, Character, Line, Page, Region
from tenarai.page.overlay import LINE, REGION, overlay, png

ROW = Line(Box(20, 20, 180, 60), "horizontal", "ab", None, (Character("a", Box(20, 20, 50, 60)),))
COLUMN = Line(Box(220, 20, 260, 180), "vertical", "手習い", polygon=((220, 20), (260, 25), (255, 180), (222, 170)))
PAGE = Page(300, 200, (Region(Box(10, 10, 280, 190), (ROW, COLUMN)),))


def test_frames_are_where_things_are() -> None:
    picture = np.full((200, 300), 255, np.uint8)
    drawn = overlay(picture, PAGE)
    assert drawn.shape == (200, 300, 3) and drawn.dtype == np.uint8
    assert tuple(drawn[60, 100]) == LINE["horizontal"] and tuple(drawn[25, 260]) == LINE["vertical"]
    assert tuple(drawn[100, 10]) == REGION
    assert (drawn[100:180, 30:200] == 255).all()  # nothing is drawn where nothing was found
    assert (picture == 255).all()


def test_ink_stays_visible_and_numbers_are_drawn() -> None:
    picture = np.full((200, 300), 255, np.uint8)
    picture[120:140, 50:90] = 0
    assert (overlay(picture, PAGE)[130, 60] < 140).all()
    label = overlay(picture, PAGE)[20:34, 20:30]
    assert (label == 255).all(axis=2).any() and (label == LINE["horizontal"]).all(axis=2).any()


def test_an_empty_page_and_png() -> None:
    drawn = overlay(np.zeros((5, 7), np.uint8), Page(7, 5))
    with Image.open(io.BytesIO(png(drawn))) as image:
        assert image.format == "PNG" and image.size == (7, 5)
        assert (np.asarray(image) == drawn).all()
