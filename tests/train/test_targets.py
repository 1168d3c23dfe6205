"""What a detector should say of a page gives back that page, in whatever square of it and at whatever scale."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.model.maps import LENGTHS, LIKELIHOODS, STRIDE, UNIT
from tenarai.page.layout import Box, Character, Direction, Line, Page, Region
from tenarai.page.proposal import Maps, matches, propose_characters, propose_lines
from tenarai.train.targets import LEGIBLE, Targets, targets


def one_page(lines: list[Line]) -> Page:
    return Page(800, 800, (Region(Box(0, 0, 800, 800), tuple(lines)),))


def seen(made: Targets) -> Maps:
    lengths = UNIT * np.exp(made.lengths)
    return Maps(
        **dict(zip(LIKELIHOODS, made.likely, strict=True)), **dict(zip(LENGTHS, lengths, strict=True)), stride=STRIDE
    )


@settings(max_examples=30)
@given(st.integers(2, 8), st.integers(16, 40), st.floats(0.5, 1.5), st.sampled_from(["horizontal", "vertical"]))
def test_lines_come_back(count: int, thick: int, scale: float, direction: Direction) -> None:
    boxes = [Box(60, 40 + 80 * i, 700, 40 + 80 * i + thick) for i in range(count)]
    if direction == "vertical":
        boxes = [Box(b.top, b.left, b.bottom, b.right) for b in boxes]
    made = targets(one_page([Line(box, direction) for box in boxes]), scale, 0, 0, 1216)
    lines = propose_lines(seen(made))
    assert {line.direction for line in lines} == {direction}
    assert len(matches([line.box for line in lines], [box.scaled(scale) for box in boxes], 0.75)) == count == len(lines)


def test_a_square_of_the_page_has_its_own_places() -> None:
    line = Line(Box(300, 400, 600, 430), "horizontal")
    made = targets(one_page([line]), 1.0, 200, 300, 512)
    (found,) = propose_lines(seen(made))
    assert found.box.iou(Box(100, 100, 400, 130)) > 0.8
    assert not targets(one_page([line]), 1.0, 0, 0, 256).likely.any()


def test_a_slanted_outline_is_followed() -> None:
    polygon = ((50.0, 100.0), (650.0, 190.0), (650.0, 220.0), (50.0, 130.0))
    made = targets(one_page([Line(Box(50, 100, 650, 220), "horizontal", polygon=polygon)]), 1.0, 0, 0, 800)
    (found,) = propose_lines(seen(made))
    outline = np.array(found.polygon)
    half = len(outline) // 2
    across = outline[half:][::-1][:, 1] - outline[:half, 1]
    np.testing.assert_allclose(across, 30, atol=5)


def test_characters_come_back_and_latin_letters_are_none() -> None:
    characters = [Character(c, Box(100 + 40 * i, 100, 130 + 40 * i, 134)) for i, c in enumerate("手習a字")]
    line = Line(Box(100, 100, 250, 134), "horizontal", "手習a字", characters=tuple(characters))
    found = propose_characters(seen(targets(one_page([line]), 1.0, 0, 0, 512)))
    wanted = [c.box for c in characters if c.text != "a"]
    assert len(matches([c.box for c in found], wanted, 0.7)) == len(found) == 3


def test_what_is_too_thin_to_see_is_not_asked_for() -> None:
    made = targets(one_page([Line(Box(100, 100, 500, 100 + LEGIBLE - 2), "horizontal")]), 1.0, 0, 0, 512)
    assert not made.likely.any() and not made.told.any()
