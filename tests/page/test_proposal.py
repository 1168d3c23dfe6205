"""Maps as a perfect detector gives them become the lines and characters that they were made of."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tenarai.page.layout import Box, Line
from tenarai.page.proposal import Maps, matches, propose_characters, propose_lines, suppressed, without_crossings

STRIDE = 4
SIDE = 400  # pixels


def blank() -> dict[str, np.ndarray]:
    names = ("horizontal", "vertical", "character", "before", "after", "width", "height")
    return {name: np.zeros((SIDE // STRIDE, SIDE // STRIDE), np.float32) for name in names}


def draw(
    maps: dict[str, np.ndarray], left: float, right: float, middle: float, thick: float, slope: float = 0.0
) -> None:
    """A horizontal line as the detector should see it: its middle, and at each place of it the way to its edges."""
    for column in range(int((left + 0.3 * thick) / STRIDE), int((right - 0.3 * thick) / STRIDE)):
        x = (column + 0.5) * STRIDE
        centre = middle + slope * (x - left)
        for row in range(SIDE // STRIDE):
            y = (row + 0.5) * STRIDE
            if abs(y - centre) <= max(0.2 * thick, 2.2):
                maps["horizontal"][row, column] = 0.9
                maps["before"][row, column] = y - (centre - thick / 2)
                maps["after"][row, column] = (centre + thick / 2) - y


def test_rows_close_to_each_other_stay_apart() -> None:
    maps = blank()
    for middle in (40, 66, 92):
        draw(maps, 30, 350, middle, 22)
    lines = propose_lines(Maps(**maps, stride=STRIDE))
    assert [line.direction for line in lines] == ["horizontal"] * 3
    found = [line.box for line in lines]
    assert len(matches(found, [Box(30, m - 11, 350, m + 11) for m in (40, 66, 92)], 0.8)) == 3


def test_a_slanted_line_keeps_its_outline() -> None:
    maps = blank()
    draw(maps, 20, 380, 60, 24, slope=0.15)
    (line,) = propose_lines(Maps(**maps, stride=STRIDE))
    outline = np.array(line.polygon)
    upper, lower = outline[: len(outline) // 2], outline[len(outline) // 2 :][::-1]
    np.testing.assert_allclose(lower[:, 1] - upper[:, 1], 24, atol=2)
    rise = np.polyfit(upper[:, 0], upper[:, 1], 1)[0]
    assert abs(rise - 0.15) < 0.02
    assert line.box.height > 60


def test_a_line_broken_by_a_narrow_gap_is_one_and_by_a_wide_gap_two() -> None:
    for gap, count in ((6, 1), (60, 2)):
        maps = blank()
        draw(maps, 20, 180, 100, 24)
        draw(maps, 180 + gap, 380, 100, 24)
        assert len(propose_lines(Maps(**maps, stride=STRIDE))) == count


def test_columns_are_rows_of_the_turned_page() -> None:
    maps = blank()
    draw(maps, 40, 340, 120, 30)
    maps["vertical"], maps["horizontal"] = maps["horizontal"].T.copy(), maps["vertical"]
    maps["before"], maps["after"] = maps["before"].T.copy(), maps["after"].T.copy()
    (line,) = propose_lines(Maps(**maps, stride=STRIDE))
    assert line.direction == "vertical"
    assert line.box.iou(Box(105, 40, 135, 340)) > 0.85


@given(
    st.lists(st.integers(40, 360), min_size=1, max_size=5, unique=True),
    st.integers(12, 24),
    st.integers(20, 120),
    st.integers(200, 380),
)
def test_every_row_of_any_page_is_found(middles: list[int], thick: int, left: int, right: int) -> None:
    middles = [m for i, m in enumerate(sorted(middles)) if all(m - o >= 2 * thick for o in sorted(middles)[:i])]
    maps = blank()
    for middle in middles:
        draw(maps, left, right, middle, thick)
    found = [line.box for line in propose_lines(Maps(**maps, stride=STRIDE))]
    wanted = [Box(left, m - thick / 2, right, m + thick / 2) for m in middles]
    assert len(found) == len(wanted)
    assert len(matches(found, wanted, 0.7)) == len(wanted)


def test_of_two_directions_in_one_place_the_larger_line_stays() -> None:
    row = Line(Box(0, 0, 100, 20), "horizontal")
    column = Line(Box(40, 0, 60, 20), "vertical")
    apart = Line(Box(200, 0, 220, 90), "vertical")
    assert without_crossings([column, row, apart]) == [row, apart]
    rows = [Line(Box(0, 30 * i, 300, 30 * i + 20), "horizontal") for i in range(3)]
    assert without_crossings([*rows, Line(Box(40, 10, 60, 55), "vertical")]) == rows


def test_characters_are_peaks() -> None:
    maps = blank()
    for row, column in ((10, 10), (10, 20), (40, 60)):
        maps["character"][row - 1 : row + 2, column - 1 : column + 2] = 0.5
        maps["character"][row, column] = 0.9
        maps["width"][row, column], maps["height"][row, column] = 30, 36
    found = propose_characters(Maps(**maps, stride=STRIDE))
    wanted = [
        Box(x * 4 + 2 - 15, y * 4 + 2 - 18, x * 4 + 2 + 15, y * 4 + 2 + 18) for y, x in ((10, 10), (10, 20), (40, 60))
    ]
    assert len(matches([c.box for c in found], wanted, 0.95)) == len(found) == 3
    assert all(c.confidence is not None and c.confidence > 0.8 for c in found)


def test_suppression_keeps_the_likeliest_of_each_place() -> None:
    boxes = np.array([(0, 0, 10, 10), (1, 0, 11, 10), (30, 0, 40, 10), (0, 20, 10, 30)], float)
    assert suppressed(boxes, np.array([0.5, 0.9, 0.4, 0.6]), 0.4) == [1, 3, 2]
    assert suppressed(boxes, np.array([0.5, 0.9, 0.4, 0.6]), 0.95) == [1, 3, 0, 2]
    assert suppressed(np.zeros((0, 4)), np.zeros(0), 0.5) == []


def test_matches_use_each_box_once() -> None:
    one = Box(0, 0, 10, 10)
    assert matches([one, one], [one]) in ([(0, 0)], [(1, 0)])
    assert matches([Box(0, 0, 10, 10)], [Box(0, 0, 10, 4)]) == []
