"""Which way up a page is: by readings whose confidence is told here."""

import numpy as np
import pytest

from tenarai.page.layout import Box, Character, Direction, Line
from tenarai.page.turn import DOUBTFUL, SAMPLE, Turn, largest, likely_turn, sureness, turned_right

UPRIGHT = np.arange(6, dtype=np.uint8).reshape(2, 3)


def line(
    confidence: float | None,
    characters: int = 4,
    width: float = 100,
    text: str = "",
    direction: Direction = "horizontal",
) -> Line:
    box = Box(0, 0, width, 20)
    return Line(box, direction, text, confidence, tuple(Character("あ", box, confidence) for _ in range(characters)))


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_is_turned_to_the_way_it_is_read_surest(turn: Turn) -> None:
    lying = np.ascontiguousarray(np.rot90(UPRIGHT, turn // 90))

    def read(page: np.ndarray) -> list[Line]:
        return [line(0.9 if np.array_equal(page, UPRIGHT) else 0.4)]

    assert likely_turn(lying, read) == turn
    np.testing.assert_array_equal(turned_right(lying, turn), UPRIGHT)


@pytest.mark.parametrize("upright", [0.45, 0.64])
def test_a_hard_hand_is_not_turned_for_a_little_more(upright: float) -> None:
    def read(page: np.ndarray) -> list[Line]:
        return [line(upright if np.array_equal(page, UPRIGHT) else upright + 0.1)]

    assert likely_turn(UPRIGHT, read) == 0


@pytest.mark.parametrize(("text", "expected"), [("a letter", 90), ("手紙です", 180)])
def test_of_two_ways_that_are_read_alike_the_one_that_is_written(text: str, expected: Turn) -> None:
    """A quarter turn reads rows as columns, as surely."""
    lying = np.ascontiguousarray(np.rot90(UPRIGHT, 1))
    ways: dict[bytes, tuple[float, Direction]] = {
        turned_right(lying, 90).tobytes(): (0.9, "horizontal"),
        turned_right(lying, 180).tobytes(): (0.92, "vertical"),
    }

    def read(page: np.ndarray) -> list[Line]:
        confidence, direction = ways.get(page.tobytes(), (0.3, "horizontal"))
        return [line(confidence, text=text, direction=direction)]

    assert likely_turn(lying, read) == expected


def test_what_is_read_well_is_read_once() -> None:
    seen = []

    def read(page: np.ndarray) -> list[Line]:
        seen.append(page)
        return [line(DOUBTFUL)]

    assert likely_turn(UPRIGHT, read) == 0 and len(seen) == 1


def test_lines_count_by_their_characters() -> None:
    assert sureness([line(1.0, 3), line(0.2, 1), line(None)]) == pytest.approx(0.8)
    assert sureness([]) is None and sureness([line(None)]) is None


def test_a_page_is_judged_by_its_largest_lines() -> None:
    lines = [line(0.5, width=width) for width in range(10, 10 + 3 * SAMPLE)]
    assert [one.box.width for one in largest(lines)] == sorted((one.box.width for one in lines), reverse=True)[:SAMPLE]
