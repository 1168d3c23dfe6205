"""The scale at which a page is looked at follows from the size of its writing, and places come back in its pixels."""

import numpy as np
import pytest

from tenarai.page.find import BEST, COARSE, FINE, LARGE, LARGEST, SIDE, find_characters, find_lines, thickness, widened
from tenarai.page.layout import Box, Character, Direction, Line
from tenarai.page.proposal import Maps, propose_lines


class Eye:
    """Sees one black bar as a line, if it is as thick as it can see; remembers what it was shown."""

    def __init__(self, thinnest: float = 4, thickest: float = 400) -> None:
        self.range = thinnest, thickest
        self.sizes: list[tuple[int, ...]] = []

    def __call__(self, picture: np.ndarray) -> tuple[tuple[Line, ...], tuple[Character, ...]]:
        self.sizes.append(picture.shape)
        height, width = (-(-side // 4) for side in picture.shape)
        zero = np.zeros((height, width), np.float32)
        maps = {
            name: zero.copy() for name in ("horizontal", "vertical", "character", "before", "after", "width", "height")
        }
        rows, columns = np.nonzero(picture < 128)
        if len(rows) and self.range[0] <= np.ptp(rows) + 1 <= self.range[1]:
            top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
            y = (np.arange(height) + 0.5)[:, None] * 4
            x = (np.arange(width) + 0.5)[None] * 4
            inside = (np.abs(y - (top + bottom) / 2) <= max(2.2, 0.2 * (bottom - top))) & (x > left) & (x < right)
            maps["horizontal"] = np.where(inside, 0.9, 0).astype(np.float32)
            maps["before"] = (np.broadcast_to(y, inside.shape) - top).astype(np.float32)
            maps["after"] = (bottom - np.broadcast_to(y, inside.shape)).astype(np.float32)
        return propose_lines(Maps(**maps, stride=4)), ()


def page(height: int, width: int, thick: int) -> np.ndarray:
    picture = np.full((height, width), 255, np.uint8)
    picture[height // 3 : height // 3 + thick, width // 10 : 9 * width // 10] = 0
    return picture


def test_a_page_of_usual_size_is_seen_once() -> None:
    eye = Eye()
    (line,) = find_lines(page(1000, 800, 30), eye)
    assert eye.sizes == [(1000, 800)]
    assert line.box.iou(Box(80, 333, 720, 363)) > 0.7


@pytest.mark.parametrize("thick", [16, 40, 300])
def test_a_large_scan_is_shrunk_and_its_places_come_back(thick: int) -> None:
    picture, eye = page(4000, 3200, thick), Eye()
    (line,) = find_lines(picture, eye)
    assert eye.sizes[0] == (SIDE, SIDE * 3200 // 4000)
    assert max(max(size) for size in eye.sizes) <= LARGEST
    assert line.box.iou(Box(320, 1333, 2880, 1333 + thick)) > 0.6
    scale = SIDE / 4000
    assert (len(eye.sizes) == 2) == (thick * scale < FINE or thick * scale > COARSE)


def test_one_line_that_fills_its_picture_is_seen_smaller() -> None:
    picture = np.full((200, 1200), 255, np.uint8)
    picture[20:180, 30:1170] = 0
    eye = Eye(thickest=80)
    (line,) = find_lines(picture, eye)
    assert eye.sizes[0] == (200, 1200) and eye.sizes[1][0] == 2 * BEST
    assert line.box.iou(Box(30, 20, 1170, 180)) > 0.75


def test_only_lines_of_the_direction_that_was_asked_for() -> None:
    assert len(find_lines(page(1000, 800, 30), Eye(), "horizontal")) == 1
    assert find_lines(page(1000, 800, 30), Eye(), "vertical") == ()


@pytest.mark.parametrize(("direction", "wider"), [("horizontal", 0.2), ("vertical", 0.0)])
def test_rows_are_cut_wider_than_they_are_found_for_their_tails_and_columns_are_not(
    direction: Direction, wider: float
) -> None:
    edges = ((100.0, 300.0), (500.0, 300.0)), ((500.0, 350.0), (100.0, 350.0))
    outline = tuple((x, y) if direction == "horizontal" else (y, x) for edge in edges for x, y in edge)
    xs, ys = zip(*outline, strict=True)
    found = Line(Box(min(xs), min(ys), max(xs), max(ys)), direction, polygon=outline)
    (line,) = find_lines(np.full((1000, 1000), 255, np.uint8), lambda small: ([found], []))
    assert thickness(line) == pytest.approx(50 * (1 + wider))


def test_nothing_on_a_blank_page() -> None:
    assert find_lines(np.full((700, 500), 255, np.uint8), Eye()) == ()


@pytest.mark.parametrize("thick", [20, 60, 240])
def test_characters_are_seen_where_lines_are_as_thick_as_they_should_be(thick: int) -> None:
    picture, sizes = page(2000, 1500, thick), []

    def look(seen: np.ndarray) -> tuple[list[Line], list[Character]]:
        sizes.append(seen.shape)
        rows, columns = np.nonzero(seen < 128)
        return [], [Character("", Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1), 0.9)]

    lines = find_lines(picture, Eye())
    (found,) = find_characters(picture, look, lines)
    assert sizes == [
        (pytest.approx(2000 * min(1, LARGE / thick), rel=0.1), pytest.approx(1500 * min(1, LARGE / thick), rel=0.1))
    ]
    assert found.box.iou(Box(150, 666, 1350, 666 + thick)) > 0.85 and found.confidence == 0.9


@pytest.mark.parametrize(("thick", "scales"), [(16, (1, 1.5)), (32, (1, 1.25)), (44, (1,))])
def test_columns_are_looked_at_closely_and_parted_by_the_characters_seen_there(
    thick: int, scales: tuple[float, ...]
) -> None:
    sizes: list[int] = []

    def look(seen: np.ndarray) -> tuple[list[Line], list[Character]]:
        sizes.append(len(seen))
        size = len(seen) / 1000
        column = Line(Box(400, 100, 400 + thick, 900).scaled(size), "vertical")
        half = thick / 2
        pair = [Character("", Box(x, 500, x + 0.8 * half, 500 + half).scaled(size)) for x in (400, 400 + half)]
        return [column], [Character("", Box(400, 200, 400 + thick, 200 + thick).scaled(size)), *pair]

    lines = find_lines(np.full((1000, 800), 255, np.uint8), look)
    assert sizes == [pytest.approx(1000 * scale, abs=1) for scale in scales]
    assert [round(line.box.top) for line in lines] == [100, 500, 500]
    assert lines[1].box.left > lines[2].box.left


def test_a_wider_line_stays_on_the_page() -> None:
    line = Line(Box(0, 0, 100, 20), "horizontal", polygon=((0, 0), (100, 0), (100, 20), (0, 20)))
    assert thickness(line) == 20
    wider = widened(line, 0.1, 100, 200)
    assert wider.box == Box(0, 0, 100, 22)
    assert wider.polygon == ((0, 0), (100, 0), (100, 22), (0, 22))
