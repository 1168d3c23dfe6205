"""Pages carried to their picture in another size."""

from dataclasses import replace

import pytest

from tenarai.errors import DataError
from tenarai.page.layout import UNSIZED, Box, Character, Line, Page, Region
from tenarai.page.place import fitted, scaled

BOX = Box(10, 20, 110, 60)
LINE = Line(BOX, "horizontal", "a", 0.5, (Character("a", BOX, 0.5),), ((10, 20), (110, 20), (60, 60)))
PAGE = Page(200, 100, (Region(BOX, (LINE,)),), "a.png")


def test_everything_on_a_page_is_scaled() -> None:
    page = scaled(PAGE, 2, 0.5)
    box = Box(20, 10, 220, 30)
    assert (page.width, page.height, page.source) == (400, 50, "a.png")
    assert page.regions[0].box == page.lines[0].box == page.lines[0].characters[0].box == box
    assert page.lines[0].polygon == ((20, 10), (220, 10), (120, 30)) and page.text == "a"
    assert scaled(scaled(PAGE, 3), 1 / 3) == PAGE


def test_a_layout_is_fitted_to_its_picture() -> None:
    assert fitted(PAGE, 200, 100) is PAGE
    page = fitted(PAGE, 401, 199)  # the sides of a scan made smaller are rounded
    assert (page.width, page.height) == (401, 199)
    assert page.lines[0].box == Box(10 * 2.005, 20 * 1.99, 110 * 2.005, 60 * 1.99)


@pytest.mark.parametrize("page", [replace(PAGE, notes=(UNSIZED,)), replace(PAGE, width=0)])
def test_a_layout_that_does_not_say_its_size_stays(page: Page) -> None:
    assert fitted(page, 999, 99) == page


@pytest.mark.parametrize("size", [(200, 103), (206, 100), (100, 200)])
def test_a_picture_of_another_shape_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(DataError, match=f"200 x 100 pixels, this one has {size[0]} x {size[1]}: give the picture"):
        fitted(PAGE, *size)
